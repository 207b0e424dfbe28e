/** GUID partition tables as sfdisk and xorriso write them. */
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { diskOf, noise, vector } from './content.fixture.ts'
import { decodeGptEntries, decodeGptHeader, readGpt } from './gpt.ts'

const MIB = 2 ** 20

test('partitions are told with type, name, place and size', async () => {
  expect(await readGpt(diskOf(vector('windows')))).toEqual([
    {
      type: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
      name: 'EFI system partition',
      offsetBytes: MIB,
      sizeBytes: MIB,
    },
    {
      type: 'e3c9e316-0b5c-4db8-817d-f92df00215ae',
      name: 'Microsoft reserved partition',
      offsetBytes: 2 * MIB,
      sizeBytes: MIB,
    },
    {
      type: 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7',
      name: 'Basic data partition',
      offsetBytes: 3 * MIB,
      sizeBytes: 4 * MIB,
    },
    {
      type: 'de94bba4-06d1-4d40-a16a-bfd50179d6ac',
      name: '',
      offsetBytes: 7 * MIB,
      sizeBytes: MIB,
    },
  ])
})

test('the copy at the end serves where the first is damaged', async () => {
  const disk = vector('windows')
  const whole = await readGpt(diskOf(disk))
  disk.fill(0xff, 512, 1024)
  expect(await readGpt(diskOf(disk))).toEqual(whole)
  disk.fill(0xff, disk.length - 512)
  expect(await readGpt(diskOf(disk))).toBeNull()
})

test('a disk that counts in sectors of 4 KiB has its table there', async () => {
  const wide = Buffer.alloc(MIB)
  const narrow = vector('windows')
  const header = Buffer.from(narrow.subarray(512, 1024))
  header.fill(0, 16, 20)
  header.writeUInt32LE(crc32(header.subarray(0, 92)), 16)
  header.copy(wide, 4096)
  narrow.copy(wide, 2 * 4096, 1024, 1024 + 128)
  expect(await readGpt(diskOf(wide))).toMatchObject([
    { name: 'EFI system partition', offsetBytes: 2048 * 4096, sizeBytes: 2048 * 4096 },
  ])
})

test('a header cut at each byte, or with any bit of it flipped, is none', () => {
  const header = vector('windows').subarray(512, 1024)
  expect(decodeGptHeader(header)).toEqual({ firstEntrySector: 2, entries: 128, entryBytes: 128 })
  for (let length = 0; length < 92; length++) {
    expect(decodeGptHeader(header.subarray(0, length))).toBeNull()
  }
  for (let bit = 0; bit < 92 * 8; bit++) {
    const flipped = Buffer.from(header)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    expect(decodeGptHeader(flipped), `bit ${bit}`).toBeNull()
  }
})

test('random entries never throw, and have a size', () => {
  for (let seed = 0; seed < 200; seed++) {
    for (const { sizeBytes } of decodeGptEntries(noise(1024, seed), { entryBytes: 128 }, 512)) {
      expect(sizeBytes).toBeGreaterThan(0)
    }
  }
})
