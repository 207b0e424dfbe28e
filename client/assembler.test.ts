import { expect, test } from 'vitest'
import { createErasureCode, type ErasureCode } from '../shared/fec/fec.ts'
import {
  blockFirstSymbol,
  blockLayout,
  blockSymbols,
  symbolBytes,
} from '../shared/protocol/blocks.ts'
import type { DataPacket } from '../shared/protocol/dataPacket.ts'
import { CHUNK_BYTES, SYMBOL_BYTES } from '../shared/protocol/limits.ts'
import type { Manifest } from '../shared/protocol/manifest.ts'
import type { NeedEntry } from '../shared/protocol/needReport.ts'
import type { SessionId } from '../shared/protocol/packet.ts'
import type { SyncPacket } from '../shared/protocol/syncPacket.ts'
import { seededRandom } from '../shared/seededRandom.ts'
import { type Assembler, createAssembler, type StoredChunk } from './assembler.ts'

const SESSION = 7 as SessionId
const MIB = 1024 * 1024
const erasureCode = createErasureCode()
const code = (): ErasureCode => erasureCode

function manifestOf(...storedBytes: number[]): Manifest {
  return {
    imageBytes: storedBytes.length * CHUNK_BYTES,
    hashing: 'blake3',
    hashes: new Uint8Array(storedBytes.length * 32),
    storedBytes: Uint32Array.from(storedBytes),
    encodings: new Uint8Array(storedBytes.length),
    positions: Uint32Array.from(storedBytes.keys()),
  }
}

function content(chunk: number, storedBytes: number): Uint8Array {
  const random = seededRandom(chunk + 1)
  return Uint8Array.from({ length: storedBytes }, () => random() * 256)
}

/** Every symbol of a chunk, in order, numbered on from `txSeq`. */
function symbols(chunk: number, storedBytes: number, txSeq: number): DataPacket[] {
  const layout = blockLayout(storedBytes)
  const bytes = content(chunk, storedBytes)
  const packets: DataPacket[] = []
  for (let block = 0; block < layout.blockCount; block++) {
    const k = blockSymbols(layout, block)
    for (let symbol = 0; symbol < k; symbol++) {
      const index = blockFirstSymbol(layout, block) + symbol
      const at = index * SYMBOL_BYTES
      packets.push({
        kind: 'data',
        isRepeat: false,
        session: SESSION,
        chunk,
        block,
        symbol,
        k,
        blockCount: layout.blockCount,
        txSeq: (txSeq + packets.length) >>> 0,
        storedBytes,
        payload: bytes.subarray(at, at + symbolBytes(layout, index)),
      })
    }
  }
  return packets
}

function sync(assembler: Assembler, txSeq: number, flags: Partial<SyncPacket> = {}): void {
  assembler.sync({
    kind: 'sync',
    isReportNow: false,
    isReportWanted: false,
    mayReportsWait: false,
    isPaused: false,
    pass: 1,
    session: SESSION,
    txSeq,
    ...flags,
  })
}

/** Of chunks of these sizes as stored, none of which is on the target, in 2 MiB. */
function assemblerOf(...storedBytes: number[]): Assembler {
  return createAssembler({
    manifest: manifestOf(...storedBytes),
    assemblyBytes: 2 * MIB,
    has: () => false,
    code,
  })
}

function takeAll(assembler: Assembler, packets: readonly DataPacket[]): StoredChunk[] {
  return packets.map(packet => assembler.take(packet)).filter(stored => stored !== null)
}

function missingSymbols(entries: readonly NeedEntry[]): string[] {
  return entries.flatMap(entry => {
    if (entry.kind !== 'block') return []
    const found: string[] = []
    for (let symbol = 0; symbol < 128; symbol++) {
      if (((entry.missing[symbol >> 3] ?? 0) >> (symbol & 7)) & 1) {
        found.push(`${entry.chunk}.${entry.block}.${symbol}`)
      }
    }
    expect(found).toHaveLength(entry.missingCount)
    return found
  })
}

