import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createJournal, parseJournal, readJournal, reopenJournal } from './journal.ts'

const IMAGE = 'ab'.repeat(32)
let directory = ''
let path = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchcast-journal-'))
  path = join(directory, 'disk.img.benchcast')
})
afterEach(() => rmSync(directory, { recursive: true }))

async function written(): Promise<Buffer> {
  const journal = createJournal(path, IMAGE, { chunks: [3], isZeroed: true })
  await journal.append([1, 7])
  await journal.append([0x00c0_ffee])
  await journal.close()
  return readFileSync(path)
}

test('what was appended is read again', async () => {
  await written()
  expect(readJournal(path, IMAGE, 0xffff_ffff)).toEqual({
    chunks: [3, 1, 7, 0x00c0_ffee],
    isZeroed: true,
  })
})

test('the golden header, byte for byte', async () => {
  const bytes = await written()
  expect(bytes.subarray(0, 44).toString('hex')).toBe(`42434a3100000001${IMAGE}00000001`)
  expect(bytes.length).toBe(48 + 4 * 8)
})

test('another image, no file and a damaged header are no journal', async () => {
  const bytes = await written()
  expect(readJournal(path, 'cd'.repeat(32), 10)).toBeNull()
  expect(readJournal(`${path}.other`, IMAGE, 10)).toBeNull()
  for (let at = 0; at < 48; at++) {
    const damaged = Uint8Array.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 1
    expect(parseJournal(damaged, IMAGE, 10)).toBeNull()
  }
})

test('torn at any byte it keeps the records before the tear, and goes on from there', async () => {
  const bytes = await written()
  for (let length = 0; length <= bytes.length; length++) {
    writeFileSync(path, bytes.subarray(0, length))
    const content = readJournal(path, IMAGE, 0xffff_ffff)
    if (length < 48) {
      expect(content).toBeNull()
      continue
    }
    const whole = [3, 1, 7, 0x00c0_ffee].slice(0, Math.floor((length - 48) / 8))
    expect(content?.chunks).toEqual(whole)
    const journal = reopenJournal(path, { chunks: whole, isZeroed: true })
    await journal.append([99])
    await journal.close()
    expect(readJournal(path, IMAGE, 0xffff_ffff)?.chunks).toEqual([...whole, 99])
  }
})

test('a damaged record ends the journal, and new ones take its place', async () => {
  const bytes = await written()
  for (let at = 48 + 8; at < 48 + 16; at++) {
    const damaged = Uint8Array.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 0x10
    writeFileSync(path, damaged)
    expect(readJournal(path, IMAGE, 0xffff_ffff)?.chunks).toEqual([3])
  }
  const journal = reopenJournal(path, { chunks: [3], isZeroed: true })
  await journal.append([5])
  await journal.close()
  expect(readJournal(path, IMAGE, 0xffff_ffff)?.chunks).toEqual([3, 5])
})

test("a record of another image's journal does not count", async () => {
  const bytes = await written()
  await createJournal(path, 'cd'.repeat(32), { chunks: [], isZeroed: true }).close()
  const header = readFileSync(path).subarray(0, 48)
  const mixed = Buffer.concat([header, bytes.subarray(48)])
  expect(parseJournal(mixed, 'cd'.repeat(32), 0xffff_ffff)?.chunks).toEqual([])
})

test('chunks that the image does not have, and repeats, are left out', async () => {
  const journal = createJournal(path, IMAGE, { chunks: [1, 1, 2, 50], isZeroed: false })
  await journal.close()
  expect(readJournal(path, IMAGE, 50)).toEqual({ chunks: [1, 2], isZeroed: false })
})
