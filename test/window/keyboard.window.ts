/**
 * A whole session without a mouse, on the real engine with real receivers: from first launch to an exported record. Keys
 * go to the page and, where the system's own dialog is open, to the X server.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BenchWindow, launch } from './app.ts'
import { arrowTo, tabTo } from './keyboard.ts'
import { type ReceiverProcess, startReceiver } from './receivers.ts'
import { savedBy } from './saved.ts'
import { isOnScreen, pressKeys } from './x11.ts'

let bench: BenchWindow
let directory = ''
let receivers: ReceiverProcess[] = []
beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'benchcast-keys-'))
  bench = await launch({ directory, size: [1280, 720] })
})
afterEach(async () => {
  await Promise.all(receivers.map(receiver => receiver.stop()))
  receivers = []
  await bench.close()
  rmSync(directory, { recursive: true, force: true })
})

test('first launch, image, card, limit, start, a machine dropped and retried, the green end, the record: keys alone', async () => {
  const { page } = bench
  const { keyboard } = page
  const name = `keys-${randomBytes(4).toString('hex')}`
  const content = randomBytes(4 * 2 ** 20)
  writeFileSync(path.join(directory, `${name}.img`), content)
  const big = (text: string | RegExp): Promise<void> =>
    page.getByTestId('big-button').filter({ hasText: text }).waitFor()
  const go = async (to: RegExp, key = 'Enter'): Promise<void> => {
    await tabTo(page, to)
    await keyboard.press(key)
  }

  await big('Add an image first')
  await go(/^Files…/)
  await expect.poll(() => isOnScreen('Open Files'), { timeout: 10_000 }).toBe(true)
  // The system's dialog takes a path that is typed.
  await pressKeys('Open Files', [path.join(directory, `${name}.img`), 'Return'])
  await page.getByText('Imported', { exact: true }).waitFor()
  await page.getByRole('button', { name: new RegExp(`^${name}`), pressed: true }).waitFor()

  await go(/^(Network card|Choose a network card)/)
  await arrowTo(page, /^lo\b/)
  await keyboard.press('Enter')
  await go(/^Options/)
  await tabTo(page, /^Send at most/)
  await keyboard.type('8')
  await keyboard.press('Enter')
  await go(/^Done/)
  await go(/^Open the bench on lo/)
  await page.getByRole('heading', { name: /^Bench open for/ }).waitFor()
  for (const number of [1, 2]) {
    receivers.push(startReceiver(path.join(directory, `disk-${number}.img`), name))
  }
  await big('Start for 2 machines')
  await go(/^Start for 2 machines/, 'Space')
  await big('Pause sending')
  await go(/^Pause sending/)
  await big('Go on sending')
  await go(/^Machine 1 ,/)
  await page.getByRole('dialog', { name: 'Machine 1' }).waitFor()
  await go(/^Drop from the session/)
  await page.locator('[data-state-name="dropped"]').waitFor()
  await go(/^Retry/)
  await page.locator('[data-state-name="dropped"]').waitFor({ state: 'detached' })
  await keyboard.press('Escape')
  // Back on the tile, not lost at the top of the page.
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.textContent))
    .toMatch(/^Machine 1, /)
  await go(/^Go on sending/)
  await big('Clear the bench')
  await page.getByRole('status').filter({ hasText: '2 of 2 machines verified' }).waitFor()
  expect(await page.locator('[data-state-name="done"][data-tone="done"]').count()).toBe(2)
  await bench.picture('keyboard-end')
  for (const receiver of receivers) {
    expect(await receiver.ended, receiver.output()).toBe(0)
    expect(readFileSync(receiver.target).equals(content)).toBe(true)
  }

  await go(/^Record/)
  await page.getByRole('heading', { name }).waitFor()
  await tabTo(page, /^Export CSV/)
  const csv = await savedBy(bench, () => keyboard.press('Enter'))
  for (const { target } of receivers) expect(csv).toContain(`${target},verified,`)
})
