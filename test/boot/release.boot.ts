/** What ships: packed small, the same bytes from the same content, with its licences; it starts, and images, in 512 MiB. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { buildBootEnv, cacheDirectory } from '../../build/bootEnv/bootEnv.ts'
import {
  PART,
  PARTS_MANIFEST,
  type PartsManifest,
  readBootParts,
} from '../../electron/engine/boot/boot.ts'
import { makeDirectory } from '../netns/commands.ts'
import {
  beginsWith,
  type BootBench,
  LIMIT_MS,
  makeBlankDisk,
  openBootBench,
  PICTURES,
} from './bootBench.ts'
import { writeDiskImage } from './diskImage.ts'
import type { Firmware } from './machine.ts'

const MIB = 1024 * 1024
/** Kernel and initramfs. */
const LIMIT_BYTES = 48 * MIB
/** Packing takes a minute of two cores. */
const BUILD_MS = 600_000

let directory: string
let release: string
let bench: BootBench | null = null

beforeAll(async () => {
  directory = makeDirectory()
  release = await build('first')
}, BUILD_MS)
afterEach(async () => {
  await bench?.close()
  bench = null
})
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))

/** Into a folder of its own, with the packages that were fetched before. */
function build(name: string): Promise<string> {
  const into = path.join(directory, name)
  const fetched = path.join(cacheDirectory(), 'apt')
  fs.mkdirSync(fetched, { recursive: true })
  fs.mkdirSync(into)
  fs.symlinkSync(fetched, path.join(into, 'apt'))
  return buildBootEnv({ directory: into, packing: 'release', onStep: () => undefined })
}

test(
  'a second build has the same bytes in every file',
  async () => {
    const again = await build('second')
    expect(path.basename(again)).toBe(path.basename(release))
    execFileSync('diff', ['--recursive', '--brief', '--no-dereference', release, again])
  },
  BUILD_MS,
)

test('it stays within its limit, and brings licences and the offer of source', () => {
  const manifestText = fs.readFileSync(path.join(release, PARTS_MANIFEST), 'utf8')
  const { parts, packages } = JSON.parse(manifestText) as PartsManifest
  const bytesOf = (name: string): number => parts.find(part => part.name === name)?.bytes ?? NaN
  expect(bytesOf(PART.kernel) + bytesOf(PART.initramfs)).toBeLessThanOrEqual(LIMIT_BYTES)

  const licences = path.join(release, 'licences')
  const text = (name: string): string => fs.readFileSync(path.join(licences, name), 'utf8')
  expect(packages.length).toBeGreaterThan(20)
  for (const { name, source, sourceVersion } of packages) {
    expect(text(`${name}.txt`).length, name).toBeGreaterThan(100)
    expect(text('SOURCES.txt')).toContain(`${source} ${sourceVersion}\n`)
  }
  // Signed packages name another source than the one their program came from.
  for (const source of ['grub2', 'shim', 'linux']) {
    expect(text('SOURCES.txt')).toMatch(new RegExp(`^${source} \\d`, 'm'))
  }
  expect(text('node.txt')).toMatch(/^Node\.js is licensed for use as follows/)
  expect(fs.existsSync(path.join(licences, 'common-licenses/GPL-2'))).toBe(true)
})

test.each<{ firmware: Firmware }>([{ firmware: 'bios' }, { firmware: 'secureBoot' }])(
  'a machine ($firmware) with 512 MiB is imaged by it, and starts from its disk',
  async ({ firmware }) => {
    bench = await openBootBench({ machines: 1, dhcp: 'server', parts: release })
    const image = path.join(bench.directory, 'image')
    const word = 'imaged by what ships'
    // More than half of the memory: it cannot all be waiting there.
    writeDiskImage(image, await readBootParts(release), { word, sizeMib: 288, seed: 6 })
    const disk = makeBlankDisk(bench, 'disk', 288 * MIB)
    const options = { host: 1, firmware, disk, memoryMib: 512 } as const

    const machine = bench.turnOn({ ...options, startsFrom: 'network' })
    await machine.says(/state ready/, LIMIT_MS)
    const session = await bench.openSession(image)
    await bench.begin(session, [machine])
    await bench.finish([machine])
    await machine.photograph(path.join(PICTURES, `release-${firmware}.png`))
    // The kernel kills when memory runs out, and says so.
    expect(machine.serial()).not.toMatch(/Out of memory|client ended/)
    await machine.pullPlug()
    expect(beginsWith(disk, image)).toBe(true)

    const started = bench.turnOn({ ...options, startsFrom: 'disk' })
    await started.says(new RegExp(word), LIMIT_MS)
  },
  3 * LIMIT_MS,
)
