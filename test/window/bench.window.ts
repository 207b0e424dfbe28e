/** The whole way in the real window: real files dropped, the real engine, real receiver processes on loopback. */
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BenchWindow, launch } from './app.ts'
import { planLimit } from './planLimit.ts'
import { type ReceiverProcess, startReceiver } from './receivers.ts'

const MIB = 2 ** 20

let bench: BenchWindow
let receivers: ReceiverProcess[] = []
/** Unique: other tests on this computer announce on the same loopback. */
let name = ''

beforeEach(async () => {
  name = `window-${randomBytes(4).toString('hex')}`
  bench = await launch()
})
afterEach(async () => {
  await Promise.all(receivers.map(receiver => receiver.stop()))
  receivers = []
  await bench.close()
})

const button = (label: string | RegExp) => bench.page.getByRole('button', { name: label })
const big = () => bench.page.getByTestId('big-button')

/** Makes an image, drops it and waits until the catalog shows it. Answers its content. */
async function dropImage(sizeBytes: number): Promise<Buffer> {
  const content = randomBytes(sizeBytes)
  const file = path.join(bench.directory, `${name}.img`)
  await writeFile(file, content)
  await bench.drop('aside', [file])
  await bench.page.getByText('Imported', { exact: true }).waitFor()
  await bench.page.getByRole('list', { name: 'Images', exact: true }).getByText(name).waitFor()
  return content
}

async function openBench(limitMbit: number | null): Promise<void> {
  await button(/^Network card|^Choose a network card/).click()
  await bench.page.getByRole('menuitemradio', { name: /^lo\b/ }).click()
  if (limitMbit !== null) await planLimit(bench.page, limitMbit)
  await big().click()
  await bench.page.getByRole('heading', { name: /^Bench open for/ }).waitFor()
}

async function setLimit(mbit: number): Promise<void> {
  await button(/^(No speed limit|At most)/).click()
  await bench.page.getByLabel('Send at most').fill(String(mbit))
  await button('Set the limit').click()
}

function join(count: number): void {
  for (let at = 1; at <= count; at++) {
    receivers.push(startReceiver(path.join(bench.directory, `disk-${at}.img`), name))
  }
}

async function expectVerified(content: Buffer): Promise<void> {
  const codes = await Promise.all(receivers.map(receiver => receiver.ended))
  expect(codes, receivers.map(receiver => receiver.output()).join('\n')).toEqual(codes.map(() => 0))
  const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
  for (const { target } of receivers) expect(hash(await readFile(target))).toBe(hash(content))
}

test('a dropped file is imported, chosen, and the same file again is said to be there already', async () => {
  await bench.page.getByText('Add an image first').waitFor()
  await dropImage(3 * MIB)
  expect(await button(new RegExp(`^${name}`)).getAttribute('aria-pressed')).toBe('true')
  await bench.drop('main', [path.join(bench.directory, `${name}.img`)])
  await bench.page.getByText('Already in the catalog as').waitFor()
  await bench.picture('real-imported')
})

test('an import shows how far it is, the next waits for its turn, and a cancelled one leaves nothing', async () => {
  const { page } = bench
  const file = (name: string): string => path.join(bench.directory, name)
  await writeFile(file('part.img'), randomBytes(3 * MIB))
  execFileSync('bzip2', [file('part.img')])
  // Parts one after another are one file, which takes as long to unpack as one can look at.
  const part = await readFile(file('part.img.bz2'))
  await writeFile(file('packed.img.bz2'), Buffer.concat(Array.from({ length: 12 }, () => part)))
  await writeFile(file('next.img'), randomBytes(MIB))
  await bench.drop('aside', [file('packed.img.bz2'), file('next.img')])
  const imports = page.getByRole('list', { name: 'Imports and checks' }).getByRole('listitem')
  const packed = imports.filter({ hasText: 'packed.img.bz2' })
  await packed.getByText(/^Importing · .+ of 36\S* MiB · /).waitFor()
  await packed.getByRole('progressbar').waitFor()
  await imports.filter({ hasText: 'next.img' }).getByText('Waiting for its turn').waitFor()
  await bench.picture('real-importing')
  await button('Cancel packed.img.bz2').click()
  await packed.getByText('Cancelled, nothing was kept').waitFor()
  await imports.filter({ hasText: 'next.img' }).getByText('Imported', { exact: true }).waitFor()
  const images = page.getByRole('list', { name: 'Images', exact: true }).getByRole('listitem')
  expect(await images.allInnerTexts()).toEqual([expect.stringMatching(/^next/)])
})

