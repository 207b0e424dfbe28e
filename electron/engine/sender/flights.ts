/**
 * Mending symbols that went out and may not have arrived yet: of what a report lacks, so much is on its way. Pure.
 *
 * Without this each report that was written before the last repair of a chunk would have to be thrown away, and many
 * receivers, who differ in what they lack, would be served one round of reports after another.
 */
import { MAX_BLOCK_SYMBOLS, MAX_CHUNK_BLOCKS } from '../../../shared/protocol/limits.ts'
import { BITMAP_BYTES, countBits } from '../../../shared/protocol/needReport.ts'
import { isLaterSeq } from '../../../shared/protocol/packet.ts'

export interface Flights {
  /** `symbols` of the chunk, as in a slice, begin to go out. */
  begin(chunk: number, symbols: Uint16Array): void
  /** The chunk's last flight is out; `lastSeq` is the txSeq of its last datagram. */
  sent(chunk: number, lastSeq: number): void
  /** The chunk goes out as a whole, which leaves nothing to be said about what went before. */
  forget(chunk: number): void
  /** What a receiver that has seen `seenSeq` will still lack of the block when all of it has arrived. */
  beyond(lack: Lack, seenSeq: number): Lack
  /** Whether anything is on its way to a receiver that has seen `seenSeq`. */
  areOut(chunk: number, seenSeq: number): boolean
}

/** As in a need report. */
export interface Lack {
  readonly chunk: number
  readonly block: number
  readonly missingCount: number
  /** BITMAP_BYTES; set = missing. */
  readonly missing: Uint8Array
}

interface Flight {
  /** Null while it goes out. */
  lastSeq: number | null
  /** Repair rows of each block. */
  readonly rows: Uint8Array
  /** Source symbols of each block, as bitmaps. */
  readonly source: Uint8Array
}

/** Of one chunk: what went out before the last few has long arrived, or is lost. */
const MOST_OF_CHUNK = 16
/** Chunks mended since: a second at 10 Gbit/s if each were. A large image on a bad cable has a hundred times as many. */
const MOST_CHUNKS = 1_024

export function createFlights(): Flights {
  const flights = new Map<number, Flight[]>()

  function unseen(chunk: number, seenSeq: number): Flight[] {
    return (flights.get(chunk) ?? []).filter(
      ({ lastSeq }) => lastSeq === null || isLaterSeq(lastSeq, seenSeq),
    )
  }

  return {
    begin(chunk, symbols) {
      const ofChunk = flights.get(chunk) ?? []
      // Anew, so that the chunk mended longest ago is the first.
      flights.delete(chunk)
      flights.set(chunk, ofChunk)
      ofChunk.push(newFlight(symbols))
      if (ofChunk.length > MOST_OF_CHUNK) ofChunk.shift()
      const [oldest] = flights.keys()
      if (flights.size > MOST_CHUNKS && oldest !== undefined) flights.delete(oldest)
    },
    sent(chunk, lastSeq) {
      const flight = flights.get(chunk)?.at(-1)
      if (flight) flight.lastSeq ??= lastSeq
    },
    forget: chunk => void flights.delete(chunk),
    beyond: (lack, seenSeq) => unseen(lack.chunk, seenSeq).reduce(without, lack),
    areOut: (chunk, seenSeq) => unseen(chunk, seenSeq).length > 0,
  }
}

function newFlight(symbols: Uint16Array): Flight {
  const rows = new Uint8Array(MAX_CHUNK_BLOCKS)
  const source = new Uint8Array(MAX_CHUNK_BLOCKS * BITMAP_BYTES)
  for (const code of symbols) {
    const block = code >> 8
    const symbol = code & 0xff
    if (symbol >= MAX_BLOCK_SYMBOLS) rows[block] = (rows[block] ?? 0) + 1
    else {
      const at = block * BITMAP_BYTES + (symbol >> 3)
      source[at] = (source[at] ?? 0) | (1 << (symbol & 7))
    }
  }
  return { lastSeq: null, rows, source }
}

function without(lack: Lack, { rows, source }: Flight): Lack {
  const from = lack.block * BITMAP_BYTES
  const missing = lack.missing.map((byte, i) => byte & ~(source[from + i] ?? 0))
  const coming = countBits(lack.missing) - countBits(missing) + (rows[lack.block] ?? 0)
  return { ...lack, missing, missingCount: Math.max(0, lack.missingCount - coming) }
}
