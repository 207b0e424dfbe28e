/** What the real engine keeps for the window: settings, templates, the history; and the diagnostics it gathers. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { importImage } from '../netns/commands.ts'
import { type BenchWindow, launch } from './app.ts'
import { type ReceiverProcess, startReceiver } from './receivers.ts'
import { saved } from './saved.ts'

let directory: string
let bench: BenchWindow
let receiver: ReceiverProcess | null = null
/** Unique: other tests on this computer announce on the same loopback. */
let name: string

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'benchcast-records-'))
  name = `records-${randomBytes(4).toString('hex')}`
  writeFileSync(path.join(directory, `${name}.img`), randomBytes(2 ** 20))
  importImage(path.join(directory, 'catalog'), path.join(directory, `${name}.img`))
  bench = await launch({ directory })
  bench.page.setDefaultTimeout(15_000)
})
afterEach(async () => {
  await receiver?.stop()
  receiver = null
  await bench.close()
  rmSync(directory, { recursive: true, force: true })
})

const button = (label: string | RegExp) => bench.page.getByRole('button', { name: label })

async function openAgain(): Promise<void> {
  await bench.close()
  bench = await launch({ directory })
  bench.page.setDefaultTimeout(15_000)
}

async function chooseImageAndCard(): Promise<void> {
  await button(new RegExp(`^${name}`)).click()
  await button(/^(Network card|Choose a network card \d)/).click()
  await bench.page.getByRole('menuitemradio', { name: /^lo\b/ }).click()
}

test('a setting outlives the window, and what it begins a session with is used', async () => {
  await button('Settings').click()
  const limit = bench.page.getByRole('textbox', { name: 'Speed limit' })
  await limit.fill('300')
  await limit.press('Enter')
  await bench.page.getByRole('combobox', { name: 'Colours' }).selectOption('dark')
  await bench.page.locator('html[data-theme="dark"]').waitFor()
  await openAgain()
  await bench.page.locator('html[data-theme="dark"]').waitFor()
  await button(/^Options At most 300 Mbit/).waitFor()
  await chooseImageAndCard()
  await bench.page.getByTestId('big-button').click()
  await button('At most 300 Mbit/s').waitFor()
})

test('a template is kept over a restart and opened with one press; its session’s record is saved as a file', async () => {
  const { page } = bench
  await chooseImageAndCard()
  await button('Templates').click()
  await button('Save the present choice').click()
  await page.getByLabel('Name', { exact: true }).fill('Morning')
  await button('Save the template').click()
  await page.getByText('Template “Morning” is kept.').waitFor()
  await openAgain()
  await button('Templates').click()
  await button('Open Morning').click()
  await bench.page.getByRole('heading', { name: /^Bench open for/ }).waitFor()
  receiver = startReceiver(path.join(directory, 'disk.img'), name)
  await bench.page.getByText('Start for 1 machine').click()
  await bench.page.getByText('1 of 1 machine verified').first().waitFor({ timeout: 30_000 })
  expect(readFileSync(receiver.target).equals(readFileSync(`${directory}/${name}.img`))).toBe(true)

  await button('History').click()
  await bench.page.getByRole('list', { name: 'Sessions', exact: true }).getByRole('button').click()
  await bench.picture('real-record')
  const record = await saved(bench, 'Export CSV')
  expect(record).toContain(name)
  expect(record.split('\r\n').filter(Boolean)).toHaveLength(2)
  expect(JSON.parse(await saved(bench, 'Export JSON'))).toMatchObject({})
})

test('diagnostics are in the clipboard after one press, without keys', async () => {
  const { page } = bench
  await button('Settings').click()
  await button('Copy diagnostics').click()
  await page.getByText('Diagnostics are in the clipboard').waitFor()
  const search = page.getByLabel('Search settings')
  await search.focus()
  await page.keyboard.press('Control+V')
  const pasted = await search.inputValue()
  expect(pasted).toMatch(/Benchcast/i)
  expect(pasted).toMatch(/\blo\b/)
})