test('chunks of every kind of size come out as they went in', () => {
  const sizes = [1, SYMBOL_BYTES, SYMBOL_BYTES + 1, 200_000, CHUNK_BYTES]
  const assembler = createAssembler({
    manifest: manifestOf(...sizes),
    assemblyBytes: 4 * MIB,
    has: () => false,
    code,
  })
  let txSeq = 1
  sizes.forEach((size, chunk) => {
    const packets = symbols(chunk, size, txSeq)
    txSeq += packets.length
    const [stored] = takeAll(assembler, packets)
    expect(stored?.chunk).toBe(chunk)
    expect(Buffer.compare(stored?.bytes ?? new Uint8Array(), content(chunk, size))).toBe(0)
    if (stored) assembler.release(stored)
  })
  expect(assembler.counters().missedDatagrams).toBe(0)
  expect(assembler.counters().payloadBytes).toBe(sizes.reduce((sum, size) => sum + size))
})

test('shuffled and repeated symbols complete the chunk once', () => {
  const random = seededRandom(9)
  const packets = symbols(0, CHUNK_BYTES, 1)
  const mixed = [...packets, ...packets].toSorted(() => random() - 0.5)
  const assembler = assemblerOf(CHUNK_BYTES)
  const stored = takeAll(assembler, mixed)
  expect(stored).toHaveLength(1)
  expect(Buffer.compare(stored[0]?.bytes ?? new Uint8Array(), content(0, CHUNK_BYTES))).toBe(0)
})

test('what was lost is asked for once something newer was seen, and completes the chunk', () => {
  const assembler = assemblerOf(300_000, 2000)
  const packets = symbols(0, 300_000, 1)
  const lost = packets.filter((_, i) => i === 0 || i === 50 || i === packets.length - 1)
  takeAll(
    assembler,
    packets.filter(packet => !lost.includes(packet)),
  )
  expect(assembler.entries(100)).toEqual([]) // It may still be coming.
  assembler.take(symbols(1, 2000, packets.length + 1)[0] as DataPacket)
  const names = lost.map(packet => `${packet.chunk}.${packet.block}.${packet.symbol}`)
  expect(missingSymbols(assembler.entries(100))).toEqual(names)
  expect(missingSymbols(assembler.entries(100))).toEqual(names) // Repeated until it is complete.
  expect(assembler.counters().missedDatagrams).toBe(2) // The very first is none: counting began after it.
  const repaired = lost.map((packet, i) => ({ ...packet, isRepeat: true, txSeq: 1000 + i }))
  expect(takeAll(assembler, repaired)).toHaveLength(1)
})

test('a report may wait while nothing is asked for, if the sender says so', () => {
  const assembler = assemblerOf(300_000, 1000)
  const packets = symbols(0, 300_000, 1)
  takeAll(assembler, packets.slice(1))
  expect(assembler.mayWait()).toBe(false)
  sync(assembler, packets.length + 1, { mayReportsWait: true })
  expect(assembler.mayWait()).toBe(true) // The first symbol may still be coming.
  assembler.take(symbols(1, 1000, packets.length + 2)[0] as DataPacket)
  expect(assembler.mayWait()).toBe(false)
  assembler.take({ ...(packets[0] as DataPacket), isRepeat: true, txSeq: 1000 })
  expect(assembler.mayWait()).toBe(true)
  assembler.restart()
  expect(assembler.mayWait()).toBe(false)
})

test('a SYNC shows what was lost at the tail', () => {
  const assembler = assemblerOf(300_000)
  const packets = symbols(0, 300_000, 1)
  takeAll(assembler, packets.slice(0, -3))
  expect(assembler.entries(100)).toEqual([])
  sync(assembler, packets.length + 1)
  expect(assembler.counters().missedDatagrams).toBe(3)
  expect(assembler.entries(100)).toEqual([]) // The chunk may still be on its way.
  sync(assembler, packets.length + 2, { isReportNow: true })
  expect(missingSymbols(assembler.entries(100))).toHaveLength(3)
})

