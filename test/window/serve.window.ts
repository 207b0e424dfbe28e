/** The dashboard in Chromium against the real engine: who gets in, what several viewers see, and what a cut costs. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openBrowser, serve, type Serving } from './browser.ts'
import { planLimit } from './planLimit.ts'
import { type ReceiverProcess, startReceiver } from './receivers.ts'
import { mountSmallDisk, type SmallDisk } from './smallDisk.ts'

let browser: Browser
let directory = ''
let serving: Serving
let receivers: ReceiverProcess[] = []
let name = ''
let disk: SmallDisk

beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())
beforeEach(async () => {
  name = `serve-${randomBytes(4).toString('hex')}`
  directory = await mkdtemp(path.join(tmpdir(), 'benchcast-dashboard-'))
  disk = mountSmallDisk(path.join(directory, 'small'), 8 * 2 ** 20)
  serving = await serve(path.join(directory, 'catalog'))
})
afterEach(async () => {
  await Promise.all(receivers.map(receiver => receiver.stop()))
  receivers = []
  await Promise.all(browser.contexts().map(context => context.close()))
  await serving.stop()
  disk.unmount()
  await rm(directory, { recursive: true, force: true })
})

/** Each viewer has a browser profile of its own. */
async function view(url: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 } })
  const page = await context.newPage()
  await page.goto(url)
  return page
}

const CONNECTED = 'Add an image first'
const LOST = 'The connection to Benchcast was lost'
const BACK = 'The connection to Benchcast is back'

/** Imports by the path dialog, as in a browser a dropped file has none. */
async function importImage(page: Page, sizeBytes: number): Promise<Buffer> {
  const content = randomBytes(sizeBytes)
  const file = path.join(directory, `${name}.img`)
  await writeFile(file, content)
  await page.getByRole('button', { name: 'Path on this computer…' }).click()
  await page.getByRole('dialog').getByRole('textbox').fill(file)
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await page.getByText('Imported', { exact: true }).waitFor()
  return content
}

test('two viewers see one session alike: waiting, running, slow, failed, paused, over a cut connection, to its end', async () => {
  const [one, other] = await Promise.all([view(serving.url), view(serving.url)])
  const both = [one, other]
  const onBoth = (text: string | RegExp): Promise<unknown> =>
    Promise.all(both.map(page => page.getByText(text).first().waitFor()))
  const tile = (page: Page, target: string) =>
    page.locator('[data-state-name]').filter({ hasText: target })
  await onBoth(CONNECTED)
  const content = await importImage(one, 6 * 2 ** 20)
  await other.getByRole('list', { name: 'Images', exact: true }).getByText(name).waitFor()
  await planLimit(one, 8)
  await one.getByTestId('big-button').click()
  await onBoth(/^Bench open for/)

  const path1 = path.join(directory, 'disk-1.img')
  receivers = [
    startReceiver(path1, name),
    startReceiver(path.join(directory, 'disk-2.img'), name, ['--throttle', '3mbit']),
    startReceiver(path.join(directory, 'small', 'disk-3.img'), name),
  ]
  await onBoth('Start for 3 machines')
  disk.fill()
  await other.getByTestId('big-button').click()
  await onBoth('Pause sending')
  await Promise.all(
    both.flatMap(page => [
      tile(page, 'disk-2.img')
        .getByText(/slow disk/i)
        .waitFor(),
      tile(page, 'disk-3.img').and(page.locator('[data-state-name="failed"]')).waitFor(),
    ]),
  )
  await one.getByTestId('big-button').click()
  await onBoth('Go on sending')
  const words = (page: Page): Promise<string> => page.locator('main').innerText()
  const areAlike = async (): Promise<boolean> => (await words(one)) === (await words(other))
  await expect.poll(areAlike, { timeout: 10_000 }).toBe(true)
  expect(await words(one)).toContain('no space is left on it')
  await one.screenshot({ path: 'test-results/window/serve-paused.png' })

  cutConnections(serving.port)
  await onBoth(BACK)
  await one.getByRole('button', { name: 'Close this message' }).click()
  await one.getByText(BACK).waitFor({ state: 'detached' })
  await other.getByTestId('big-button').click()
  await onBoth('Pause sending')
  await one.getByRole('button', { name: 'At most 8 Mbit/s' }).click()
  await one.getByRole('button', { name: 'No limit' }).click()
  await onBoth('Clear the bench')
  for (const page of both) {
    const end = page.getByRole('status').filter({ hasText: '2 of 3 machines verified' })
    expect(await end.getAttribute('data-tone')).toBe('bad')
    expect(await page.locator('[data-state-name="done"][data-tone="done"]').count()).toBe(2)
  }
  expect(await receivers[0]?.ended).toBe(0)
  expect((await readFile(path1)).equals(content)).toBe(true)
  await one.getByTestId('big-button').click()
  await other.getByText('Open the bench on lo').waitFor()
})

test('a wrong token or none opens nothing, and the page says what to do', async () => {
  const wrong = serving.url.replace(/token=.*/, `token=${'0'.repeat(32)}`)
  for (const url of [wrong, serving.url.replace(/#.*/, '')]) {
    const page = await view(url)
    await page.getByText('This link does not open the bench').waitFor()
    expect(await page.getByText(CONNECTED).count()).toBe(0)
  }
})

test('the token is out of sight at once, and a reload still works', async () => {
  const page = await view(serving.url)
  await page.getByText(CONNECTED).waitFor()
  expect(page.url()).toBe(`http://127.0.0.1:${serving.port}/`)
  await page.reload()
  await page.getByText(CONNECTED).waitFor()
})

test('a page from elsewhere gets no connection, though it knew the token', async () => {
  const token = new URL(serving.url).hash.replace('#token=', '')
  const page = await view(serving.url)
  await page.goto('about:blank')
  const opened = await page.evaluate(
    ([url, secret]) =>
      new Promise<string>(resolve => {
        const socket = new WebSocket(url ?? '', ['benchcast', `token.${secret}`])
        socket.addEventListener('open', () => resolve('open'))
        socket.addEventListener('error', () => resolve('refused'))
      }),
    [`ws://127.0.0.1:${serving.port}/engine`, token],
  )
  expect(opened).toBe('refused')
})

test('it listens on loopback alone', async () => {
  const addresses = Object.values(networkInterfaces())
    .flat()
    .filter(one => one?.family === 'IPv4' && !one.internal)
  for (const one of addresses) {
    expect(await reaches(one?.address ?? '', serving.port)).toBe(false)
  }
  expect(await reaches('127.0.0.1', serving.port)).toBe(true)
})

test('the server killed shows at once on every viewer; started again, all are back with the same link', async () => {
  const pages = await Promise.all([view(serving.url), view(serving.url)])
  await Promise.all(pages.map(page => page.getByText(CONNECTED).waitFor()))
  const killedAtMs = Date.now()
  await serving.stop('SIGKILL')
  await Promise.all(pages.map(page => page.getByText(LOST).waitFor()))
  expect(Date.now() - killedAtMs).toBeLessThan(2000)
  const next = await serve(path.join(directory, 'catalog'), serving.port)
  expect(next.url).toBe(serving.url)
  serving = next
  await Promise.all(pages.map(page => page.getByText(BACK).waitFor({ timeout: 10_000 })))
})

/** Both ends of every connection to that port are reset, as by a firewall that forgot them. */
function cutConnections(port: number): void {
  execFileSync('ss', ['-K', 'dst', '127.0.0.1', 'dport', '=', String(port)], { stdio: 'ignore' })
}

function reaches(address: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection({ host: address, port })
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })
}
