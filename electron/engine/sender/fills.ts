/**
 * The last few symbols that one machine lacks go over its own control connection, where nothing is lost and nobody else
 * has to hear them. Pure: which fills are under way, and when to give one up. PROTOCOL.md §6.5.
 */
import { MAX_FILL_SYMBOLS } from '../../../shared/protocol/limits.ts'
import type { Slot } from './needSum.ts'

export interface FillSymbol {
  readonly chunk: number
  readonly block: number
  readonly symbol: number
}

export interface Fill {
  readonly slot: Slot
  /** At most MAX_FILL_SYMBOLS. */
  readonly symbols: readonly FillSymbol[]
}

export interface Fills {
  /** False when one is under way already, or the machine's connection did not take the last. */
  offer(slot: Slot, symbols: readonly FillSymbol[]): boolean
  /** The next to go out. */
  take(): Fill | null
  /** Its connection took the fill. */
  taken(slot: Slot): void
  /** It reported, and lacks so many chunks. */
  reported(slot: Slot, lackedChunks: number): void
  /** Its connection is another one now, or none. */
  forget(slot: Slot): void
  /** Whether this chunk is on its way to the only machine that lacks it. */
  has(chunk: number): boolean
  readonly chunkCount: number
}

/** Reports in which a filled machine may still list the symbols: a few prompt ones, then multicast mends them. */
const PATIENCE_REPORTS = 5
/** Reports that may pass until a connection has taken a fill: one that does not in 2 s is slower than multicast. */
const STUCK_REPORTS = 20

interface UnderWay {
  readonly fill: Fill
  isTaken: boolean
  isGivenUp: boolean
  reportsLeft: number
}

export function createFills(): Fills {
  const underWay = new Map<Slot, UnderWay>()
  const waiting: Fill[] = []
  const chunks = new Set<number>()

  function refresh(): void {
    chunks.clear()
    for (const { fill, isGivenUp } of underWay.values()) {
      if (!isGivenUp) for (const { chunk } of fill.symbols) chunks.add(chunk)
    }
  }

  function forget(slot: Slot): void {
    underWay.delete(slot)
    const at = waiting.findIndex(fill => fill.slot === slot)
    if (at >= 0) waiting.splice(at, 1)
    refresh()
  }

  return {
    offer(slot, symbols) {
      if (underWay.has(slot) || symbols.length === 0 || symbols.length > MAX_FILL_SYMBOLS) {
        return false
      }
      const fill = { slot, symbols }
      underWay.set(slot, { fill, isTaken: false, isGivenUp: false, reportsLeft: STUCK_REPORTS })
      waiting.push(fill)
      refresh()
      return true
    },
    take: () => waiting.shift() ?? null,
    taken(slot) {
      const one = underWay.get(slot)
      if (!one) return
      if (one.isGivenUp) return forget(slot)
      one.isTaken = true
      one.reportsLeft = PATIENCE_REPORTS
    },
    reported(slot, lackedChunks) {
      const one = underWay.get(slot)
      if (!one || one.isGivenUp) return
      if (one.isTaken && lackedChunks === 0) return forget(slot)
      if (--one.reportsLeft > 0) return
      if (one.isTaken) return forget(slot)
      // Its bytes still wait in the connection: no more until they have left.
      one.isGivenUp = true
      refresh()
    },
    forget,
    has: chunk => chunks.has(chunk),
    get chunkCount() {
      return chunks.size
    },
  }
}
