/** NTFS as mkntfs makes it and wimapply fills it. */
import { expect, test } from 'vitest'
import { damaged, diskOf, noise, slice, vector } from './content.fixture.ts'
import { decodeNtfsBoot, readNtfs } from './ntfs.ts'
import { decodeIndexNames, decodeRecord, decodeRuns, withFixups } from './ntfsRecord.ts'

const volume = (): Buffer => slice(vector('windows'), 3, 7)
const mft = (): number => decodeNtfsBoot(volume().subarray(0, 512))?.offsetBytes ?? 0

test('label and root directory are read', async () => {
  const found = await readNtfs(diskOf(volume()))
  expect(found).toMatchObject({ format: 'NTFS', label: 'Windows' })
  expect(found?.names?.filter(name => !name.startsWith('$')).toSorted()).toEqual([
    '.',
    'PerfLogs',
    'Program Files',
    'Program Files (x86)',
    'ProgramData',
    'Recovery',
    'Users',
    'Windows',
  ])
  expect(await readNtfs(diskOf(vector('ntfsData')))).toMatchObject({ label: 'Photos' })
})

test('a boot sector cut at each byte is none, and neither is BitLocker’s', () => {
  const sector = volume().subarray(0, 512)
  expect(decodeNtfsBoot(sector)).toEqual({
    sectorBytes: 512,
    clusterBytes: 4096,
    recordBytes: 1024,
    offsetBytes: 16_384,
  })
  for (let length = 0; length < 512; length++) {
    expect(decodeNtfsBoot(sector.subarray(0, length))).toBeNull()
  }
  const locked = Buffer.from(sector)
  locked.write('-FVE-FS-', 3)
  expect(decodeNtfsBoot(locked)).toBeNull()
})

test('clusters of 2 MiB and records of 4 KiB are understood, senseless sizes are not', () => {
  const sector = volume().subarray(0, 512)
  sector[13] = 0x100 - 12
  sector[64] = 0x100 - 12
  expect(decodeNtfsBoot(sector)).toMatchObject({ clusterBytes: 2 ** 21, recordBytes: 4096 })
  for (const [at, value] of [
    [13, 0],
    [13, 3],
    [13, 0x81],
    [64, 0],
    [64, 0x81],
    [11, 7],
  ] as const) {
    const wrong = volume().subarray(0, 512)
    wrong[at] = value
    expect(decodeNtfsBoot(wrong), `${value} at ${at}`).toBeNull()
  }
})

test('a record cut at each byte, torn, or not in use has no attributes', () => {
  const record = volume().subarray(mft() + 5 * 1024, mft() + 6 * 1024)
  expect(decodeRecord(record).map(({ type }) => type)).toContain(0x90)
  for (let length = 0; length < 1024; length++) {
    expect(decodeRecord(record.subarray(0, length))).toEqual([])
  }
  const torn = Buffer.from(record)
  torn[510]! ^= 1
  expect(decodeRecord(torn)).toEqual([])
  const free = Buffer.from(record)
  free[22] = 0
  expect(decodeRecord(free)).toEqual([])
})

test('a root directory that cannot be read is told apart from an empty one', async () => {
  const disk = volume()
  disk.fill(0, mft() + 5 * 1024, mft() + 6 * 1024)
  expect(await readNtfs(diskOf(disk))).toMatchObject({ format: 'NTFS', names: null })
})

test('runs go back and forth, leave out holes, and end where they are not sound', () => {
  const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
  expect(decodeRuns(hex('21 18 3456 11 30 f0 00'))).toEqual([
    { cluster: 0x5634, clusters: 0x18 },
    { cluster: 0x5624, clusters: 0x30 },
  ])
  expect(decodeRuns(hex('0110 110805 00'))).toEqual([{ cluster: 5, clusters: 8 }])
  expect(decodeRuns(hex('1108f0'))).toEqual([])
  expect(decodeRuns(hex('2118'))).toEqual([])
  expect(decodeRuns(hex('f118'))).toEqual([])
})

test('random bytes are no record, no node and no runs that never end', () => {
  for (let seed = 0; seed < 300; seed++) {
    const bytes = noise(1024, seed)
    expect(decodeRecord(bytes)).toEqual([])
    expect(withFixups(bytes)).toBeNull()
    expect(decodeIndexNames(bytes, seed).length).toBeLessThan(20)
    expect(decodeRuns(bytes).length).toBeLessThanOrEqual(256)
  }
})

test('whatever is damaged in a volume, reading it ends', async () => {
  const disk = volume()
  let unread = 0
  for (const copy of damaged(disk, 300, 7)) {
    if (!(await readNtfs(diskOf(copy)))?.names) unread++
  }
  // Most damage hits what is not read, some of it what is.
  expect(unread).toBeGreaterThan(0)
  expect(unread).toBeLessThan(300)
})