test('whole missing blocks are asked for like single symbols', () => {
  const assembler = assemblerOf(CHUNK_BYTES)
  const packets = symbols(0, CHUNK_BYTES, 1)
  takeAll(
    assembler,
    packets.filter(packet => packet.block === 2),
  )
  sync(assembler, 1000, { isReportNow: true })
  const entries = assembler.entries(100)
  expect(entries.map(entry => entry.kind === 'block' && entry.block)).toEqual([0, 1, 3, 4, 5])
  expect(missingSymbols(entries)).toHaveLength(745 - 124)
})

test('entries stop at the limit, oldest chunk first', () => {
  const sizes = Array.from({ length: 20 }, () => 5000)
  const assembler = createAssembler({
    manifest: manifestOf(...sizes),
    assemblyBytes: 4 * MIB,
    has: () => false,
    code,
  })
  sizes.forEach((size, chunk) => {
    assembler.take(symbols(19 - chunk, size, 1 + chunk * 10)[0] as DataPacket)
  })
  sync(assembler, 500, { isReportNow: true })
  const entries = assembler.entries(3)
  expect(entries.map(entry => entry.kind === 'block' && entry.chunk)).toEqual([19, 18, 17])
  expect(assembler.entries(1000)).toHaveLength(20)
})

test('what contradicts the manifest is counted and touches nothing', () => {
  const assembler = assemblerOf(5000)
  expect(assembler.take(symbols(0, 4999, 1)[0] as DataPacket)).toBeNull()
  expect(assembler.take(symbols(1, 5000, 1)[0] as DataPacket)).toBeNull()
  expect(assembler.counters()).toMatchObject({
    contradictions: 2,
    receivedDatagrams: 0,
    freeBytes: 2 * MIB,
  })
})

test('a chunk that is on the target, or with the writer, is not collected again', () => {
  const held = new Set([1])
  const assembler = createAssembler({
    manifest: manifestOf(5000, 5000),
    assemblyBytes: 2 * MIB,
    has: chunk => held.has(chunk),
    code,
  })
  expect(takeAll(assembler, symbols(1, 5000, 1))).toEqual([])
  const [stored] = takeAll(assembler, symbols(0, 5000, 10))
  expect(takeAll(assembler, symbols(0, 5000, 20))).toEqual([])
  expect(assembler.counters().unneededSymbols).toBe(8)
  // Its content was wrong: released and not held, it is collected anew.
  if (stored) assembler.release(stored)
  expect(takeAll(assembler, symbols(0, 5000, 30))).toHaveLength(1)
})

test('memory stays in its bound: the oldest incomplete chunk goes and is asked for as a whole, once', () => {
  const sizes = Array.from({ length: 6 }, () => CHUNK_BYTES)
  const assembler = createAssembler({
    manifest: manifestOf(...sizes),
    assemblyBytes: 4 * 17 * 65_536,
    has: () => false,
    code,
  })
  sizes.forEach((size, chunk) => {
    takeAll(assembler, symbols(chunk, size, 1 + chunk * 745).slice(1))
    expect(assembler.counters().freeBytes).toBeGreaterThanOrEqual(0)
  })
  expect(assembler.counters().crowdedOut).toBe(2)
  sync(assembler, 9000, { isReportNow: true })
  const entries = assembler.entries(100)
  expect(entries.slice(0, 2)).toEqual([
    { kind: 'whole', firstChunk: 0, length: 1 },
    { kind: 'whole', firstChunk: 1, length: 1 },
  ])
  expect(missingSymbols(entries)).toEqual(['2.0.0', '3.0.0', '4.0.0', '5.0.0'])
  expect(assembler.entries(100).every(entry => entry.kind === 'block')).toBe(true)
})

test('while the writer holds all memory, new chunks are passed over and nothing is lost', () => {
  const assembler = createAssembler({
    manifest: manifestOf(CHUNK_BYTES, CHUNK_BYTES),
    assemblyBytes: 17 * 65_536,
    has: () => false,
    code,
  })
  const [first] = takeAll(assembler, symbols(0, CHUNK_BYTES, 1))
  expect(takeAll(assembler, symbols(1, CHUNK_BYTES, 746))).toEqual([])
  expect(assembler.counters().freeBytes).toBe(0)
  expect(Buffer.compare(first?.bytes ?? new Uint8Array(), content(0, CHUNK_BYTES))).toBe(0)
  if (first) assembler.release(first)
  expect(takeAll(assembler, symbols(1, CHUNK_BYTES, 1491))).toHaveLength(1)
})

