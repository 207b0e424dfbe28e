/**
 * Which symbols go out next. Pure: no clock, socket or disk. PROTOCOL.md §6.2.
 *
 * Two sources, reported gaps before fresh chunks: gaps are small and let receivers free memory, yet they may take at
 * most half of what is sent while fresh chunks remain, so that a lossy machine cannot hold up the others.
 */
import { blockLayout, blockSymbols } from '../../../shared/protocol/blocks.ts'
import { MAX_BLOCK_SYMBOLS, MAX_CHUNK_BLOCKS } from '../../../shared/protocol/limits.ts'
import { BITMAP_BYTES, type NeedReport } from '../../../shared/protocol/needReport.ts'
import { isLaterSeq } from '../../../shared/protocol/packet.ts'
import { createNeedSum, type NeedSum } from './needSum.ts'

/** Symbols of one chunk in sending order, interleaved over its blocks: `block << 8 | symbol`; 128 and up are repair. */
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
/** Repair rows of a block: 128 symbol numbers are left for them, each good for once. */
const ROWS = 256 - MAX_BLOCK_SYMBOLS

/** Missing symbols cost no more than repair symbols, give or take a tenth. */
const NEARLY_SAME = 1.1

/** What is known to be missing of one chunk. */
interface Gap {
  /** For each block the union of missing source symbols. */
  readonly missing: Uint8Array
  /** For each block the most that any one receiver needs. */
  readonly most: Uint8Array
  /** Slots of those who told of it. */
  readonly reporters: Set<number>
}

export function createCarousel(storedBytes: Uint32Array): Carousel {
  const needs = createNeedSum(storedBytes.length)
  const lastSeq = new Uint32Array(storedBytes.length)
  const wasSent = new Uint8Array(storedBytes.length)
  const gaps = new Map<number, Gap>()
  /** The next repair row of each block, chunk by chunk. */
  const nextRow = new Uint8Array(storedBytes.length * MAX_CHUNK_BLOCKS)
  let cursor = 0
  let pass = 1
  let credit = 0
  let slicesInPass = 0
  let onItsWay: number | null = null

  function takeGap(): Slice | null {
    for (const [chunk, gap] of gaps) {
      gaps.delete(chunk)
      if (needs.partial(chunk) === 0) continue
      const { blockCount } = blockLayout(storedBytes[chunk] ?? 0)
      const symbols = interleave(
        Array.from({ length: blockCount }, (_, block) => mending(chunk, block, gap)),
      )
      if (symbols.length > 0) return { chunk, symbols, isRepeat: true, isGap: true }
    }
    return null
  }

  /**
   * One fresh repair symbol serves every receiver, whatever each one misses: also those whose reports are still to come.
   * The missing symbols themselves go out where that costs no more, and nobody then has to decode: when a single
   * receiver lacks the chunk, or all have reported the same loss, as a full queue in the sender makes it. So they do
   * once a block's rows are used up: a row sent again is worth nothing to those who hold it.
   */
  function mending(chunk: number, block: number, gap: Gap): number[] {
    const k = blockSymbols(blockLayout(storedBytes[chunk] ?? 0), block)
    const missing = setBits(gap.missing.subarray(block * BITMAP_BYTES)).filter(one => one < k)
    const most = Math.min(gap.most[block] ?? 0, k)
    const at = chunk * MAX_CHUNK_BLOCKS + block
    const row = nextRow[at] ?? 0
    const isSameForAll =
      gap.reporters.size >= needs.lack(chunk) && missing.length <= most * NEARLY_SAME
    if (isSameForAll || row + most > ROWS) return missing
    nextRow[at] = row + most
    return Array.from({ length: most }, (_, i) => MAX_BLOCK_SYMBOLS + row + i)
  }

  function takeFresh(): Slice | null {
    for (; cursor < storedBytes.length; cursor++) {
      if (needs.lack(cursor) <= needs.partial(cursor)) continue
      const chunk = cursor++
      gaps.delete(chunk)
      const symbols = wholeChunk(storedBytes[chunk] ?? 0)
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
        // Older than the chunk's last transmission, or in the midst of it: it lists what is in flight.
        if (chunk === onItsWay) continue
        if (wasSent[chunk] === 1 && isLaterSeq(lastSeq[chunk] ?? 0, report.seenSeq)) continue
        const gap = gaps.get(chunk) ?? newGap()
        gaps.set(chunk, gap)
        gap.reporters.add(slot)
        const at = entry.block * BITMAP_BYTES
        entry.missing.forEach((byte, i) => {
          gap.missing[at + i] = (gap.missing[at + i] ?? 0) | byte
        })
        gap.most[entry.block] = Math.max(gap.most[entry.block] ?? 0, entry.missingCount)
      }
      needs.heard(slot, report.seenSeq)
    },
    next() {
      const slice = take()
      onItsWay = slice?.chunk ?? null
      return slice
    },
    sent(slice, seq) {
      slicesInPass++
      onItsWay = null
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

function newGap(): Gap {
  return {
    missing: new Uint8Array(MAX_CHUNK_BLOCKS * BITMAP_BYTES),
    most: new Uint8Array(MAX_CHUNK_BLOCKS),
    reporters: new Set(),
  }
}

function wholeChunk(storedBytes: number): Uint16Array {
  const layout = blockLayout(storedBytes)
  return interleave(
    Array.from({ length: layout.blockCount }, (_, block) =>
      Array.from({ length: blockSymbols(layout, block) }, (__, symbol) => symbol),
    ),
  )
}

/** The i-th symbol of every block before any (i+1)-th: a burst of lost datagrams is spread over all blocks. */
function interleave(blocks: readonly (readonly number[])[]): Uint16Array {
  const symbols = new Uint16Array(blocks.reduce((sum, block) => sum + block.length, 0))
  const deepest = Math.max(...blocks.map(block => block.length))
  let count = 0
  for (let i = 0; i < deepest; i++) {
    for (const [block, list] of blocks.entries()) {
      const symbol = list[i]
      if (symbol !== undefined) symbols[count++] = (block << 8) | symbol
    }
  }
  return symbols
}

/** Of a block's bitmap, which may stand before others. */
function setBits(bitmap: Uint8Array): number[] {
  const symbols: number[] = []
  for (let symbol = 0; symbol < MAX_BLOCK_SYMBOLS; symbol++) {
    if (((bitmap[symbol >> 3] ?? 0) & (1 << (symbol & 7))) !== 0) symbols.push(symbol)
  }
  return symbols
}
