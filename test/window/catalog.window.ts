/** The catalog in the real window, with the real engine and real files: what comes in, what goes wrong, what is shown. */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Locator } from 'playwright-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BenchWindow, launch } from './app.ts'

const MIB = 2 ** 20

/** Disks that real programs made. */
const VECTORS = path.join(import.meta.dirname, '../../electron/engine/catalog/content/vectors')

let bench: BenchWindow
beforeEach(async () => {
  bench = await launch({ size: [1280, 720] })
  bench.page.setDefaultTimeout(30_000)
})
afterEach(() => bench.close())

const button = (name: string | RegExp): Locator => bench.page.getByRole('button', { name })
const list = (name: string): Locator => bench.page.getByRole('list', { name, exact: true })
const images = (): Locator => list('Images')
const task = (file: string): Locator =>
  list('Imports and checks').getByRole('listitem').filter({ hasText: file })

function write(name: string, content: Uint8Array): string {
  const file = path.join(bench.directory, name)
  writeFileSync(file, content)
  return file
}

function writeVector(name: string, as: string): string {
  const file = path.join(bench.directory, `${as}.img.zst`)
  copyFileSync(path.join(VECTORS, `${name}.img.zst`), file)
  return file
}

test('several files in one drop come in one after the other, each with its size and its system', async () => {
  const files = [
    writeVector('windows', 'Classroom'),
    writeVector('linux', 'Workshop'),
    writeVector('ntfsData', 'Material'),
    write('Noise.img', randomBytes(3 * MIB)),
  ]
  await bench.drop('aside', files)
  await bench.page.getByText('4 of 4 finished').waitFor()
  for (const [name, words, size] of [
    ['Classroom', 'Windows, NTFS', '9 MiB'],
    ['Workshop', 'Linux (Debian 12), ext4', '8 MiB'],
    ['Material', 'Data, NTFS “Photos”', '2 MiB'],
    ['Noise', 'Unknown content', '3 MiB, 3 MiB to send'],
  ] as const) {
    const row = images().getByRole('listitem').filter({ hasText: name })
    const mark = row.getByRole('img', { name: words, exact: true })
    expect(await mark.getAttribute('title'), name).toBe(words)
    expect(await row.innerText()).toContain(size)
    // For who does not see it, the name comes first.
    await button(new RegExp(`^${name} .*${words.slice(0, 5)}`)).waitFor()
  }
  await bench.picture('catalog-systems')
  await button('Clear finished').click()
  await list('Imports and checks').waitFor({ state: 'detached' })
  await button(/^Workshop/).click()
  await button('Actions for Workshop').click()
  await bench.page.getByRole('menuitem', { name: 'Name, notes and delivery' }).click()
  await bench.page.getByText('Holds: Linux (Debian 12), ext4.').waitFor()
  await bench.page.keyboard.press('Escape')
  await button(/^Network card|^Choose a network card/).click()
  await bench.page.getByRole('menuitemradio', { name: /^lo\b/ }).click()
  await bench.page.getByTestId('big-button').click()
  const session = bench.page.getByRole('region', { name: 'Session' })
  await session.getByRole('img', { name: 'Linux (Debian 12), ext4' }).waitFor()
})

test('a search finds images by any word of name or system, and says when there is none', async () => {
  await bench.drop('aside', [
    writeVector('windows', 'Room 12'),
    writeVector('linux', 'Room 14'),
    writeVector('ext3', 'Server'),
    writeVector('iso', 'Rescue'),
  ])
  await bench.page.getByText('4 of 4 finished').waitFor()
  const search = bench.page.getByRole('searchbox', { name: 'Search images' })
  const found = async (words: string): Promise<string[]> => {
    await search.fill(words)
    const rows = await images().locator('button[aria-pressed] [title]:not([role])').all()
    return (await Promise.all(rows.map(row => row.innerText()))).toSorted()
  }
  expect(await found('room')).toEqual(['Room 12', 'Room 14'])
  expect(await found('ROOM linux')).toEqual(['Room 14'])
  expect(await found('debian')).toEqual(['Room 14', 'Server'])
  expect(await found('room server')).toEqual([])
  await bench.page.getByText('No image matches “room server”.').waitFor()
  await bench.picture('catalog-no-match')
  expect(await found('')).toEqual(['Rescue', 'Room 12', 'Room 14', 'Server'])
})

