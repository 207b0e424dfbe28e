import { describe, expect, it } from 'vitest'
import type { NeedReport } from '../../../shared/protocol/needReport.ts'
import type { SessionId } from '../../../shared/protocol/packet.ts'
import type { SyncPacket } from '../../../shared/protocol/syncPacket.ts'
import { type Carousel, createCarousel } from './carousel.ts'
import { createTransmitter, type Emission, type Transmitter } from './transmitter.ts'

const SESSION = 9 as SessionId
const CHUNK = 100_000
/** A clock that has run for a while, as a process's has. */
const START_MS = 1_000
const CHUNK_SYMBOLS = 72

interface Bench {
  readonly carousel: Carousel
  readonly transmitter: Transmitter
  readonly data: (Emission['header'] & {
    atMs: number
    payloadOffset: number | null
    payloadBytes: number
  })[]
  readonly syncs: (Omit<SyncPacket, 'kind'> & { atMs: number })[]
  isFull: boolean
  nowMs: number
  /** Ticks as the worker does, until the clock says so. */
  run(toMs: number): void
}

function createBench(
  chunks: number,
  options: { rate?: number | null; firstSeq?: number } = {},
): Bench {
  const storedBytes = new Uint32Array(chunks).fill(CHUNK)
  const carousel = createCarousel(storedBytes)
  const bench: Omit<Bench, 'transmitter'> = {
    carousel,
    data: [],
    syncs: [],
    isFull: false,
    nowMs: 0,
    run(toMs) {
      while (bench.nowMs < toMs) {
        const waitMs = transmitter.tick(START_MS + bench.nowMs)
        bench.nowMs += waitMs === 0 ? 0.1 : waitMs
      }
    },
  }
  const transmitter = createTransmitter(
    SESSION,
    storedBytes,
    carousel,
    {
      begin: () => undefined,
      data({ header, payloadOffset, payloadBytes }) {
        if (bench.isFull) return false
        bench.data.push({ ...header, payloadOffset, payloadBytes, atMs: bench.nowMs })
        return true
      },
      fill: () => 0,
      sync: packet => void bench.syncs.push({ ...packet, atMs: bench.nowMs }),
    },
    { nowMs: START_MS, rateBitsPerSecond: options.rate ?? null, firstSeq: options.firstSeq ?? 0 },
  )
  return Object.assign(bench, { transmitter })
}

function join(carousel: Carousel, slot: number): void {
  carousel.needs.admit(slot)
  carousel.needs.count(slot, true)
}

function tell(
  carousel: Carousel,
  slot: number,
  seenSeq: number,
  entries: NeedReport['entries'],
): void {
  carousel.report(slot, {
    kind: 'need',
    isFirst: false,
    limiter: null,
    seenSeq,
    receivedDatagrams: 0,
    missedDatagrams: 0,
    kernelDrops: 0,
    freeAssemblyKiB: 0,
    entries,
  })
}

