/**
 * Counts loss by gaps in txSeq, apart from repair. Reordered datagrams are taken out of the count again; duplicates are
 * told apart. Serial arithmetic: RFC 1982. PROTOCOL.md §4.1.
 */
import { FILL_SEQ } from '../shared/protocol/fill.ts'
import { isLaterSeq } from '../shared/protocol/packet.ts'

/** How far back a late datagram is still recognised; switches reorder by a few, bonded links by hundreds. */
const WINDOW = 4096

/** So many in a row older than the window can only be a sender that started again. */
const RESTART_AFTER = 64

/** No run is so long that it would wrap from here. */
const LAST_START = 0xff00_0000

/** Methods and no accessors, here and in all that takes a symbol: V8 gives each object with accessors a shape of its own. */
export interface Sequence {
  /** `newest` moves the front; `late` fills a gap; `old` and `repeat` change nothing. */
  see(txSeq: number): 'newest' | 'late' | 'old' | 'repeat'
  /** The number that `newest` would come next, of a run that `advance` may take; 0: none is known, or it is near the end. */
  next(): number
  /** `see` for `count` numbers from `next` on, one after the other. */
  advance(count: number): void
  /** Forgets where the sender was, not what was counted: a new connection may be to a new sender. */
  restart(): void
  /** Highest txSeq seen; 0 before the first. */
  seenSeq(): number
  received(): number
  missed(): number
}

export function createSequence(): Sequence {
  const window = new Uint8Array(WINDOW) // 1 where arrived
  let front: number | null = null
  let received = 0
  let missed = 0
  let oldInARow = 0

  function start(txSeq: number): void {
    front = txSeq
    window.fill(1) // What was before us was not missed by us.
    oldInARow = 0
  }

  function skipTo(from: number, txSeq: number): void {
    const gap = (txSeq - from - 1) >>> 0
    const isWrap = txSeq < from
    missed += isWrap ? gap - 1 : gap // Nothing has the number 0.
    if (gap >= WINDOW) window.fill(0)
    else for (let i = 1; i <= gap; i++) window[(from + i) % WINDOW] = 0
    if (isWrap) window[0] = 1
    window[txSeq % WINDOW] = 1
    front = txSeq
    oldInARow = 0
  }

  return {
    see(txSeq) {
      if (txSeq === FILL_SEQ) return 'old' // Came by the control connection: no part of the run.
      if (front === null) {
        received++
        start(txSeq)
        return 'newest'
      }
      if (isLaterSeq(txSeq, front)) {
        received++
        skipTo(front, txSeq)
        return 'newest'
      }
      if ((front - txSeq) >>> 0 >= WINDOW) {
        received++
        if (++oldInARow < RESTART_AFTER) return 'old'
        start(txSeq)
        return 'newest'
      }
      if (window[txSeq % WINDOW] === 1) return 'repeat'
      window[txSeq % WINDOW] = 1
      received++
      missed--
      return 'late'
    },
    next: () => (front === null || front > LAST_START ? 0 : front + 1),
    advance(count) {
      const from = front ?? 0
      for (let i = 1; i <= count; i++) window[(from + i) % WINDOW] = 1
      front = from + count
      received += count
      oldInARow = 0
    },
    restart() {
      front = null
    },
    seenSeq: () => front ?? 0,
    received: () => received,
    missed: () => missed,
  }
}
