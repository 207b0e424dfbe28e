/** What the carousel does for machines that others do not wait for, and for the last symbols of one. */
import { expect, test } from 'vitest'
import { CHUNK_BYTES } from '../../../shared/protocol/limits.ts'
import {
  BITMAP_BYTES,
  type NeedEntry,
  type NeedReport,
} from '../../../shared/protocol/needReport.ts'
import { type Carousel, createCarousel } from './carousel.ts'

function bench(chunks: readonly number[], receivers: number): Carousel {
  const carousel = createCarousel(Uint32Array.from(chunks))
  for (let slot = 1; slot <= receivers; slot++) {
    carousel.needs.admit(slot)
    carousel.needs.count(slot, true)
  }
  return carousel
}

function need(seenSeq: number, entries: readonly NeedEntry[], missed = 0): NeedReport {
  return {
    kind: 'need',
    isFirst: false,
    limiter: null,
    seenSeq,
    receivedDatagrams: seenSeq,
    missedDatagrams: missed,
    kernelDrops: 0,
    freeAssemblyKiB: 0,
    entries: [...entries],
  }
}

function gap(chunk: number, symbols: readonly number[], missingCount = symbols.length): NeedEntry {
  const missing = new Uint8Array(BITMAP_BYTES)
  for (const symbol of symbols) {
    missing[symbol >> 3] = (missing[symbol >> 3] ?? 0) | (1 << (symbol & 7))
  }
  return { kind: 'block', chunk, block: 0, missingCount, missing }
}

const have = (firstChunk: number, length: number): NeedEntry => ({
  kind: 'have',
  firstChunk,
  length,
})

/** Sends everything that is due; answers the chunks, and the last txSeq. */
function sendAll(carousel: Carousel, seq: number): { chunks: number[]; seq: number } {
  const chunks: number[] = []
  for (let slice = carousel.next(); slice !== null; slice = carousel.next()) {
    seq += slice.symbols.length
    carousel.sent(slice, seq)
    chunks.push(slice.chunk)
  }
  return { chunks, seq }
}

test('a straggler’s gaps are not mended while others are served, and come when nobody else lacks anything', () => {
  const carousel = bench([CHUNK_BYTES, CHUNK_BYTES], 2)
  carousel.needs.defer(2, true)
  const { seq } = sendAll(carousel, 0)
  const lost = Array.from({ length: 100 }, (_, i) => i)
  carousel.report(2, need(seq, [gap(0, lost), gap(1, lost)]))
  expect(carousel.next()).toBe(null)
  carousel.report(1, need(seq, [have(0, 2)]))
  carousel.beginPass()
  expect(carousel.isCatchingUp).toBe(true)
  carousel.report(2, need(seq, [gap(0, lost), gap(1, lost)]))
  expect(sendAll(carousel, seq).chunks).toEqual([0, 1])
})

test('others who lack something again come first: catching up ends at once', () => {
  const carousel = bench([CHUNK_BYTES, CHUNK_BYTES, CHUNK_BYTES], 2)
  carousel.needs.defer(2, true)
  carousel.report(1, need(0, [have(0, 3)]))
  carousel.beginPass()
  const slice = carousel.next()
  expect([slice?.chunk, carousel.isCatchingUp]).toEqual([0, true])
  if (slice) carousel.sent(slice, 745)
  carousel.report(1, need(745, [{ kind: 'whole', firstChunk: 2, length: 1 }]))
  expect(carousel.next()?.chunk).toBe(2)
  expect(carousel.isCatchingUp).toBe(false)
})

test('a straggler gets its share of later passes, none of the first', () => {
  const count = 40
  const carousel = bench(
    Array.from({ length: count }, () => CHUNK_BYTES),
    2,
  )
  carousel.needs.defer(2, true)
  carousel.setDeferredShare(0.25)
  carousel.report(1, need(0, [have(20, 20)]))
  const first = sendAll(carousel, 0)
  expect(first.chunks.every(chunk => chunk < 20)).toBe(true)
  carousel.beginPass()
  expect(carousel.pass).toBe(2)
  const second = sendAll(carousel, first.seq)
  const shared = second.chunks.filter(chunk => chunk >= 20).length
  expect(shared / second.chunks.length).toBeGreaterThan(0.2)
  expect(shared / second.chunks.length).toBeLessThan(0.3)
})

test('the last symbols that one machine alone lacks are filled, not multicast', () => {
  const carousel = bench([CHUNK_BYTES, CHUNK_BYTES], 2)
  const { seq } = sendAll(carousel, 0)
  carousel.report(2, need(seq, [have(0, 2)]))
  carousel.report(1, need(seq, [have(1, 1), gap(0, [3, 5, 9], 2)]))
  expect(carousel.nextFill()).toEqual({
    slot: 1,
    symbols: [
      { chunk: 0, block: 0, symbol: 3 },
      { chunk: 0, block: 0, symbol: 5 },
    ],
  })
  expect([carousel.nextFill(), carousel.next(), carousel.isOnlyFilling]).toEqual([null, null, true])
  carousel.filled(1)
  carousel.report(1, need(seq, [{ kind: 'held', firstChunk: 0, length: 1 }]))
  expect(carousel.isOnlyFilling).toBe(false)
})

test('a fill that brings nothing is given up, and multicast mends', () => {
  const carousel = bench([CHUNK_BYTES], 1)
  const { seq } = sendAll(carousel, 0)
  const report = need(seq, [gap(0, [3])])
  carousel.report(1, report)
  expect(carousel.nextFill()).not.toBe(null)
  // Its connection takes nothing for two seconds.
  for (let i = 0; i < 30; i++) carousel.report(1, report)
  expect(carousel.next()?.symbols).toHaveLength(1)
  expect(carousel.nextFill()).toBe(null)
})

test('too many symbols, symbols that others lack too, and symbols that do not exist are not filled', () => {
  const many = bench([CHUNK_BYTES], 1)
  const lost = Array.from({ length: 65 }, (_, i) => i)
  many.report(1, need(sendAll(many, 0).seq, [gap(0, lost)]))
  expect(many.nextFill()).toBe(null)
  const shared = bench([CHUNK_BYTES], 2)
  shared.report(1, need(sendAll(shared, 0).seq, [gap(0, [1])]))
  expect(shared.nextFill()).toBe(null)
  const strange = bench([1], 1)
  strange.report(1, need(sendAll(strange, 0).seq, [gap(0, [100])]))
  expect(strange.nextFill()).toBe(null)
})

test('on a lossy bench, blocks go out with rows of their own, used once', () => {
  const carousel = bench([CHUNK_BYTES, CHUNK_BYTES], 8)
  for (let slot = 1; slot <= 8; slot++) {
    carousel.report(slot, need(0, []))
    carousel.report(slot, need(9_500, [], 500))
  }
  const slice = carousel.next()
  const rows = [...(slice?.symbols ?? [])].filter(code => (code & 0xff) >= 128)
  expect(rows.length / 6).toBeGreaterThan(6)
  expect(rows.length / 6).toBeLessThan(11)
  if (slice) carousel.sent(slice, 10_000)
  carousel.report(1, need(10_000, [gap(0, [1])]))
  const repair = [...(carousel.next()?.symbols ?? [])]
  expect(repair).toHaveLength(1)
  expect(rows).not.toContain(repair[0])
})
