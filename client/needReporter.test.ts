import { expect, test } from 'vitest'
import type { DataPacket } from '../shared/protocol/dataPacket.ts'
import { MAX_NEED_ENTRIES } from '../shared/protocol/limits.ts'
import type { Manifest } from '../shared/protocol/manifest.ts'
import { decodeNeedReport, type NeedReport } from '../shared/protocol/needReport.ts'
import type { SessionId } from '../shared/protocol/packet.ts'
import type { SyncPacket } from '../shared/protocol/syncPacket.ts'
import { createErasureCode } from '../shared/fec/fec.ts'
import { type Assembler, createAssembler } from './assembler.ts'
import { createNeedReporter, type NeedReporter } from './needReporter.ts'

const MANIFEST: Manifest = {
  imageBytes: 1,
  hashing: 'blake3',
  hashes: new Uint8Array(32),
  storedBytes: Uint32Array.of(1),
  encodings: new Uint8Array(1),
  positions: new Uint32Array(1),
}

const SYMBOL: DataPacket = {
  kind: 'data',
  isRepeat: false,
  session: 1 as SessionId,
  chunk: 0,
  block: 0,
  symbol: 0,
  k: 1,
  blockCount: 1,
  txSeq: 0,
  storedBytes: 1,
  payload: Uint8Array.of(1),
}

const SYNC: SyncPacket = {
  kind: 'sync',
  isReportNow: false,
  isReportWanted: false,
  mayReportsWait: true,
  isPaused: false,
  pass: 1,
  session: SYMBOL.session,
  txSeq: 0,
}

function idle(): Assembler {
  return createAssembler({
    manifest: MANIFEST,
    assemblyBytes: 4_000_000,
    has: () => false,
    code: createErasureCode,
  })
}

function reports(reporter: NeedReporter, limit = 1): NeedReport[] {
  return reporter.reports(idle(), { kernelDrops: 5, limiter: null }, limit).map(message => {
    const report = decodeNeedReport(message)
    if (report.kind === 'malformed') throw new Error(report.reason)
    return report
  })
}

test('the first report says so, and later ones do not', () => {
  const reporter = createNeedReporter()
  reporter.restart([], [])
  expect(reports(reporter)[0]).toMatchObject({ isFirst: true, entries: [], kernelDrops: 5 })
  expect(reports(reporter)[0]).toMatchObject({ isFirst: false })
  reporter.restart([], [])
  expect(reports(reporter)[0]).toMatchObject({ isFirst: true })
})

test('each word is told once, neighbours as one run', () => {
  const reporter = createNeedReporter()
  reporter.restart([2, 1, 0, 9], [4, 3])
  expect(reports(reporter)[0]?.entries).toEqual([
    { kind: 'have', firstChunk: 0, length: 3 },
    { kind: 'held', firstChunk: 3, length: 2 },
    { kind: 'have', firstChunk: 9, length: 1 },
  ])
  expect(reports(reporter)[0]?.entries).toEqual([])
})

test('the last word on a chunk is the one that counts', () => {
  const reporter = createNeedReporter()
  reporter.held(5)
  reporter.have(5)
  reporter.held(6)
  reporter.whole(6)
  expect(reports(reporter)[0]?.entries).toEqual([
    { kind: 'have', firstChunk: 5, length: 1 },
    { kind: 'whole', firstChunk: 6, length: 1 },
  ])
})

test('more runs than fit one report follow in the next ones, in order and within the limit', () => {
  const reporter = createNeedReporter()
  const chunks = Array.from({ length: 3000 }, (_, i) => i * 2)
  reporter.restart(chunks, [])
  const first = reports(reporter, 2)
  expect(first.map(report => report.entries.length)).toEqual([MAX_NEED_ENTRIES, MAX_NEED_ENTRIES])
  expect(first.map(report => report.isFirst)).toEqual([true, false])
  const rest = reports(reporter, 4)
  expect(rest.map(report => report.entries.length)).toEqual([3000 - 2 * MAX_NEED_ENTRIES])
  const told = [...first, ...rest].flatMap(report => report.entries)
  expect(told.map(entry => entry.kind !== 'block' && entry.firstChunk)).toEqual(chunks)
})

test('a report is due each 100 ms after enough datagrams, and later after fewer: much later where it may wait', () => {
  const reporter = createNeedReporter()
  const assembler = idle()
  let txSeq = 0
  const hear = (datagrams: number): void => {
    for (let i = 0; i < datagrams; i++) assembler.take({ ...SYMBOL, txSeq: ++txSeq })
  }
  const due = (): number => reporter.dueMs(assembler)
  hear(254)
  expect(due()).toBe(300)
  assembler.sync({ ...SYNC, txSeq: ++txSeq })
  expect(due()).toBe(600)
  reporter.have(0)
  expect(due()).toBe(300)
  hear(1)
  expect(due()).toBe(100)
  reporter.reports(assembler, { kernelDrops: 0, limiter: null }, 1)
  hear(511)
  expect(due()).toBe(600)
  hear(1)
  expect(due()).toBe(100)
  // Another assembler has counted nothing yet.
  reporter.reports(assembler, { kernelDrops: 0, limiter: null }, 1)
  expect(reporter.dueMs(idle())).toBe(100)
})
