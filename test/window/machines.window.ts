/** Real machines in the real window: seen from their first packet on, approved, confirmed, written, run again. */
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeBootParts } from '../netns/bootParts.fixture.ts'
import { importImage, makeDirectory, writeImage } from '../netns/commands.ts'
import { type DiskMachine, isPattern, turnOnMachine } from '../netns/diskMachine.ts'
import { createLab, type Lab } from '../netns/harness.ts'
import { type BenchWindow, launch } from './app.ts'
import { engineIn } from './benchLab.ts'
import { saved } from './saved.ts'

const MIB = 2 ** 20
const IMAGE_BYTES = 24 * MIB
const WAIT = { timeout: 30_000, interval: 200 }

let directory: string
let lab: Lab
let bench: BenchWindow
let machines: DiskMachine[]

beforeEach(async () => {
  machines = []
  directory = makeDirectory()
  writeImage(path.join(directory, 'Room 12.img'), IMAGE_BYTES, 1)
  importImage(path.join(directory, 'catalog'), path.join(directory, 'Room 12.img'))
  writeBootParts(path.join(directory, 'parts'))
  lab = createLab({ hosts: 3 })
  const env = { ...engineIn(lab, directory), BENCHCAST_BOOT_PARTS: path.join(directory, 'parts') }
  bench = await launch({ directory, env, size: [1280, 720] })
  bench.page.setDefaultTimeout(15_000)
})
afterEach(async () => {
  await bench.close()
  lab.remove()
  for (const machine of machines) machine.detach()
  rmSync(directory, { recursive: true, force: true })
})

function turnOn(host: number, disks: Readonly<Record<string, number>>): DiskMachine {
  const machine = turnOnMachine(lab, directory, host, disks)
  machines.push(machine)
  return machine
}

const button = (label: string | RegExp) => bench.page.getByRole('button', { name: label })
const big = () => bench.page.getByTestId('big-button')
const inState = (state: string) => bench.page.locator(`[data-state-name="${state}"]`)

async function chooseCard(): Promise<void> {
  await button(/^Choose a network card \d/).click()
  await bench.page.getByRole('menuitemradio', { name: /^lan0\b/ }).click()
}

async function openBench(options: () => Promise<void>): Promise<void> {
  await button(/^Room 12/).click()
  await chooseCard()
  await button(/^Options/).click()
  await options()
  await button('Done').click()
  await big().click()
  await bench.page.getByRole('heading', { name: /^Bench open for/ }).waitFor()
}

function isImaged(file: string): boolean {
  const image = readFileSync(path.join(directory, 'Room 12.img'))
  return readFileSync(file).subarray(0, IMAGE_BYTES).equals(image)
}

function isUntouched(file: string): boolean {
  return isPattern(readFileSync(file).subarray(0, IMAGE_BYTES))
}

test('strangers ask and are approved, the wipe is confirmed with its count, and the record is saved as CSV', async () => {
  const { page } = bench
  await openBench(async () => {
    await page.getByLabel('The smallest', { exact: true }).check()
    await page.getByLabel('Others than the listed ask first').check()
  })
  const first = turnOn(1, { sda: 64 * MIB, sdb: 32 * MIB })
  await page.getByText('1 machine asks to take part').waitFor()
  const second = turnOn(2, { sda: 32 * MIB })
  await page.getByText('2 machines ask to take part').waitFor()
  await bench.picture('real-asking')
  await button('Approve all 2').click()
  await button('Confirm: erase 2 disks').click()
  const question = page.getByRole('dialog', { name: 'Erase 2 disks?' })
  expect(await question.getByRole('listitem').allInnerTexts()).toEqual([
    expect.stringContaining('serial-sdb'),
    expect.stringContaining('serial-sda'),
  ])
  await bench.picture('real-confirm')
  for (const machine of machines) {
    for (const file of Object.values(machine.files)) expect(isUntouched(file)).toBe(true)
  }
  await question.getByRole('button', { name: 'Erase 2 disks and start' }).click()
  await page.getByText('2 of 2 machines verified').first().waitFor({ timeout: 30_000 })
  expect(isImaged(first.files['sdb'] ?? '')).toBe(true)
  expect(isImaged(second.files['sda'] ?? '')).toBe(true)
  expect(isUntouched(first.files['sda'] ?? '')).toBe(true)

  await button('Record').click()
  await page.getByRole('heading', { name: 'Room 12' }).waitFor()
  await bench.picture('real-record')
  expect(await saved(bench, 'Export CSV')).toMatch(
    /machine1\/dev\/sdb,verified[^]*machine2\/dev\/sda,verified/,
  )
})

test('a disk is chosen by hand, the other is untouched, and what was not verified runs again', async () => {
  const { page } = bench
  await openBench(async () => {
    await page.getByLabel('By hand', { exact: true }).check()
  })
  const first = turnOn(1, { sda: 32 * MIB, sdb: 32 * MIB })
  await page.getByText('chooses the disk').first().waitFor()
  await page.locator('[data-state-name]').first().click()
  const disk = page.getByRole('dialog', { name: 'Machine 1' }).getByLabel('Disk sdb')
  await disk.click()
  await expect.poll(() => disk.isChecked()).toBe(true)
  await bench.picture('real-by-hand')
  await page.keyboard.press('Escape')
  const second = turnOn(2, { sda: 32 * MIB })
  await page.locator('[data-state-name]').nth(1).click()
  await page.getByRole('dialog', { name: 'Machine 2' }).getByLabel('Disk sda').click()
  await page.getByRole('button', { name: 'Drop from the session' }).click()
  await page.keyboard.press('Escape')
  await inState('dropped').waitFor()
  await button('Confirm: erase 1 disk').click()
  await button('Erase 1 disk and start').click()
  await page.getByText('1 of 2 machines verified').first().waitFor({ timeout: 30_000 })
  expect(isImaged(first.files['sdb'] ?? '')).toBe(true)
  expect(isUntouched(first.files['sda'] ?? '')).toBe(true)
  expect(isUntouched(second.files['sda'] ?? '')).toBe(true)

  await bench.picture('real-one-failed')
  await button('Run again for 1 machine').click()
  const again = page.locator('[data-state-name]').nth(1)
  await expect.poll(() => again.getAttribute('data-state-name'), WAIT).toBe('done')
  expect(isImaged(second.files['sda'] ?? '')).toBe(true)
  expect(isUntouched(first.files['sda'] ?? '')).toBe(true)
  // The machine that was done before is not called, and so not refused.
  await page.getByText('1 of 1 machine verified').first().waitFor()
  expect(await inState('refused').count()).toBe(0)
})

test('a machine that starts over the network has a tile from its first packet on', async () => {
  const { page } = bench
  await chooseCard()
  await button(/^Start over network/).click()
  await button('Open on lan0').click()
  await page.getByText('This computer gives addresses').waitFor({ timeout: 20_000 })
  await page.keyboard.press('Escape')
  const firmware = ['-V', 'PXEClient:Arch:00007:UNDI:003000', '-x', '0x5d:0007', '-s', '/bin/true']
  const asks = lab.run(1, 'udhcpc', ['-i', 'lan0', '-n', '-q', '-f', ...firmware])
  await inState('offered').waitFor()
  expect((await asks.ended).code, asks.stderr()).toBe(0)
  await bench.picture('real-first-packet')
  await inState('offered').click()
  const said = await page.getByRole('dialog').innerText()
  expect(said).toMatch(/Was told to start/)
  expect(said).toContain('UEFI')
})
