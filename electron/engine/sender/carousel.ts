/**
 * Which symbols go out next. Pure: no clock, socket or disk. PROTOCOL.md §6.2.
 *
 * Stragglers' needs wait until nobody else lacks anything: then passes are theirs, catching up. Where others go on and
 * on, as late joiners make them, stragglers get a share of every pass but the first.
 *
 * Two sources, reported gaps before fresh chunks: gaps are small and let receivers free memory, yet they may take at
 * most half of what is sent while fresh chunks remain, so that a lossy machine cannot hold up the others.
 */
import { blockLayout, blockSymbols } from '../../../shared/protocol/blocks.ts'
import {
  MAX_BLOCK_SYMBOLS,
  MAX_CHUNK_BLOCKS,
  MAX_FILL_SYMBOLS,
} from '../../../shared/protocol/limits.ts'
import {
  BITMAP_BYTES,
  type NeedEntry,
  type NeedReport,
} from '../../../shared/protocol/needReport.ts'
import { isLaterSeq } from '../../../shared/protocol/packet.ts'
import { createFills, type Fill, type FillSymbol } from './fills.ts'
import { createFlights } from './flights.ts'
import { createNeedSum, type NeedSum, type Tally } from './needSum.ts'
import { createLossMeter, lastRows, proactiveRows, spareRows } from './proactive.ts'

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
  /** The needs that are served now. */
  readonly served: Tally
  /** Only stragglers lack something: the pass is theirs. */
  readonly isCatchingUp: boolean
  /** What is still lacking is on its way over control connections. */
  readonly isOnlyFilling: boolean
  /** Every entry must name chunks below the manifest's count: the session checks. */
  report(slot: number, report: NeedReport): void
  /** Null at the end of a pass, when no gap is known and no fresh chunk is wanted. */
  next(): Slice | null
  /** The slice went out; `lastSeq` is the txSeq of its last datagram. */
  sent(slice: Slice, lastSeq: number): void
  /** Starts over. After a pass that sent nothing, chunks thought partial are taken as wanted whole. */
  beginPass(): void
  /** Of what is sent while others are served too, for stragglers; 0 to 1. */
  setDeferredShare(share: number): void
  /** The next symbols for one machine alone. */
  nextFill(): Fill | null
  filled(slot: number): void
  /** Its connection is another one now, or none. */
  forget(slot: number): void
}

/** Repairs may run ahead of fresh data by this many symbols at most: eight chunks. */
const REPAIR_CREDIT_SYMBOLS = 8 * 745
/** Repair rows of a block: 128 symbol numbers are left for them, each good for once. */
const ROWS = 256 - MAX_BLOCK_SYMBOLS

/** Missing symbols cost no more than repair symbols, give or take a tenth. */
const NEARLY_SAME = 1.1