test('a dropped folder brings in the images inside, and a corrupt one is refused with file and cause', async () => {
  const folder = path.join(bench.directory, 'images')
  execFileSync('mkdir', [folder])
  await writeFile(path.join(folder, 'good.img'), randomBytes(MIB))
  execFileSync('gzip', ['-k', path.join(folder, 'good.img')])
  const archive = await readFile(path.join(folder, 'good.img.gz'))
  await writeFile(path.join(folder, 'cut.img.gz'), archive.subarray(0, archive.length / 2))
  execFileSync('rm', [path.join(folder, 'good.img.gz')])
  await bench.drop('aside', [folder])
  await bench.page.getByText('Imported', { exact: true }).waitFor()
  const refused = bench.page.getByRole('listitem').filter({ hasText: 'cut.img.gz' })
  await refused.getByRole('button', { name: 'Retry cut.img.gz' }).waitFor()
  expect(await refused.innerText()).toMatch(/cut\.img\.gz[\s\S]*\bends?\b/)
  expect(
    await bench.page.getByRole('list', { name: 'Images', exact: true }).innerText(),
  ).not.toContain('cut')
  await bench.picture('real-refused')
})

test('rename, notes and removal reach the catalog', async () => {
  await dropImage(MIB)
  await button(`Actions for ${name}`).click()
  await bench.page.getByRole('menuitem', { name: 'Name, notes and delivery' }).click()
  await bench.page.getByLabel('Name', { exact: true }).fill('Room 12')
  await bench.page.getByLabel('Notes', { exact: true }).fill('for the autumn course')
  await button('Save').click()
  await bench.page.getByText('for the autumn course').waitFor()
  await button('Actions for Room 12').click()
  await bench.page.getByRole('menuitem', { name: 'Remove' }).click()
  await button('Remove the image').click()
  await bench.page.getByText('Room 12', { exact: true }).waitFor({ state: 'detached' })
  await bench.page.getByText('Add an image first').waitFor()
})

test('three real receivers are imaged, every disk ends equal, and the end is green', async () => {
  const content = await dropImage(12 * MIB)
  await openBench(40)
  join(3)
  await bench.page.getByText('Start for 3 machines').waitFor()
  await bench.picture('real-waiting')
  await big().click()
  await bench.page.getByText('Pause sending').waitFor()
  await bench.page.locator('[data-state-name="receiving"]').first().waitFor()
  await bench.picture('real-running')
  await bench.page.getByText('3 of 3 machines verified').first().waitFor({ timeout: 60_000 })
  await expectVerified(content)
  await bench.page.getByText('Clear the bench').waitFor()
  expect(await bench.page.locator('[data-state-name="done"][data-tone="done"]').count()).toBe(3)
  await bench.picture('real-done')
  await big().click()
  await bench.page.getByText('Open the bench on lo').waitFor()
})

test('pausing stops the sending, a dropped machine is out, and stopping asks first', async () => {
  await dropImage(16 * MIB)
  await openBench(8)
  join(2)
  await bench.page.getByText('Start for 2 machines').waitFor()
  await big().click()
  await bench.page.getByText('Pause sending').waitFor()
  await big().click()
  await bench.page.getByText('Go on sending').waitFor()
  await bench.page.locator('[data-state-name]').first().click()
  await button('Drop from the session').click()
  await bench.page.locator('[data-state-name="dropped"]').waitFor()
  await bench.page.keyboard.press('Escape')
  await big().click()
  await bench.page.getByText('Pause sending').waitFor()
  await setLimit(9)
  await button('At most 9 Mbit/s').waitFor()
  await button('Stop').click()
  await button('Stop the session').click()
  await bench.page.getByText('0 of 2 machines verified').first().waitFor()
  await bench.picture('real-stopped')
})

test('the engine killed in the middle: the window says so, goes on when asked, and all disks end equal', async () => {
  const content = await dropImage(12 * MIB)
  await openBench(16)
  join(2)
  await bench.page.getByText('Start for 2 machines').waitFor()
  await big().click()
  await bench.page.locator('[data-state-name="receiving"]').first().waitFor()
  await bench.page.waitForTimeout(1500)
  process.kill(bench.enginePid(), 'SIGKILL')
  await bench.page.getByText(`Session ${name} was interrupted`).waitFor()
  await bench.page.getByText('The engine stopped and was started again').waitFor()
  await bench.picture('real-interrupted')
  await bench.page.getByRole('button', { name: 'Go on', exact: true }).click()
  await bench.page.getByText('2 of 2 machines verified').first().waitFor({ timeout: 90_000 })
  await expectVerified(content)
  await bench.picture('real-healed')
})

test('a rehearsal needs nothing but a click and ends verified', async () => {
  await button('Rehearse with 8 virtual machines').click()
  await bench.page.getByText('Pause sending').waitFor({ timeout: 60_000 })
  const done = bench.page.getByRole('region', { name: 'Session' }).locator('dd').first()
  await done.filter({ hasText: /^[4-6]\d %$/ }).waitFor()
  await bench.picture('real-rehearsal')
  await bench.page.getByText('8 of 8 machines verified').first().waitFor({ timeout: 110_000 })
  await bench.picture('real-rehearsed')
})