test('an import shows how far it is, is cancelled without a trace, and comes in when tried again', async () => {
  const large = write('large.img', randomBytes(400 * MIB))
  const small = write('small.img', randomBytes(MIB))
  const never = write('never.img', randomBytes(MIB))
  await bench.drop('main', [large, small, never])
  const bar = task('large.img').getByRole('progressbar', { name: 'Importing large.img' })
  await expect.poll(() => bar.getAttribute('value').then(Number)).toBeGreaterThan(0)
  expect(await task('large.img').innerText()).toMatch(/Importing · [\d.]+ MiB of 400 MiB/)
  expect(await task('small.img').innerText()).toContain('Waiting for its turn')
  await bench.picture('catalog-importing')
  await button('Cancel never.img').click()
  await button('Cancel large.img').click()
  await task('large.img').getByText('Cancelled, nothing was kept').waitFor()
  await task('small.img').getByText('Imported', { exact: true }).waitFor()
  await task('never.img').getByText('Cancelled, nothing was kept').waitFor()
  expect(await images().innerText()).not.toMatch(/large|never/)
  await button('Retry large.img').click()
  await task('large.img').getByText('Imported', { exact: true }).waitFor({ timeout: 90_000 })
  await button(/^large 400 MiB/).waitFor()
})

test('what failed says why, stays when the rest is cleared, and comes in once it is mended', async () => {
  const whole = gzipSync(randomBytes(MIB))
  const cut = write('cut.img.gz', whole.subarray(0, whole.length / 2))
  await bench.drop('aside', [cut, writeVector('linux', 'one'), writeVector('ext2', 'two')])
  await bench.page.getByText('2 of 3 finished').waitFor()
  expect(await task('cut.img.gz').innerText()).toMatch(/ends too early .* fetch it again/)
  await button('Clear finished').click()
  await expect.poll(() => list('Imports and checks').getByRole('listitem').count()).toBe(1)
  await bench.picture('catalog-failed')
  writeFileSync(cut, whole)
  await button('Retry cut.img.gz').click()
  await task('cut.img.gz').getByText('Imported', { exact: true }).waitFor()
  await button(/^cut 1 MiB/).waitFor()
})

test('the same content under another name, packed otherwise, is told to be there already', async () => {
  const content = randomBytes(MIB)
  await bench.drop('aside', [write('first.img', content)])
  await task('first.img').getByText('Imported', { exact: true }).waitFor()
  await bench.drop('aside', [write('second.img.gz', gzipSync(content))])
  await task('second.img.gz').getByText('Already in the catalog as “first”').waitFor()
  expect(await images().getByRole('listitem').count()).toBe(1)
  await bench.picture('catalog-duplicate')
})

test('a check that finds damage says so in red, never that all is intact', async () => {
  await bench.drop('aside', [write('first.img', randomBytes(3 * MIB))])
  await task('first.img').getByText('Imported', { exact: true }).waitFor()
  const packs = path.join(bench.directory, 'catalog', 'packs')
  for (const pack of readdirSync(packs)) {
    const bytes = readFileSync(path.join(packs, pack))
    bytes[2 * MIB] = (bytes[2 * MIB] ?? 0) ^ 1
    writeFileSync(path.join(packs, pack), bytes)
  }
  await button('Actions for first').click()
  await bench.page.getByRole('menuitem', { name: 'Verify what is stored' }).click()
  const check = list('Imports and checks').locator('li[data-tone=bad]')
  await check.getByText('is damaged at 1 place(s)').waitFor()
  await images().getByText('Damaged: import it again').waitFor()
  expect(await list('Imports and checks').innerText()).not.toContain('intact')
})
