import { describe, expect, it } from 'vitest'
import { blockLayout, blockSymbols } from '../../../shared/protocol/blocks.ts'
import { CHUNK_BYTES, SYMBOL_BYTES } from '../../../shared/protocol/limits.ts'
import {
  BITMAP_BYTES,
  type NeedEntry,
  type NeedReport,
} from '../../../shared/protocol/needReport.ts'
import { type Carousel, createCarousel, type Slice } from './carousel.ts'

const WHOLE_CHUNK = 745

function bench(chunks: readonly number[], receivers = 1): Carousel {
  const carousel = createCarousel(Uint32Array.from(chunks))
  for (let slot = 1; slot <= receivers; slot++) {
    carousel.needs.admit(slot)
    carousel.needs.count(slot, true)
  }
  return carousel
}

function need(seenSeq: number, ...entries: NeedEntry[]): NeedReport {
  return {
    kind: 'need',
    isFirst: false,
    limiter: null,
    seenSeq,
    receivedDatagrams: 0,
    missedDatagrams: 0,
    kernelDrops: 0,
    freeAssemblyKiB: 0,
    entries,
  }
}

function gap(chunk: number, block: number, ...symbols: number[]): NeedEntry {
  const missing = new Uint8Array(BITMAP_BYTES)
  for (const symbol of symbols) {
    missing[symbol >> 3] = (missing[symbol >> 3] ?? 0) | (1 << (symbol & 7))
  }
  return { kind: 'block', chunk, block, missingCount: symbols.length, missing }
}

/** Sends the next slice; sequence numbers go on from `seq`. */
function sendNext(carousel: Carousel, seq: number): { slice: Slice; seq: number } {
  const slice = carousel.next()
  if (slice === null) throw new Error('nothing to send')
  const last = (seq + slice.symbols.length) >>> 0
  carousel.sent(slice, last)
  return { slice, seq: last }
}

function symbolsOf(slice: Slice | null): [block: number, symbol: number][] {
  return [...(slice?.symbols ?? [])].map(code => [code >> 8, code & 0xff])
}

describe('what goes out', () => {
  it('is nothing while nobody needs anything', () => {
    expect(createCarousel(Uint32Array.of(100, 100)).next()).toBe(null)
  })

  it('is every symbol of every needed chunk, once a pass, in the order of chunks', () => {
    const sizes = [CHUNK_BYTES, 5_000, 1]
    const carousel = bench(sizes)
    let seq = 0
    for (const [chunk, size] of sizes.entries()) {
      const sent = sendNext(carousel, seq)
      seq = sent.seq
      expect(sent.slice).toMatchObject({ chunk, isRepeat: false, isGap: false })
      const layout = blockLayout(size)
      const expected = Array.from({ length: layout.blockCount }, (_, block) =>
        Array.from({ length: blockSymbols(layout, block) }, (__, symbol) => `${block}/${symbol}`),
      ).flat()
      const codes = symbolsOf(sent.slice).map(([block, symbol]) => `${block}/${symbol}`)
      expect(codes.toSorted()).toEqual(expected.toSorted())
    }
    expect(carousel.next()).toBe(null)
    expect(seq).toBe(WHOLE_CHUNK + 4 + 1)
  })

  it('takes the i-th symbol of each block before any next: a burst of loss spreads over blocks', () => {
    const slice = bench([CHUNK_BYTES]).next()
    const symbols = symbolsOf(slice).map(([, symbol]) => symbol)
    expect(symbols).toEqual(symbols.toSorted((a, b) => a - b))
    expect(symbolsOf(slice).slice(0, 7)).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 0],
      [5, 0],
      [0, 1],
    ])
  })

  it('skips chunks that every receiver has', () => {
    const carousel = bench([1, 1, 1], 2)
    carousel.report(1, need(0, { kind: 'have', firstChunk: 0, length: 2 }))
    carousel.report(2, need(0, { kind: 'held', firstChunk: 1, length: 1 }))
    expect(sendNext(carousel, 0).slice.chunk).toBe(0)
    expect(sendNext(carousel, 1).slice.chunk).toBe(2)
    expect(carousel.next()).toBe(null)
  })
})

