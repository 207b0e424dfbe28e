import { expect, test } from 'vitest'
import { seededRandom } from '../seededRandom.ts'
import { MAX_NEED_ENTRIES } from './limits.ts'
import {
  BITMAP_BYTES,
  countBits,
  decodeNeedReport,
  encodeNeedReport,
  MAX_RUN,
  type NeedEntry,
  type NeedReport,
} from './needReport.ts'

const bitmap = (...bits: number[]): Uint8Array => {
  const bytes = new Uint8Array(BITMAP_BYTES)
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7))
  return bytes
}

const REPORT: Omit<NeedReport, 'kind'> = {
  isFirst: true,
  limiter: 'decompression',
  seenSeq: 0x0102_0304,
  receivedDatagrams: 0x1112_1314,
  missedDatagrams: 0x2122_2324,
  kernelDrops: 0x3132_3334,
  freeAssemblyKiB: 0x0004_0000,
  entries: [
    { kind: 'have', firstChunk: 0, length: 5 },
    { kind: 'whole', firstChunk: 7, length: MAX_RUN },
    { kind: 'block', chunk: 9, block: 5, missingCount: 3, missing: bitmap(0, 9, 127) },
    { kind: 'held', firstChunk: 0xffff_fffe, length: 1 },
  ],
}

function reason(bytes: Uint8Array): string {
  const report = decodeNeedReport(bytes)
  return report.kind === 'malformed' ? report.reason : 'accepted'
}

test('the golden report, byte for byte', () => {
  expect(Buffer.from(encodeNeedReport(REPORT)).toString('hex')).toBe(
    '02050004 01020304 11121314 21222324 31323334 00040000 01000005 00000000 02ffffff 00000007 03050300 00000009 01020000000000000000000000000080 04000001 fffffffe'.replaceAll(
      ' ',
      '',
    ),
  )
})

test('a report comes back as it was', () => {
  expect(decodeNeedReport(encodeNeedReport(REPORT))).toEqual({ kind: 'need', ...REPORT })
  const empty = { ...REPORT, isFirst: false, entries: [] }
  expect(decodeNeedReport(encodeNeedReport(empty))).toEqual({ kind: 'need', ...empty })
})

test('a whole block of 128 symbols fits its count', () => {
  const missing = new Uint8Array(BITMAP_BYTES).fill(255)
  const entries: NeedEntry[] = [{ kind: 'block', chunk: 1, block: 0, missingCount: 128, missing }]
  expect(decodeNeedReport(encodeNeedReport({ ...REPORT, entries }))).toMatchObject({ entries })
})

test('the full number of entries passes, one more is a fault of ours', () => {
  const entry: NeedEntry = { kind: 'have', firstChunk: 1, length: 1 }
  const entries = Array.from({ length: MAX_NEED_ENTRIES }, () => entry)
  expect(reason(encodeNeedReport({ ...REPORT, entries }))).toBe('accepted')
  expect(() => encodeNeedReport({ ...REPORT, entries: [...entries, entry] })).toThrow('too many')
})

test('cut at every byte, or longer, it is refused', () => {
  const bytes = encodeNeedReport(REPORT)
  for (let length = 0; length < bytes.length; length++) {
    expect(decodeNeedReport(bytes.subarray(0, length)).kind).toBe('malformed')
  }
  expect(reason(Uint8Array.from([...bytes, 0]))).toBe('length')
})

test('what a hostile receiver might send is refused by reason', () => {
  const one = (entry: NeedEntry): Uint8Array => encodeNeedReport({ ...REPORT, entries: [entry] })
  const patch = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
    bytes[at] = value
    return bytes
  }
  const block: NeedEntry = {
    kind: 'block',
    chunk: 1,
    block: 0,
    missingCount: 1,
    missing: bitmap(3),
  }
  expect(reason(patch(one(block), 0, 1))).toBe('type')
  expect(reason(patch(one(block), 1, 6))).toBe('flags')
  expect(reason(patch(one(block), 2, 0x80))).toBe('entries')
  expect(reason(patch(one(block), 24, 9))).toBe('entry')
  expect(reason(patch(one(block), 25, 6))).toBe('block')
  expect(reason(patch(one(block), 26, 2))).toBe('missing')
  expect(reason(patch(one(block), 26, 0))).toBe('missing')
  expect(reason(patch(one(block), 27, 1))).toBe('block')
  expect(reason(one({ ...block, missingCount: 0, missing: bitmap() }))).toBe('missing')
  expect(reason(one({ kind: 'have', firstChunk: 1, length: 0 }))).toBe('run')
})

test('random and mutated bytes never throw', () => {
  const random = seededRandom(3)
  for (let round = 0; round < 20_000; round++) {
    const bytes = encodeNeedReport(REPORT)
    for (let i = 0; i < 3; i++) bytes[Math.floor(random() * bytes.length)] = random() * 256
    const report = decodeNeedReport(bytes)
    if (report.kind === 'malformed') continue
    for (const entry of report.entries) {
      if (entry.kind === 'block')
        expect(countBits(entry.missing)).toBeGreaterThanOrEqual(entry.missingCount)
      else expect(entry.length).toBeGreaterThan(0)
    }
  }
})
