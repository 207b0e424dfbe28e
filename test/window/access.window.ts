/** For everybody: axe-core finds nothing in any state, the keyboard alone is enough, and large text and phones work. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tabTo } from './keyboard.ts'
import { openScenes, type Scenes } from './scenes/scenes.ts'

let scenes: Scenes
beforeAll(async () => {
  scenes = await openScenes()
})
afterAll(() => scenes.close())

/** What axe-core has against the page in both themes, one line each. */
async function violations(page: Page): Promise<string[]> {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8')
  await page.evaluate(source)
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const result = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
      violations: { id: string; nodes: { html: string }[] }[]
    }
    for (const { id, nodes } of result.violations) {
      for (const { html } of nodes) found.push(`${colorScheme} ${id} ${html.slice(0, 200)}`)
    }
  }
  await page.emulateMedia({ colorScheme: 'light' })
  return found
}

type Step = (page: Page) => Promise<void>
const press =
  (name: RegExp): Step =>
  page =>
    page.getByRole('button', { name }).first().click()
const big: Step = page => page.getByTestId('big-button').click()
const tile: Step = page => page.locator('[data-state-name]').nth(2).click()
const focus: Step = page => page.locator('[data-state-name]').nth(2).focus()

const STATES: readonly (readonly [script: string, ...views: (readonly Step[])[]])[] = [
  ['empty', []],
  ['importing', []],
  ['images:12', []],
  [
    'ready',
    [],
    [press(/^Options/)],
    [press(/^Start By hand/)],
    [press(/^Start over network/)],
    [press(/^History$/)],
    [press(/^History$/), page => page.locator('main li button').nth(1).click()],
    [press(/^Settings$/)],
    [press(/^Settings$/), press(/^From Configuration Manager/)],
  ],
  ['waiting:0', []],
  ['booting:12', []],
  ['bench:5', [tile, press(/^Show its log/)]],
  ['asking:8', []],
  ['asking:64', [focus]],
  ['confirm:7', [], [big]],
  ['running:8', [], [tile]],
  ['slow:8', []],
  ['mixed:24', []],
  ['ill:8', []],
  ['running:200', []],
  ['interrupted:8', []],
  ['failed:8', []],
  ['done:8', []],
]

for (const [script, ...views] of STATES) {
  test(`axe-core finds nothing in ${script}, in either theme`, async () => {
    for (const steps of views) {
      const page = await scenes.show(script)
      for (const step of steps) await step(page)
      await page.waitForTimeout(300)
      expect(await violations(page)).toEqual([])
    }
  })
}

// A whole session by keyboard, on the real engine: keyboard.window.ts. Here, what that one has no disks for.
test('the keyboard alone confirms disks, lowers the count, starts, stops, clears the bench and opens the next', async () => {
  const page = await scenes.show('confirm:7')
  const { keyboard } = page
  const label = (text: string | RegExp): Promise<void> =>
    page.getByTestId('big-button').filter({ hasText: text }).waitFor()
  await label('Confirm: erase 7 disks')
  await tabTo(page, /^Confirm: erase/)
  await keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Erase 7 disks?' }).waitFor()
  await tabTo(page, /^Erase 7 disks/)
  await keyboard.press('Enter')
  await label('Waiting for 7 of 10: start now')
  // The rule says ten: seven will do.
  for (let wanted = 10; wanted > 7; wanted--) {
    await tabTo(page, /^Wait for one machine fewer/)
    await keyboard.press('Enter')
    await page.getByText(`Start at ${wanted - 1}`, { exact: true }).waitFor()
  }
  await tabTo(page, /^Start for 7 machines/)
  await keyboard.press('Space')
  await label('Pause sending')
  await tabTo(page, /^Machine 1 ,/)
  await keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Machine 1' }).waitFor()
  await keyboard.press('Escape')
  // The focus is back on the tile, not lost at the top of the page.
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.textContent))
    .toMatch(/^Machine 1, /)
  await tabTo(page, /^Stop$/)
  await keyboard.press('Enter')
  await tabTo(page, /^Stop the session/)
  await keyboard.press('Enter')
  await label(/^Run again for 7 machines/)
  await tabTo(page, /^Clear the bench/)
  await keyboard.press('Enter')
  await label('Choose an image first')
  await tabTo(page, /^Debian 13 workshop/)
  await keyboard.press('Enter')
  await tabTo(page, /^Network card/)
  await keyboard.press('Enter')
  await keyboard.press('Escape')
  await tabTo(page, /^Open the bench on enp0s31f6/)
  await keyboard.press('Enter')
  await label('Confirm: erase 7 disks')
})

