/**
 * Which symbols go out next. Pure: no clock, socket or disk. PROTOCOL.md §6.2.
 *
 * Two sources, reported gaps before fresh chunks: gaps are small and let receivers free memory, yet they may take at
 * most half of what is sent while fresh chunks remain, so that a lossy machine cannot hold up the others.
 */
import { blockLayout, blockSymbols } from '../../../shared/protocol/blocks.ts'
import { MAX_CHUNK_BLOCKS } from '../../../shared/protocol/limits.ts'
import { BITMAP_BYTES, type NeedReport } from '../../../shared/protocol/needReport.ts'
import { isLaterSeq } from '../../../shared/protocol/packet.ts'
import { createNeedSum, type NeedSum } from './needSum.ts'

/** Symbols of one chunk in sending order, interleaved over its blocks: `block << 8 | symbol`. */
export interface Slice {
  readonly chunk: number
  readonly symbols: Uint16Array
  /** Some receiver was sent these before. */
  readonly isRepeat: boolean
  /** Reported gaps, as against a chunk that somebody needs whole. */
  readonly isGap: boolean
}

export interface Carousel {
  readonly pass: number
  readonly needs: NeedSum
  /** Every entry must name chunks below the manifest's count: the session checks. */
  report(slot: number, report: NeedReport): void
  /** Null at the end of a pass, when no gap is known and no fresh chunk is wanted. */
  next(): Slice | null
  /** The slice went out; `lastSeq` is the txSeq of its last datagram. */
  sent(slice: Slice, lastSeq: number): void
  /** Starts over. After a pass that sent nothing, chunks thought partial are taken as wanted whole. */
  beginPass(): void
}

/** Repairs may run ahead of fresh data by this many symbols at most: eight chunks. */
const REPAIR_CREDIT_SYMBOLS = 8 * 745
const CHUNK_BITMAP_BYTES = MAX_CHUNK_BLOCKS * BITMAP_BYTES

export function createCarousel(storedBytes: Uint32Array): Carousel {
  const needs = createNeedSum(storedBytes.length)
  const lastSeq = new Uint32Array(storedBytes.length)
  const wasSent = new Uint8Array(storedBytes.length)
  const gaps = new Map<number, Uint8Array>()
  let cursor = 0
  let pass = 1
  let credit = 0
  let slicesInPass = 0

  function takeGap(): Slice | null {
    for (const [chunk, bitmap] of gaps) {
      gaps.delete(chunk)
      if (needs.partial(chunk) === 0) continue
      const symbols = interleave(storedBytes[chunk] ?? 0, bitmap)
      if (symbols.length > 0) return { chunk, symbols, isRepeat: true, isGap: true }
    }
    return null
  }

  function takeFresh(): Slice | null {
    for (; cursor < storedBytes.length; cursor++) {
      if (needs.lack(cursor) <= needs.partial(cursor)) continue
      const chunk = cursor++
      gaps.delete(chunk)
      const symbols = interleave(storedBytes[chunk] ?? 0, null)
      return { chunk, symbols, isRepeat: wasSent[chunk] === 1, isGap: false }
    }
    return null
  }

  function take(): Slice | null {
    if (credit >= 0) return takeGap() ?? takeFresh()
    return takeFresh() ?? takeGap()
  }

  return {
    needs,
    get pass() {
      return pass
    },
    report(slot, report) {
      for (const entry of report.entries) {
        if (entry.kind !== 'block') {
          needs.run(slot, entry.kind, entry.firstChunk, entry.length)
          continue
        }
        const { chunk } = entry
        if (!needs.markPartial(slot, chunk)) continue
        // Older than the chunk's last transmission: it lists what is in flight.
        if (wasSent[chunk] === 1 && isLaterSeq(lastSeq[chunk] ?? 0, report.seenSeq)) continue
        const bitmap = gaps.get(chunk) ?? new Uint8Array(CHUNK_BITMAP_BYTES)
        gaps.set(chunk, bitmap)
        const at = entry.block * BITMAP_BYTES
        entry.missing.forEach((byte, i) => {
          bitmap[at + i] = (bitmap[at + i] ?? 0) | byte
        })
      }
      needs.heard(slot, report.seenSeq)
    },
    next: () => take(),
    sent(slice, seq) {
      slicesInPass++
      lastSeq[slice.chunk] = seq
      wasSent[slice.chunk] = 1
      // A whole chunk counts as fresh in every pass: a late joiner's pass leaves room for gaps too.
      credit += slice.isGap ? -slice.symbols.length : slice.symbols.length
      credit = Math.min(credit, REPAIR_CREDIT_SYMBOLS)
    },
    beginPass() {
      // Nobody repaired what was called partial: whatever was lost on the way, whole chunks mend it.
      if (slicesInPass === 0) needs.forgetPartials()
      else pass++
      slicesInPass = 0
      cursor = 0
      credit = 0
    },
  }
}

/**
 * Symbols of a stored chunk, the i-th of every block before any (i+1)-th: a burst of lost datagrams is spread over all
 * blocks. With a bitmap (set = wanted) only those.
 */
function interleave(storedBytes: number, bitmap: Uint8Array | null): Uint16Array {
  const layout = blockLayout(storedBytes)
  const symbols = new Uint16Array(layout.symbolCount)
  let count = 0
  const deepest = blockSymbols(layout, 0)
  for (let symbol = 0; symbol < deepest; symbol++) {
    for (let block = 0; block < layout.blockCount; block++) {
      if (symbol >= blockSymbols(layout, block)) continue
      if (bitmap && !isSet(bitmap, block, symbol)) continue
      symbols[count++] = (block << 8) | symbol
    }
  }
  return symbols.subarray(0, count)
}

function isSet(bitmap: Uint8Array, block: number, symbol: number): boolean {
  const byte = bitmap[block * BITMAP_BYTES + (symbol >> 3)] ?? 0
  return (byte & (1 << (symbol & 7))) !== 0
}