describe('the datagrams', () => {
  it('cover each chunk once, each with its place, sizes and a txSeq of its own', () => {
    const bench = createBench(2)
    join(bench.carousel, 1)
    bench.run(30)
    expect(bench.data).toHaveLength(2 * CHUNK_SYMBOLS)
    const seqs = [...bench.data, ...bench.syncs].map(one => one.txSeq).toSorted((a, b) => a - b)
    expect(seqs).toEqual(seqs.map((_, i) => i + 1))
    for (const chunk of [0, 1]) {
      const ranges = bench.data.filter(one => one.chunk === chunk)
      const total = ranges.reduce((sum, one) => sum + one.payloadBytes, 0)
      expect(total).toBe(CHUNK)
      expect(new Set(ranges.map(one => one.payloadOffset)).size).toBe(CHUNK_SYMBOLS)
      expect(new Set(ranges.map(one => `${one.k} ${one.blockCount} ${one.storedBytes}`))).toEqual(
        new Set([`72 1 ${CHUNK}`]),
      )
    }
    expect(bench.transmitter.stats()).toMatchObject({
      pass: 1,
      sentBytes: 2 * (CHUNK + CHUNK_SYMBOLS * 24),
      repairBytes: 0,
    })
  })

  it('are offered again, the same, after the socket was full', () => {
    const bench = createBench(1)
    join(bench.carousel, 1)
    bench.isFull = true
    bench.run(20)
    expect(bench.data).toEqual([])
    expect(bench.transmitter.stats().sentBytes).toBe(0)
    bench.isFull = false
    bench.run(40)
    const numbers = bench.data.map(one => one.symbol).toSorted((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: CHUNK_SYMBOLS }, (_, i) => i))
  })

  it('keep to the rate, and to a new one at once', () => {
    const bench = createBench(400, { rate: 20e6 })
    join(bench.carousel, 1)
    bench.run(1_000)
    const bits = (from: number, to: number) =>
      bench.data
        .filter(one => one.atMs >= from && one.atMs < to)
        .reduce((sum, one) => sum + (one.payloadBytes + 24 + 42) * 8, 0)
    expect(bits(0, 1_000) / 20e6).toBeCloseTo(1, 1)
    bench.transmitter.setRate(80e6)
    bench.run(2_000)
    expect(bits(1_000, 2_000) / 80e6).toBeCloseTo(1, 1)
  })

  it('number on over the wrap', () => {
    const bench = createBench(2, { firstSeq: 0xffff_ffc0 })
    join(bench.carousel, 1)
    bench.run(30)
    const seqs = bench.data.map(one => one.txSeq)
    expect(seqs[0]).toBeGreaterThan(0xffff_ffc0)
    expect(seqs.at(-1)).toBeLessThan(200)
    expect(new Set(seqs).size).toBe(2 * CHUNK_SYMBOLS)
  })

  it('leave room for commands: at most 256 in one go', () => {
    const bench = createBench(50)
    join(bench.carousel, 1)
    expect(bench.transmitter.tick(START_MS)).toBe(0)
    expect(bench.data).toHaveLength(256)
  })
})

describe('the phases', () => {
  it('go from sending over asking to idle when everybody answered that nothing is missing', () => {
    const bench = createBench(1)
    join(bench.carousel, 1)
    bench.run(20)
    expect(bench.transmitter.stats().phase).toBe('asking')
    expect(bench.syncs.at(-1)).toMatchObject({ isReportNow: true, isPaused: false, pass: 1 })
    const seen = bench.transmitter.stats().txSeq
    tell(bench.carousel, 1, seen, [{ kind: 'have', firstChunk: 0, length: 1 }])
    bench.run(30)
    expect(bench.transmitter.stats()).toMatchObject({ phase: 'idle', pass: 1 })
    expect(bench.data).toHaveLength(CHUNK_SYMBOLS)
  })

  it('begin the next pass as soon as all have answered', () => {
    const bench = createBench(2)
    join(bench.carousel, 1)
    join(bench.carousel, 2)
    bench.run(20)
    const seen = bench.transmitter.stats().txSeq
    tell(bench.carousel, 1, seen, [{ kind: 'have', firstChunk: 0, length: 2 }])
    bench.run(40)
    expect(bench.transmitter.stats().phase).toBe('asking')
    tell(bench.carousel, 2, seen, [{ kind: 'have', firstChunk: 0, length: 1 }])
    bench.run(60)
    expect(bench.transmitter.stats().pass).toBe(2)
    const second = bench.data.slice(2 * CHUNK_SYMBOLS)
    expect(second).toHaveLength(CHUNK_SYMBOLS)
    expect(second.every(one => one.chunk === 1 && one.isRepeat)).toBe(true)
  })

  it('wait 300 ms for an answer, no longer', () => {
    const bench = createBench(1)
    join(bench.carousel, 1)
    bench.run(290)
    expect(bench.data).toHaveLength(CHUNK_SYMBOLS)
    bench.run(330)
    expect(bench.data).toHaveLength(2 * CHUNK_SYMBOLS)
    expect(bench.transmitter.stats()).toMatchObject({
      pass: 2,
      repairBytes: CHUNK + CHUNK_SYMBOLS * 24,
    })
  })

  it('leave idle for a machine that joins later, in a pass of its own', () => {
    const bench = createBench(1)
    join(bench.carousel, 1)
    bench.run(20)
    const seen = bench.transmitter.stats().txSeq
    tell(bench.carousel, 1, seen, [{ kind: 'have', firstChunk: 0, length: 1 }])
    bench.run(500)
    expect(bench.transmitter.stats()).toMatchObject({ phase: 'idle', pass: 1 })
    join(bench.carousel, 2)
    bench.run(550)
    expect(bench.transmitter.stats().pass).toBe(2)
    expect(bench.data).toHaveLength(2 * CHUNK_SYMBOLS)
  })

  it('send what was reported missing, then ask again', () => {
    const bench = createBench(1)
    join(bench.carousel, 1)
    join(bench.carousel, 2)
    bench.run(20)
    const missing = new Uint8Array(16)
    missing[0] = 0b101
    const entry = { kind: 'block', chunk: 0, block: 0, missingCount: 2, missing } as const
    const seen = bench.transmitter.stats().txSeq
    for (const slot of [1, 2]) tell(bench.carousel, slot, seen, [entry])
    bench.run(40)
    expect(bench.data.slice(CHUNK_SYMBOLS).map(one => one.symbol)).toEqual([0, 2])
    expect(bench.transmitter.stats()).toMatchObject({ phase: 'asking' })
  })
})

