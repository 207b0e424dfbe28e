/** FAT as mkfs.fat makes it and mtools fills it. */
import { expect, test } from 'vitest'
import { damaged, diskOf, noise, slice, vector } from './content.fixture.ts'
import { decodeFatBoot, readFat } from './fat.ts'
import { decodeFatEntries } from './fatDirectory.ts'

const volume = (): Buffer => slice(vector('windows'), 1, 2)

test('label, root directory and the loaders below EFI are read, long names too', async () => {
  expect(await readFat(diskOf(volume()))).toEqual({
    format: 'FAT12',
    label: 'SYSTEM',
    names: ['EFI'],
    loaders: ['Boot', 'Microsoft'],
  })
  expect(await readFat(diskOf(slice(vector('linux'), 1, 2)))).toMatchObject({
    label: 'EFI',
    loaders: ['BOOT', 'debian'],
  })
})

test('a boot sector cut at each byte is none', () => {
  const sector = volume().subarray(0, 512)
  expect(decodeFatBoot(sector)).toMatchObject({ format: 'FAT12', rootCluster: 0 })
  for (let length = 0; length < 512; length++) {
    expect(decodeFatBoot(sector.subarray(0, length))).toBeNull()
  }
})

test('senseless sizes are refused', () => {
  for (const [at, value] of [
    [11, 1],
    [13, 0],
    [13, 3],
    [14, 0],
    [16, 0],
    [16, 3],
    [21, 0xf1],
    [22, 0],
  ] as const) {
    const sector = volume().subarray(0, 512)
    sector[at] = value
    expect(decodeFatBoot(sector), `${value} at ${at}`).toBeNull()
  }
})

test('a long name counts only whole, in order, and with its own entry', () => {
  const disk = volume()
  const boot = decodeFatBoot(disk.subarray(0, 512))!
  // EFI is the volume's second cluster chain, behind the label.
  const efi = disk.subarray(boot.dataOffsetBytes, boot.dataOffsetBytes + boot.clusterBytes)
  const names = (bytes: Uint8Array): string[] => decodeFatEntries(bytes).map(({ name }) => name)
  expect(names(efi)).toEqual(['Boot', 'Microsoft'])
  const parts = [...efi.keys()].filter(at => at % 32 === 11 && efi[at] === 0x0f).map(at => at - 11)
  expect(parts.length).toBe(2)
  for (const [change, wanted] of [
    [(copy: Buffer) => (copy[parts[1]! + 13]! ^= 1), 'MICROS~1'],
    [(copy: Buffer) => (copy[parts[1]!] = 0x42), 'MICROS~1'],
    [(copy: Buffer) => (copy[parts[1]!] = 0x01), 'MICROS~1'],
    [(copy: Buffer) => (copy[parts[1]!] = 0x40), 'MICROS~1'],
  ] as const) {
    const copy = Buffer.from(efi)
    change(copy)
    expect(names(copy)).toEqual(['Boot', wanted])
  }
})

test('a chain of clusters that leads in a circle ends', async () => {
  const disk = volume()
  const { fatOffsetBytes } = decodeFatBoot(disk.subarray(0, 512))!
  // Cluster 2, the directory EFI, is followed by itself.
  disk.writeUInt16LE((disk.readUInt16LE(fatOffsetBytes + 3) & 0xf000) | 2, fatOffsetBytes + 3)
  expect((await readFat(diskOf(disk)))?.loaders?.slice(0, 2)).toEqual(['Boot', 'Microsoft'])
})

test('random entries never throw, and damage ends every reading', async () => {
  for (let seed = 0; seed < 300; seed++) {
    expect(decodeFatEntries(noise(2048, seed)).length).toBeLessThanOrEqual(64)
  }
  const found = new Set<string>()
  for (const copy of damaged(volume(), 300, 8)) {
    found.add((await readFat(diskOf(copy)))?.format ?? 'none')
  }
  expect([...found]).toContain('FAT12')
  expect([...found]).toContain('none')
})
