/** Formats that are known by a mark, and exFAT: the beginnings of volumes that real programs made. */
import { expect, test } from 'vitest'
import { diskOf, noise, volumeVector } from './content.fixture.ts'
import { decodeExfatBoot } from './exfat.ts'
import { readMarked } from './marked.ts'
import { readVolume } from './volume.ts'

const MADE = [
  ['XFS', { format: 'XFS', label: 'rootfs' }],
  ['Btrfs', { format: 'Btrfs', label: 'my data' }],
  ['F2FS', { format: 'F2FS', label: 'userdata' }],
  ['APFS', { format: 'APFS', label: '', isMacSystem: false }],
  ['HFS+', { format: 'HFS+', label: '', isMacSystem: false }],
  ['LUKS1', { format: 'LUKS', label: '' }],
  ['LUKS2', { format: 'LUKS', label: 'crypt' }],
  ['LVM', { format: 'LVM', label: '' }],
  ['swap', { format: 'swap', label: 'swapper' }],
  ['exFAT', { format: 'exFAT', label: 'PHOTOS' }],
] as const

test.each(MADE)('%s is known with its label', async (name, found) => {
  expect(await readVolume(diskOf(volumeVector(name)))).toMatchObject(found)
})

test.each(MADE)('%s is not known where its mark has another byte', async (name, { format }) => {
  const marks = { LUKS: 'LUKS', LVM: 'LVM2', Btrfs: '_BHR', swap: 'SWAP', exFAT: 'EXFA' } as const
  const mark = marks[format as keyof typeof marks] ?? { XFS: 'XFSB', APFS: 'NXSB' }[format as 'XFS']
  const disk = volumeVector(name)
  const at = mark === undefined ? 1024 : disk.indexOf(mark)
  disk[at]! ^= 0x20
  expect(await readVolume(diskOf(disk))).toBeNull()
})

test('BitLocker is known by its name, whatever else its boot sector holds', async () => {
  const disk = noise(64 * 1024, 5)
  disk.write('-FVE-FS-', 3, 'latin1')
  expect(await readVolume(diskOf(disk))).toMatchObject({ format: 'BitLocker', names: null })
})

test('a Mac’s own volumes are told from a disk for files', async () => {
  const apfs = volumeVector('APFS')
  // As macOS installs itself: system, preboot, recovery, memory's, data.
  for (let volume = 0; volume < 5; volume++) apfs.writeUInt32LE(1026 + volume, 184 + volume * 8)
  expect(await readMarked(diskOf(apfs))).toMatchObject({ isMacSystem: true })
  const hfs = volumeVector('HFS+')
  hfs.writeUInt32BE(87, 1024 + 80)
  expect(await readMarked(diskOf(hfs))).toMatchObject({ isMacSystem: true })
})

test('swap of a processor with pages of 64 KiB is known', async () => {
  const disk = Buffer.alloc(128 * 1024)
  disk.write('SWAPSPACE2', 65_526, 'latin1')
  expect(await readMarked(diskOf(disk))).toMatchObject({ format: 'swap' })
})

test.each(MADE)('%s cut anywhere is either known as before or not at all', async (name, found) => {
  const disk = volumeVector(name)
  const end = disk.findLastIndex(byte => byte !== 0) + 1
  for (let length = 0; length <= end; length += length < 4200 ? 1 : 997) {
    const volume = await readVolume(diskOf(disk.subarray(0, length)))
    if (volume) expect(volume.format).toBe(found.format)
  }
})

test('an exFAT boot sector cut at each byte is none, nor is one with senseless sizes', () => {
  const sector = volumeVector('exFAT').subarray(0, 512)
  expect(decodeExfatBoot(sector)).not.toBeNull()
  for (let length = 0; length < 512; length++) {
    expect(decodeExfatBoot(sector.subarray(0, length))).toBeNull()
  }
  for (const [at, value] of [
    [12, 1],
    [108, 8],
    [108, 13],
    [109, 26],
    [96, 1],
    [99, 0xff],
  ] as const) {
    const wrong = Buffer.from(sector)
    wrong[at] = value
    expect(decodeExfatBoot(wrong), `${value} at ${at}`).toBeNull()
  }
})

test('random bytes are no volume', async () => {
  for (let seed = 0; seed < 60; seed++) {
    expect(await readVolume(diskOf(noise(70 * 1024, seed)))).toBeNull()
  }
})
