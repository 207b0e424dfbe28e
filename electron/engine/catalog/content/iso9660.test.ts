/** A live image as xorriso makes it. */
import { expect, test } from 'vitest'
import { damaged, diskOf, vector } from './content.fixture.ts'
import { readIso9660 } from './iso9660.ts'

test('label and root directory are read', async () => {
  expect(await readIso9660(diskOf(vector('iso')))).toEqual({
    label: 'd-live 12.5.0 st amd64',
    names: ['BOOT', 'BOOT.CAT', 'EFI', 'ISOLINUX', 'LIVE'],
    isUdf: false,
  })
})

test('UDF beside it is noticed, wherever the descriptors end', async () => {
  const disk = vector('iso')
  const end = [...Array(16).keys()].find(at => disk[32_768 + at * 2048] === 255) ?? 0
  for (const [index, id] of ['BEA01', 'NSR02', 'TEA01'].entries()) {
    disk.write(id, 32_768 + (end + 1 + index) * 2048 + 1, 'latin1')
  }
  expect(await readIso9660(diskOf(disk))).toMatchObject({ isUdf: true })
})

test('cut at each byte of its descriptors it is none, and damage ends every reading', async () => {
  const disk = vector('iso')
  for (let length = 0; length < 32_768 + 2048; length += length < 32_760 ? 1009 : 1) {
    expect(await readIso9660(diskOf(disk.subarray(0, length)))).toBeNull()
  }
  for (const copy of damaged(disk.subarray(32_768, 100_000), 300, 10)) {
    copy.copy(disk, 32_768)
    const names = (await readIso9660(diskOf(disk)))?.names ?? []
    expect(names.length).toBeLessThan(2000)
  }
})
