/** The partition table of a disk's first sector, and the chain of logical partitions behind it. */
import { expect, test } from 'vitest'
import { diskOf, mbrDisk, noise, volumeVector, writeEntry } from './content.fixture.ts'
import { decodeMbr, readMbr } from './mbr.ts'

const content = Buffer.alloc(2 ** 20)

test('partitions are told with type, place, size and whether BIOS starts from them', () => {
  const disk = mbrDisk([
    { type: 0x83, content, isActive: true },
    { type: 0x82, content },
  ])
  expect(decodeMbr(disk.subarray(0, 512))).toEqual({
    partitions: [
      { type: 0x83, isActive: true, firstSector: 2048, sectors: 2048 },
      { type: 0x82, isActive: false, firstSector: 4096, sectors: 2048 },
    ],
    hasGrub: false,
  })
})

test('GRUB is known by its boot code', () => {
  const disk = mbrDisk([{ type: 0x83, content }], 'GRUB \0Geom\0Hard Disk\0Read\0 Error')
  expect(decodeMbr(disk.subarray(0, 512))?.hasGrub).toBe(true)
})

test('a boot sector of a file system is no table, nor is one without partitions', () => {
  const fat = Buffer.alloc(512)
  fat.writeUInt16LE(0xaa55, 510)
  expect(decodeMbr(fat)).toBeNull()
  expect(decodeMbr(volumeVector('exFAT').subarray(0, 512))).toBeNull()
})

test('logical partitions are found along their chain, which may not lead back', async () => {
  const disk = Buffer.alloc(8 * 2 ** 20)
  disk.writeUInt16LE(0xaa55, 510)
  writeEntry(disk, 446, 0x83, true, 2048, 2048)
  writeEntry(disk, 462, 0x05, false, 4096, 8192)
  const link = (sector: number, next: number | null): void => {
    const table = disk.subarray(sector * 512, sector * 512 + 512)
    table.writeUInt16LE(0xaa55, 510)
    writeEntry(table, 446, 0x83, false, 64, 1000)
    if (next !== null) writeEntry(table, 462, 0x05, false, next, 2048)
  }
  link(4096, 2048)
  link(6144, 4096)
  link(8192, null)
  const starts = async (): Promise<unknown> =>
    (await readMbr(diskOf(disk)))?.partitions.map(({ firstSector }) => firstSector)
  expect(await starts()).toEqual([2048, 4160, 6208, 8256])
  link(8192, 2048)
  expect(await starts()).toEqual([2048, 4160, 6208, 8256])
  link(8192, 0xffff_ffff)
  expect(await starts()).toEqual([2048, 4160, 6208, 8256])
})

test('cut at each byte it is no table', () => {
  const sector = mbrDisk([{ type: 0x83, content }]).subarray(0, 512)
  for (let length = 0; length < 512; length++) {
    expect(decodeMbr(sector.subarray(0, length))).toBeNull()
  }
})

test('random bytes with the right signature are hardly ever a table', () => {
  let tables = 0
  for (let seed = 0; seed < 500; seed++) {
    const sector = noise(512, seed)
    sector.writeUInt16LE(0xaa55, 510)
    if (decodeMbr(sector)) tables++
  }
  // Each of four bytes must be one of two values.
  expect(tables).toBe(0)
})