describe('SYNC', () => {
  const gaps = (bench: Bench): number[] =>
    bench.syncs.slice(1).map((one, i) => one.atMs - (bench.syncs[i]?.atMs ?? 0))

  it('comes each 50 ms while data goes out', () => {
    const bench = createBench(400, { rate: 20e6 })
    join(bench.carousel, 1)
    bench.run(1_000)
    expect(bench.syncs.length).toBeGreaterThanOrEqual(18)
    expect(bench.syncs.every(one => !one.isReportNow)).toBe(true)
    expect(Math.min(...gaps(bench))).toBeGreaterThanOrEqual(50)
    expect(Math.max(...gaps(bench))).toBeLessThan(53)
  })

  it('comes again while asking, since one may be lost, and ever less often', () => {
    const bench = createBench(1)
    join(bench.carousel, 1)
    bench.run(250)
    const asking = bench.syncs.filter(one => one.isReportNow)
    // At once, then after 20, 40, 80 and 80 ms.
    expect(asking.length).toBe(5)
  })

  it('comes at most each 55 ms when idle', () => {
    const bench = createBench(1)
    bench.run(1_000)
    expect(bench.data).toEqual([])
    expect(bench.syncs.length).toBeGreaterThanOrEqual(17)
    expect(bench.syncs.length).toBeLessThanOrEqual(30)
  })
})

describe('a pause', () => {
  it('stops data within the same tick, says so, and goes on where it stopped', () => {
    const bench = createBench(100, { rate: 50e6 })
    join(bench.carousel, 1)
    bench.run(100)
    bench.transmitter.setPaused(true)
    const before = bench.data.length
    bench.run(1_100)
    expect(bench.data).toHaveLength(before)
    const paused = bench.syncs.filter(one => one.isPaused)
    expect(paused.length).toBeGreaterThanOrEqual(17)
    expect(paused.length).toBeLessThanOrEqual(20)
    bench.transmitter.setPaused(false)
    bench.run(4_000)
    const first = bench.data.filter(one => !one.isRepeat)
    expect(new Set(first.map(one => `${one.chunk}/${one.symbol}`)).size).toBe(100 * CHUNK_SYMBOLS)
    expect(first).toHaveLength(100 * CHUNK_SYMBOLS)
  })

  it('does not save up what it did not send', () => {
    const bench = createBench(100, { rate: 50e6 })
    join(bench.carousel, 1)
    bench.transmitter.setPaused(true)
    bench.run(5_000)
    bench.transmitter.setPaused(false)
    bench.run(5_010)
    expect(bench.data.length).toBeLessThan(60)
  })
})