test('a sender that starts again counts from anew, and half-assembled chunks go on', () => {
  const assembler = assemblerOf(5000)
  const packets = symbols(0, 5000, 900_000)
  takeAll(assembler, packets.slice(0, 2))
  assembler.restart()
  expect(missingSymbols(assembler.entries(10))).toEqual(['0.0.2', '0.0.3'])
  expect(takeAll(assembler, symbols(0, 5000, 1).slice(2))).toHaveLength(1)
  expect(assembler.counters()).toMatchObject({ missedDatagrams: 0, seenSeq: 4 })
})

test('numbers wrap in the middle of a chunk', () => {
  const assembler = assemblerOf(300_000)
  expect(takeAll(assembler, symbols(0, 300_000, 0xffff_ffc0))).toHaveLength(1)
  expect(assembler.counters().missedDatagrams).toBe(0)
})

/** Repair symbols of block 0 of a chunk of one block. */
function repairs(chunk: number, storedBytes: number, rows: readonly number[]): DataPacket[] {
  const layout = blockLayout(storedBytes)
  const source = new Uint8Array(layout.symbolCount * SYMBOL_BYTES)
  source.set(content(chunk, storedBytes))
  return rows.map(row => {
    const payload = new Uint8Array(SYMBOL_BYTES)
    erasureCode.encode(source, layout.symbolCount, row, payload)
    const [first] = symbols(chunk, storedBytes, 1)
    if (!first) throw new Error('a chunk has symbols')
    return { ...first, isRepeat: true, symbol: 128 + row, txSeq: 2000 + row, payload }
  })
}

test('any repair symbols stand in for any lost ones, the short last one included', () => {
  const size = 100 * SYMBOL_BYTES - 77
  const assembler = assemblerOf(size)
  const lost = new Set([0, 17, 99])
  takeAll(
    assembler,
    symbols(0, size, 1).filter(packet => !lost.has(packet.symbol)),
  )
  const [stored] = takeAll(assembler, repairs(0, size, [5, 80, 127]))
  expect(Buffer.compare(stored?.bytes ?? new Uint8Array(), content(0, size))).toBe(0)
  expect(assembler.counters().decodedSymbols).toBe(3)
})

test('held repair symbols lower what is asked for, and the same row counts once', () => {
  const size = 50 * SYMBOL_BYTES
  const assembler = assemblerOf(size)
  takeAll(assembler, symbols(0, size, 1).slice(4))
  takeAll(assembler, [...repairs(0, size, [9]), ...repairs(0, size, [9])])
  sync(assembler, 3000, { isReportNow: true })
  expect(assembler.entries(10)).toMatchObject([{ kind: 'block', missingCount: 3 }])
  expect(assembler.counters().unneededSymbols).toBe(1)
})

test('a lost symbol that comes after all meets the repair in its place, and both count', () => {
  const size = 20 * SYMBOL_BYTES
  const packets = symbols(0, size, 1)
  for (const late of [0, 1, 2]) {
    const assembler = createAssembler({
      manifest: manifestOf(size),
      assemblyBytes: 2 * MIB,
      has: () => false,
      code,
    })
    takeAll(assembler, packets.slice(3))
    takeAll(assembler, repairs(0, size, [3, 4]))
    const [stored] = takeAll(assembler, packets.slice(late, late + 1))
    expect(Buffer.compare(stored?.bytes ?? new Uint8Array(), content(0, size))).toBe(0)
  }
})

test('without loss nothing is decoded and no code is made', () => {
  const assembler = createAssembler({
    manifest: manifestOf(CHUNK_BYTES),
    assemblyBytes: 2 * MIB,
    has: () => false,
    code: () => expect.unreachable('a receiver without loss never decodes'),
  })
  expect(takeAll(assembler, symbols(0, CHUNK_BYTES, 1))).toHaveLength(1)
})