type BlockEntry = Extract<NeedEntry, { kind: 'block' }>

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
  const meter = createLossMeter()
  const fills = createFills()
  const flights = createFlights()
  /** The txSeq that ended the chunk's last transmission as a whole. */
  const lastSeq = new Uint32Array(storedBytes.length)
  const wasSent = new Uint8Array(storedBytes.length)
  const gaps = new Map<number, Gap>()
  /** The next repair row of each block, chunk by chunk. */
  const nextRow = new Uint8Array(storedBytes.length * MAX_CHUNK_BLOCKS)
  const slots = new Set<number>()
  /** Rows to send with a block of so many symbols; forgotten with each report. */
  const rowsFor = new Map<number, number>()
  let isCatchingUp = false
  let cursor = 0
  let deferredCursor = 0
  let deferredShare = 0
  let deferredCredit = 0
  let pass = 1
  let credit = 0
  let slicesInPass = 0
  let wholeOnItsWay: number | null = null

  const served = (): Tally => (isCatchingUp ? needs.deferred : needs.prompt)
  const losses = (): number[] =>
    [...slots].filter(slot => needs.tallyOf(slot) === needs.prompt).map(slot => meter.loss(slot))

  function takeGap(): Slice | null {
    for (const [chunk, gap] of gaps) {
      gaps.delete(chunk)
      if (served().partial(chunk) === 0 || fills.has(chunk)) continue
      const { blockCount } = blockLayout(storedBytes[chunk] ?? 0)
      const atEnd = isAtEnd() ? losses() : []
      const symbols = interleave(
        Array.from({ length: blockCount }, (_, block) => mending(chunk, block, gap, atEnd)),
      )
      if (symbols.length === 0) continue
      flights.begin(chunk, symbols)
      return slice(chunk, symbols, { isRepeat: true, isGap: true })
    }
    return null
  }

  /**
   * One fresh repair symbol serves every receiver, whatever each one misses: also those whose reports are still to come.
   * The missing symbols themselves go out where that costs no more, and nobody then has to decode: when a single
   * receiver lacks the chunk, or all have reported the same loss, as a full queue in the sender makes it. So they do
   * once a block's rows are used up: a row sent again is worth nothing to those who hold it.
   */
  function mending(chunk: number, block: number, gap: Gap, atEnd: readonly number[]): number[] {
    const k = blockSymbols(blockLayout(storedBytes[chunk] ?? 0), block)
    const missing = setBits(gap.missing.subarray(block * BITMAP_BYTES)).filter(one => one < k)
    const most = Math.min(gap.most[block] ?? 0, k)
    const row = nextRow[chunk * MAX_CHUNK_BLOCKS + block] ?? 0
    if (row + most > ROWS) return missing
    const isSameForAll =
      gap.reporters.size >= served().lack(chunk) && missing.length <= most * NEARLY_SAME
    const spare = spareRows(most, atEnd, gap.reporters.size)
    return isSameForAll
      ? [...missing, ...takeRows(chunk, block, spare)]
      : takeRows(chunk, block, most + spare)
  }

  /** Fresh repair symbols, at most as many as the block has left. */
  function takeRows(chunk: number, block: number, wanted: number): number[] {
    const at = chunk * MAX_CHUNK_BLOCKS + block
    const row = nextRow[at] ?? 0
    const count = Math.min(wanted, ROWS - row)
    nextRow[at] = row + count
    return Array.from({ length: count }, (_, i) => MAX_BLOCK_SYMBOLS + row + i)
  }

  /** Whether the pass has a whole chunk to send yet, which is then at the cursor. */
  function hasFresh(): boolean {
    const tally = served()
    for (; cursor < storedBytes.length; cursor++) {
      if (tally.lack(cursor) > tally.partial(cursor) && !fills.has(cursor)) return true
    }
    return false
  }

  function takeFresh(): Slice | null {
    if (!hasFresh()) return null
    cursor++
    return wholeChunk(cursor - 1)
  }

  /** While others are served: a chunk that stragglers alone lack. */
  function takeDeferred(): Slice | null {
    if (isCatchingUp || pass === 1 || deferredCredit < 0) return null
    const { prompt, deferred } = needs
    if (deferred.lackingChunks === 0) return null
    for (let looked = 0; looked < storedBytes.length; looked++) {
      const chunk = deferredCursor
      deferredCursor = (deferredCursor + 1) % storedBytes.length
      if (prompt.lack(chunk) > 0 || deferred.lack(chunk) <= deferred.partial(chunk)) continue
      return wholeChunk(chunk)
    }
    return null
  }

  function wholeChunk(chunk: number): Slice {
    gaps.delete(chunk)
    flights.forget(chunk)
    wholeOnItsWay = chunk
    const layout = blockLayout(storedBytes[chunk] ?? 0)
    const isEnd = isAtEnd()
    const symbols = interleave(
      Array.from({ length: layout.blockCount }, (_, block) => {
        const k = blockSymbols(layout, block)
        const rows = isEnd ? lastRows(k, losses(), layout.blockCount) : rowsAmid(k)
        const source = Array.from({ length: k }, (__, symbol) => symbol)
        return [...source, ...takeRows(chunk, block, rows)]
      }),
    )
    return slice(chunk, symbols, { isRepeat: wasSent[chunk] === 1, isGap: false })
  }

  /** Nothing fresh is left, and many must answer before the next pass: one alone does so at once. */
  function isAtEnd(): boolean {
    return !isCatchingUp && served().receivers > 1 && !hasFresh()
  }

  function rowsAmid(k: number): number {
    // A straggler's loss may only be its slow link's, and gone at its own pace.
    const rows = isCatchingUp ? 0 : (rowsFor.get(k) ?? proactiveRows(k, losses()))
    rowsFor.set(k, rows)
    return rows
  }

  function slice(
    chunk: number,
    symbols: Uint16Array,
    kind: Pick<Slice, 'isRepeat' | 'isGap'>,
  ): Slice {
    return { chunk, symbols, ...kind }
  }

  function take(): Slice | null {
    if (isCatchingUp && needs.prompt.lackingChunks > 0) begin()
    if (deferredShare > 0) {
      const one = takeDeferred()
      if (one) {
        deferredCredit -= one.symbols.length / deferredShare
        return one
      }
    }
    if (credit >= 0) return takeGap() ?? takeFresh()
    return takeFresh() ?? takeGap()
  }

  function begin(): void {
    slicesInPass = 0
    cursor = 0
    credit = 0
    const { prompt, deferred } = needs
    const wasCatchingUp = isCatchingUp
    isCatchingUp = prompt.lackingChunks === 0 && deferred.lackingChunks > 0
    if (wasCatchingUp === isCatchingUp) return
    gaps.clear()
    rowsFor.clear()
  }

  function isCurrent(chunk: number, seenSeq: number): boolean {
    // Older than the chunk's last transmission as a whole, or in the midst of it: it lists what is in flight.
    if (chunk === wholeOnItsWay) return false
    return wasSent[chunk] === 0 || !isLaterSeq(lastSeq[chunk] ?? 0, seenSeq)
  }

  function addGap(slot: number, entry: BlockEntry, seenSeq: number): void {
    const { chunk, block, missing, missingCount } = flights.beyond(entry, seenSeq)
    if (missingCount === 0) return
    const gap = gaps.get(chunk) ?? newGap()
    gaps.set(chunk, gap)
    gap.reporters.add(slot)
    const at = block * BITMAP_BYTES
    missing.forEach((byte, i) => {
      gap.missing[at + i] = (gap.missing[at + i] ?? 0) | byte
    })
    gap.most[block] = Math.max(gap.most[block] ?? 0, missingCount)
  }

  /** These blocks are all that the machine still lacks, they are few, and nobody else lacks them. */
  function areLast(slot: number, blocks: readonly BlockEntry[], seenSeq: number): boolean {
    const chunks = new Set(blocks.map(entry => entry.chunk))
    if (chunks.size === 0 || chunks.size !== needs.lackedBy(slot)) return false
    const symbols = blocks.reduce((sum, entry) => sum + entry.missingCount, 0)
    if (symbols > MAX_FILL_SYMBOLS) return false
    return [...chunks].every(
      chunk =>
        wasSent[chunk] === 1 &&
        isCurrent(chunk, seenSeq) &&
        !flights.areOut(chunk, seenSeq) &&
        needs.prompt.lack(chunk) + needs.deferred.lack(chunk) === 1,
    )
  }

  /** Any different symbols complete a block: of the missing ones, as many as it takes. */
  function lastSymbols({ chunk, block, missing, missingCount }: BlockEntry): FillSymbol[] {
    const layout = blockLayout(storedBytes[chunk] ?? 0)
    if (block >= layout.blockCount) return []
    const k = blockSymbols(layout, block)
    return setBits(missing)
      .filter(symbol => symbol < k)
      .slice(0, missingCount)
      .map(symbol => ({ chunk, block, symbol }))
  }

  return {
    needs,
    get pass() {
      return pass
    },
    get served() {
      return served()
    },
    get isCatchingUp() {
      return isCatchingUp
    },
    get isOnlyFilling() {
      return fills.chunkCount > 0 && fills.chunkCount >= served().lackingChunks
    },
    report(slot, report) {
      slots.add(slot)
      meter.update(slot, report)
      rowsFor.clear()
      const blocks: BlockEntry[] = []
      for (const entry of report.entries) {
        if (entry.kind === 'block') {
          const tally = needs.markPartial(slot, entry.chunk)
          if (tally !== null) blocks.push(entry)
          if (tally === served() && isCurrent(entry.chunk, report.seenSeq))
            addGap(slot, entry, report.seenSeq)
        } else needs.run(slot, entry.kind, entry.firstChunk, entry.length)
      }
      needs.heard(slot, report.seenSeq)
      fills.reported(slot, needs.lackedBy(slot))
      if (areLast(slot, blocks, report.seenSeq)) fills.offer(slot, blocks.flatMap(lastSymbols))
    },
    next: take,
    sent({ chunk, symbols, isGap }, seq) {
      slicesInPass++
      if (isGap) flights.sent(chunk, seq)
      else {
        wholeOnItsWay = null
        lastSeq[chunk] = seq
        wasSent[chunk] = 1
      }
      // A whole chunk counts as fresh in every pass: a late joiner's pass leaves room for gaps too.
      credit += isGap ? -symbols.length : symbols.length
      credit = Math.min(credit, REPAIR_CREDIT_SYMBOLS)
      deferredCredit = Math.min(deferredCredit + symbols.length, 0)
    },
    beginPass() {
      // Nobody repaired what was called partial: whatever was lost on the way, whole chunks mend it.
      if (slicesInPass === 0) needs.forgetPartials()
      else pass++
      begin()
    },
    setDeferredShare: share => void (deferredShare = share),
    nextFill: fills.take,
    filled: fills.taken,
    forget(slot) {
      slots.delete(slot)
      meter.forget(slot)
      fills.forget(slot)
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
