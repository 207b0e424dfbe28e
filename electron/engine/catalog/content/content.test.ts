/** Whole disks, as real programs made them: what they hold, and that nothing on a disk can keep us from an answer. */
import { mkdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { contentSchema } from '../../../../shared/content.ts'
import { useFolder } from '../catalog.fixture.ts'
import { createDisk, identify } from './content.ts'
import {
  damaged,
  diskOf,
  mbrDisk,
  noise,
  programAt,
  slice,
  vector,
  VECTORS,
  volumeVector,
} from './content.fixture.ts'
import { decodeFatBoot } from './fat.ts'

const folder = useFolder()

test.each([
  ['windows', 'windows', 'Windows, NTFS'],
  ['ntfsData', 'data', 'Data, NTFS “Photos”'],
  ['linux', 'linux', 'Linux (Debian 12), ext4'],
  ['ext2', 'linux', 'Linux (Debian 12), ext2'],
  ['ext3', 'linux', 'Linux (Debian 12), ext3'],
  ['iso', 'linux', 'Linux medium (d-live 12.5.0 st amd64), ISO 9660'],
] as const)('%s holds %s', async (name, system, words) => {
  expect(await identify(diskOf(vector(name)))).toEqual({ system, words })
})

const windows = (): Buffer => slice(vector('windows'), 3, 7)
const linux = (): Buffer => slice(vector('linux'), 2, 6)

test('a disk for BIOS with both systems names both', async () => {
  const disk = mbrDisk([
    { type: 0x07, content: windows(), isActive: true },
    { type: 0x83, content: linux() },
    { type: 0x82, content: volumeVector('swap') },
  ])
  expect(await identify(diskOf(disk))).toEqual({
    system: 'several',
    words: 'Windows, NTFS; Linux (Debian 12), ext4',
  })
})

test('a root that is not readable counts as Linux beside GRUB, not alone', async () => {
  const parts = [{ type: 0x83, content: volumeVector('XFS') }]
  expect(await identify(diskOf(mbrDisk(parts)))).toEqual({
    system: 'data',
    words: 'Data, XFS “rootfs”',
  })
  expect(await identify(diskOf(mbrDisk(parts, 'GRUB Geom')))).toEqual({
    system: 'linux',
    words: 'Linux, XFS',
  })
})

test('a stick that was a live medium once and now holds files holds files', async () => {
  const disk = mbrDisk([{ type: 0x07, content: vector('ntfsData') }])
  vector('iso').copy(disk, 32_768, 32_768, 49_152)
  expect(await identify(diskOf(disk))).toMatchObject({ system: 'data' })
})

test('a hybrid with the table of isolinux, which covers it all, is a medium', async () => {
  const disk = vector('iso')
  disk.fill(0, 446, 510)
  disk[446] = 0x80
  disk.writeUInt32LE(disk.length / 512, 446 + 12)
  expect(await identify(diskOf(disk))).toMatchObject({ system: 'linux' })
})

test('zeros, noise, and what is smaller than a sector hold nothing known', async () => {
  const words = 'Unknown content'
  for (const bytes of [Buffer.alloc(2 ** 20), noise(2 ** 20, 1), Buffer.alloc(100)]) {
    expect(await identify(diskOf(bytes))).toEqual({ system: 'unknown', words })
  }
})

test('a disk of which only the beginning could be read is told by that', async () => {
  const disk = vector('windows')
  const begun = createDisk(disk.length, async (at, length) =>
    at < 3 * 2 ** 20 ? disk.subarray(at, at + length) : null,
  )
  expect(await identify(begun)).toEqual({ system: 'windows', words: 'Windows' })
})

test.each(VECTORS)('%s, cut anywhere, gives an answer', async name => {
  const disk = vector(name)
  const seen = new Set<string>()
  for (let length = 0; length < disk.length; length += length < 2048 ? 1 : 60_013) {
    const content = await identify(diskOf(disk.subarray(0, length)))
    expect(contentSchema.safeParse(content).error).toBeUndefined()
    seen.add(content.system)
  }
  expect(seen.has('unknown')).toBe(true)
})

test.each(VECTORS)('%s, damaged anywhere, gives an answer, and soon', async name => {
  const disk = vector(name)
  for (const copy of damaged(disk, 100, 11)) {
    let reads = 0
    const counted = createDisk(copy.length, async (at, length) => {
      reads++
      return copy.subarray(at, at + length)
    })
    expect(contentSchema.safeParse(await identify(counted)).error).toBeUndefined()
    expect(reads).toBeLessThanOrEqual(16_384)
  }
})

test('a disk that leads on for ever is left after so many reads', async () => {
  // A table full of volumes whose directory EFI is followed by itself.
  const disk = vector('windows')
  const entry = Buffer.from(disk.subarray(1024, 1152))
  for (let at = 0; at < 128; at++) entry.copy(disk, 1024 + at * 128)
  const fat = 2 ** 20 + decodeFatBoot(disk.subarray(2 ** 20, 2 ** 20 + 512))!.fatOffsetBytes
  disk.writeUInt16LE((disk.readUInt16LE(fat + 3) & 0xf000) | 2, fat + 3)
  let reads = 0
  const counted = createDisk(disk.length, async (at, length) => {
    reads++
    return disk.subarray(at, at + length)
  })
  expect(await identify(counted)).toMatchObject({ system: 'data' })
  expect(reads).toBe(16_384)
})

const sfdisk = programAt('sfdisk')
const mkfsFat = programAt('mkfs.fat')
const mke2fs = programAt('mke2fs')

test.skipIf(!mke2fs).each(['ext2', 'ext3', 'ext4'])(
  'what mke2fs makes of %s now is read',
  async kind => {
    const root = folder.path('root')
    for (const name of ['etc', 'usr']) mkdirSync(`${root}/${name}`, { recursive: true })
    folder.file('root/etc/os-release', 'NAME=Benchtest\nVERSION_ID=7\n')
    const file = folder.file('a.img', Buffer.alloc(8 * 2 ** 20))
    mke2fs?.(['-q', '-t', kind, '-d', root, file])
    expect(await identify(diskOf(readFileSync(file)))).toEqual({
      system: 'linux',
      words: `Linux (Benchtest 7), ${kind}`,
    })
  },
)

test.skipIf(!mkfsFat).each([
  ['12', 2],
  ['16', 16],
  ['32', 40],
])('what mkfs.fat makes of FAT%s now is read', async (bits, sizeMib) => {
  const file = folder.file('a.img', Buffer.alloc(sizeMib * 2 ** 20))
  mkfsFat?.(['-F', bits, '-s', '1', '-n', 'STICK', file])
  expect(await identify(diskOf(readFileSync(file)))).toEqual({
    system: 'data',
    words: `Data, FAT${bits} “STICK”`,
  })
})

test.skipIf(!sfdisk)(
  'the partitions that sfdisk makes now are found, logical ones too',
  async () => {
    const file = folder.file('a.img', Buffer.alloc(16 * 2 ** 20))
    sfdisk?.(['-q', file], 'label: dos\n,2M,83\n,,E\n,4M,83\n,4M,83\n')
    const disk = readFileSync(file)
    // The second logical partition lies behind the first and a sector of the chain, each with a MiB before it.
    linux().copy(disk, (1 + 2 + 1 + 4 + 1) * 2 ** 20)
    expect(await identify(diskOf(disk))).toMatchObject({ words: 'Linux (Debian 12), ext4' })
  },
)