describe('reported gaps', () => {
  it('go before fresh chunks, only the missing symbols, marked as repeated', () => {
    const carousel = bench([CHUNK_BYTES, CHUNK_BYTES])
    const { seq } = sendNext(carousel, 0)
    carousel.report(1, need(seq, gap(0, 1, 3, 4), gap(0, 5, 0)))
    const { slice } = sendNext(carousel, seq)
    expect(slice).toMatchObject({ chunk: 0, isRepeat: true, isGap: true })
    expect(symbolsOf(slice)).toEqual([
      [1, 3],
      [5, 0],
      [1, 4],
    ])
    expect(carousel.next()?.chunk).toBe(1)
  })

  it('that differ between receivers are mended by repair symbols, as many as the worst needs', () => {
    const carousel = bench([CHUNK_BYTES], 3)
    const { seq } = sendNext(carousel, 0)
    carousel.report(1, need(seq, gap(0, 0, 1, 2)))
    carousel.report(2, need(seq, gap(0, 0, 2, 3, 5)))
    carousel.report(3, need(seq, gap(0, 1, 7)))
    const repair = sendNext(carousel, seq)
    expect(symbolsOf(repair.slice)).toEqual([
      [0, 128],
      [1, 7],
      [0, 129],
      [0, 130],
    ])
    carousel.report(1, need(repair.seq, gap(0, 0, 1)))
    carousel.report(2, need(repair.seq, gap(0, 0, 2)))
    expect(symbolsOf(carousel.next())).toEqual([[0, 131]])
  })

  it('of the only receiver that lacks the chunk go out themselves: it need not decode', () => {
    const carousel = bench([CHUNK_BYTES, 1], 2)
    const { seq } = sendNext(carousel, 0)
    carousel.report(2, need(seq, { kind: 'have', firstChunk: 0, length: 1 }))
    carousel.report(1, need(seq, gap(0, 0, 1, 2)))
    expect(symbolsOf(carousel.next())).toEqual([
      [0, 1],
      [0, 2],
    ])
  })

  it('of the first to report are mended so that those who report later are served too', () => {
    const carousel = bench([CHUNK_BYTES], 2)
    const { seq } = sendNext(carousel, 0)
    carousel.report(1, need(seq, gap(0, 0, 1)))
    expect(symbolsOf(carousel.next())).toEqual([[0, 128]])
  })

  it('that all receivers report alike go out themselves', () => {
    const carousel = bench([CHUNK_BYTES], 2)
    const { seq } = sendNext(carousel, 0)
    carousel.report(1, need(seq, gap(0, 0, 1, 2)))
    carousel.report(2, need(seq, gap(0, 0, 1, 2)))
    expect(symbolsOf(carousel.next())).toEqual([
      [0, 1],
      [0, 2],
    ])
  })

  it('use each of 128 repair rows once, then the missing symbols themselves', () => {
    const carousel = bench([CHUNK_BYTES], 2)
    let { seq } = sendNext(carousel, 0)
    const sent: number[][] = []
    for (let round = 0; round < 130; round++) {
      carousel.report(1, need(seq, gap(0, 0, 1)))
      carousel.report(2, need(seq, gap(0, 0, 2)))
      const next = sendNext(carousel, seq)
      seq = next.seq
      sent.push(symbolsOf(next.slice).map(([, symbol]) => symbol))
    }
    expect(sent.slice(0, 128).flat()).toEqual(Array.from({ length: 128 }, (_, row) => 128 + row))
    expect(sent.slice(128)).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  it('told in the midst of the chunk are on their way and do not count', () => {
    const carousel = bench([CHUNK_BYTES])
    const slice = carousel.next()
    carousel.report(1, need(300, gap(0, 0, 100)))
    if (slice) carousel.sent(slice, 745)
    expect(carousel.next()).toBe(null)
  })

  it('told before the chunk went by again are in flight already and do not count', () => {
    const carousel = bench([CHUNK_BYTES], 2)
    const first = sendNext(carousel, 0)
    carousel.report(1, need(first.seq, gap(0, 0, 7)))
    const repair = sendNext(carousel, first.seq)
    carousel.report(1, need(first.seq, gap(0, 0, 7)))
    expect(carousel.next()).toBe(null)
    carousel.report(1, need(repair.seq, gap(0, 0, 7)))
    expect(symbolsOf(carousel.next())).toEqual([[0, 129]])
  })

  it('told before a repair arrived get what it does not mend for them, without waiting for a report', () => {
    const carousel = bench([CHUNK_BYTES, CHUNK_BYTES], 3)
    const { seq } = sendNext(carousel, 0)
    carousel.report(1, need(seq, gap(0, 0, 7)))
    const repair = sendNext(carousel, seq)
    expect(symbolsOf(repair.slice)).toEqual([[0, 128]])
    carousel.report(2, need(seq, gap(0, 0, 1, 2, 3), gap(0, 4, 9)))
    expect(symbolsOf(carousel.next())).toEqual([
      [0, 129],
      [4, 128],
      [0, 130],
    ])
  })

  it('at the end of a lossy pass get spare rows, and the last chunk enough for everybody', () => {
    const carousel = bench([CHUNK_BYTES, CHUNK_BYTES], 4)
    const lose = (missedDatagrams: number): void => {
      for (let slot = 1; slot <= 4; slot++) {
        const receivedDatagrams = missedDatagrams * 19
        carousel.report(slot, { ...need(0), receivedDatagrams, missedDatagrams })
      }
    }
    lose(0)
    lose(100)
    const repairs = (slice: Slice): number =>
      symbolsOf(slice).filter(([, symbol]) => symbol >= 128).length
    const first = sendNext(carousel, 0)
    const last = sendNext(carousel, first.seq)
    expect(repairs(last.slice)).toBeGreaterThan(repairs(first.slice))
    carousel.report(1, need(last.seq, gap(1, 0, 5, 6, 7, 8)))
    expect(symbolsOf(carousel.next())).toHaveLength(5)
  })

  it('are compared over the wrap of txSeq', () => {
    const carousel = bench([CHUNK_BYTES], 2)
    const { seq } = sendNext(carousel, 0xffff_fff0)
    expect(seq).toBeLessThan(1000)
    carousel.report(1, need(0xffff_ffff, gap(0, 0, 7)))
    expect(carousel.next()).toBe(null)
    carousel.report(1, need(seq, gap(0, 0, 7)))
    expect(symbolsOf(carousel.next())).toEqual([[0, 128]])
  })

  it('of a receiver that is not counted, or of chunks it has, bring nothing', () => {
    const carousel = bench([CHUNK_BYTES], 2)
    const { seq } = sendNext(carousel, 0)
    carousel.needs.count(2, false)
    carousel.report(2, need(seq, gap(0, 0, 1)))
    carousel.report(1, need(seq, { kind: 'have', firstChunk: 0, length: 1 }))
    carousel.report(1, need(seq, gap(0, 0, 1)))
    expect(carousel.next()).toBe(null)
  })

  it('are forgotten when the receiver that told them has ended', () => {
    const carousel = bench([CHUNK_BYTES], 2)
    const { seq } = sendNext(carousel, 0)
    carousel.report(1, need(seq, { kind: 'have', firstChunk: 0, length: 1 }))
    carousel.report(2, need(seq, gap(0, 0, 1)))
    carousel.needs.withdraw(2)
    expect(carousel.next()).toBe(null)
  })

  it('name symbols that the chunk does not have only to be ignored', () => {
    const carousel = bench([5_000, 1])
    const { seq } = sendNext(carousel, 0)
    carousel.report(1, need(seq, gap(0, 0, 3, 4, 127), gap(0, 5, 1)))
    expect(symbolsOf(carousel.next())).toEqual([[0, 3]])
  })

  it('take at most half of what is sent while fresh chunks remain', () => {
    const carousel = bench(Array.from({ length: 60 }, () => CHUNK_BYTES))
    const everything = Array.from({ length: 6 }, (_, block) =>
      gap(0, block, ...Array.from({ length: 124 }, (__, symbol) => symbol)),
    )
    let seq = 0
    const sent = { gap: 0, fresh: 0 }
    for (let i = 0; i < 80; i++) {
      const next = sendNext(carousel, seq)
      seq = next.seq
      sent[next.slice.isGap ? 'gap' : 'fresh'] += next.slice.symbols.length
      // A receiver that asks for all of chunk 0 for ever.
      carousel.report(1, need(seq, ...everything))
      expect(sent.gap).toBeLessThanOrEqual(sent.fresh + WHOLE_CHUNK)
    }
    expect(sent.fresh).toBeGreaterThan(30 * WHOLE_CHUNK)
    expect(sent.gap).toBeGreaterThan(30 * WHOLE_CHUNK)
  })

  it('are served in a later pass too, between the chunks that a late joiner needs', () => {
    const carousel = bench(Array.from({ length: 10 }, () => CHUNK_BYTES))
    let seq = 0
    for (let i = 0; i < 10; i++) seq = sendNext(carousel, seq).seq
    carousel.report(1, need(seq, { kind: 'have', firstChunk: 1, length: 9 }))
    carousel.needs.admit(2)
    carousel.needs.count(2, true)
    carousel.beginPass()
    seq = sendNext(carousel, seq).seq
    seq = sendNext(carousel, seq).seq
    carousel.report(2, need(seq, gap(1, 2, 9)))
    expect(carousel.next()).toMatchObject({ chunk: 1, isGap: true, isRepeat: true })
  })

  it('leave no credit behind: fresh chunks earn eight chunks of repairs at most', () => {
    const count = 40
    const carousel = bench(Array.from({ length: count }, () => CHUNK_BYTES))
    let seq = 0
    for (let i = 0; i < 20; i++) seq = sendNext(carousel, seq).seq
    const all = Array.from({ length: 124 }, (_, symbol) => symbol)
    const entries = Array.from({ length: 20 }, (_, chunk) =>
      [0, 1, 2, 3, 4, 5].map(block => gap(chunk, block, ...all)),
    ).flat()
    carousel.report(1, need(seq, ...entries))
    const kinds: boolean[] = []
    for (let i = 0; i < 14; i++) {
      const next = sendNext(carousel, seq)
      seq = next.seq
      kinds.push(next.slice.isGap)
    }
    expect(kinds.indexOf(false)).toBeGreaterThanOrEqual(8)
    expect(kinds.indexOf(false)).toBeLessThanOrEqual(9)
    expect(kinds.slice(9)).toContain(true)
  })
})

describe('a pass', () => {
  it('does not repeat a whole chunk of which everyone holds part: the gaps mend it', () => {
    const carousel = bench([CHUNK_BYTES, CHUNK_BYTES])
    let { seq } = sendNext(carousel, 0)
    seq = sendNext(carousel, seq).seq
    carousel.report(1, need(seq, gap(0, 0, 7)))
    carousel.beginPass()
    expect(carousel.next()).toMatchObject({ chunk: 0, isGap: true })
    expect(carousel.next()).toMatchObject({ chunk: 1, isGap: false, isRepeat: true })
  })

  it('repeats a whole chunk if one receiver holds part and another nothing, which serves both', () => {
    const carousel = bench([CHUNK_BYTES], 2)
    const { seq } = sendNext(carousel, 0)
    carousel.report(1, need(seq, gap(0, 0, 7)))
    carousel.beginPass()
    const first = sendNext(carousel, seq)
    expect(first.slice.isGap).toBe(true)
    expect(carousel.next()).toMatchObject({ isGap: false, isRepeat: true })
  })

  it('that sent nothing makes the next take partial chunks as wanted whole', () => {
    const carousel = bench([CHUNK_BYTES])
    const { seq } = sendNext(carousel, 0)
    // Told, but too old to act on, and never told again.
    carousel.report(1, need(seq - 1, gap(0, 0, 7)))
    expect(carousel.next()).toBe(null)
    carousel.beginPass()
    expect(carousel.next()).toBe(null)
    carousel.beginPass()
    expect(carousel.next()).toMatchObject({ chunk: 0, isGap: false, isRepeat: true })
  })

  it('counts only when the one before sent something', () => {
    const carousel = bench([10])
    expect(carousel.pass).toBe(1)
    carousel.beginPass()
    expect(carousel.pass).toBe(1)
    sendNext(carousel, 0)
    carousel.beginPass()
    expect(carousel.pass).toBe(2)
  })

  it('brings a late joiner the chunks that went by, and nobody else anything', () => {
    const carousel = bench([10, 10, 10])
    let { seq } = sendNext(carousel, 0)
    seq = sendNext(carousel, seq).seq
    carousel.needs.admit(2)
    carousel.needs.count(2, true)
    seq = sendNext(carousel, seq).seq
    expect(carousel.next()).toBe(null)
    carousel.report(1, need(seq, { kind: 'have', firstChunk: 0, length: 3 }))
    carousel.report(2, need(seq, { kind: 'have', firstChunk: 2, length: 1 }))
    carousel.beginPass()
    expect(sendNext(carousel, seq).slice.chunk).toBe(0)
    expect(sendNext(carousel, seq).slice.chunk).toBe(1)
    expect(carousel.next()).toBe(null)
  })
})

it('cuts symbols of the size that the protocol names', () => {
  expect(Math.ceil(CHUNK_BYTES / SYMBOL_BYTES)).toBe(WHOLE_CHUNK)
})