test.each([
  ['waiting:24', 24],
  ['waiting:64', 10],
  ['waiting:200', 118],
] as const)(
  'before the start %s: tile %d has all of its disk for the keyboard and screen readers',
  async (script, number) => {
    const page = await scenes.show(script)
    const tiles = page.locator('[data-state-name]')
    const outside = await tiles.evaluateAll(linesOutside)
    expect(outside).toEqual([])
    await tiles.first().focus()
    for (let at = 1; at < number; at++) await page.keyboard.press('Tab')
    const tile = page.getByRole('button', { name: new RegExp(`^Machine ${number}, 238 G `) })
    const name = await tile.ariaSnapshot()
    const [, serial = 'none'] =
      /serial (\w{12})\. On it: ntfs "Windows"/.exec((await tile.getAttribute('title')) ?? '') ?? []
    expect(name).toContain(`${serial} Samsung PM981a Has Windows`)
    const tip = page.locator('main p', { hasText: serial })
    await tip.waitFor()
    const [tipBox, tileBox] = [await tip.boundingBox(), await tile.boundingBox()]
    expect(isInside(tipBox, page.viewportSize())).toBe(true)
    expect(isApart(tipBox, tileBox)).toBe(true)
    await scenes.bench.picture(`access-disk-${number}`)
    await page.keyboard.press('Escape')
    await tip.waitFor({ state: 'detached' })
  },
)

/** Texts that stick out of their tile. In the page. */
function linesOutside(tiles: readonly Element[]): string[] {
  return tiles.flatMap(tile => {
    const box = tile.getBoundingClientRect()
    const lines = [...tile.querySelectorAll('span')].filter(line => {
      const { top, bottom, left, right, width } = line.getBoundingClientRect()
      const isSeen = width > 0 && line.children.length === 0 && line.closest('bdi') === null
      const isIn = top >= box.top && bottom <= box.bottom && left >= box.left && right <= box.right
      return isSeen && !isIn
    })
    return lines.map(line => `${line.textContent} in ${tile.textContent}`)
  })
}

type Box = { x: number; y: number; width: number; height: number } | null

function isInside(box: Box, page: { width: number; height: number } | null): boolean {
  if (box === null || page === null) return false
  const { x, y, width, height } = box
  return x >= 0 && y >= 0 && x + width <= page.width && y + height <= page.height
}

function isApart(one: Box, other: Box): boolean {
  if (one === null || other === null) return false
  return one.y >= other.y + other.height || one.y + one.height <= other.y
}

/** Things wider than the page, which somebody would have to scroll sideways for. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)

test('at 200 % in a 1280x720 window everything is there and nothing is cut off sideways', async () => {
  const page = await scenes.show('running:8', [640, 360])
  expect(await overflow(page)).toBeLessThanOrEqual(0)
  await page.getByRole('button', { name: 'Stop' }).scrollIntoViewIfNeeded()
  await page.locator('[data-state-name]').last().scrollIntoViewIfNeeded()
  expect(await page.locator('[data-state-name]').last().isVisible()).toBe(true)
  expect(await page.getByTestId('big-button').isVisible()).toBe(true)
  expect(await violations(page)).toEqual([])
  await scenes.bench.picture('access-200-percent')
})

test('on a phone each page fits, and all 64 tiles can be scrolled to', async () => {
  const page = await scenes.show('running:64', [390, 844])
  for (const name of ['Images', 'History', 'Settings', 'Bench']) {
    await page.getByRole('button', { name, exact: true }).click()
    await page.waitForTimeout(300)
    expect(await overflow(page), name).toBeLessThanOrEqual(0)
    await scenes.bench.picture(`access-phone-${name.toLowerCase()}`)
    expect(await violations(page)).toEqual([])
  }
  for (let scrolls = 0; scrolls < 12; scrolls++) {
    await page.mouse.move(195, 400)
    await page.mouse.wheel(0, 600)
    await page.waitForTimeout(60)
  }
  await page.getByRole('button', { name: /^Machine 64\b/ }).waitFor()
})
