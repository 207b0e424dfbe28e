/**
 * Reports into rounds: what became of the datagrams that went out since the rate last changed. Pure; time is an
 * argument. A round is over when half of the counted receivers have told of a long enough stretch of them.
 */
import type { NeedReport } from '../../../shared/protocol/needReport.ts'
import type { Slot } from './needSum.ts'
import type { Round } from './rateControl.ts'

export interface ReportRounds {
  count(slot: Slot, isCounted: boolean): void
  withdraw(slot: Slot): void
  /** What has gone out by now; cheap, for each tick. */
  mark(txSeq: number, wireBytes: number, nowMs: number): void
  report(slot: Slot, report: Heard, nowMs: number): void
  /**
   * Null as long as too few have told of `spanMs` of sending and `datagrams`. After a round the next begins with what is
   * sent then.
   */
  take(spanMs: number, datagrams: number): Round | null
  /** Counts only what is sent from now on. */
  restart(): void
  /**
   * How late datagrams arrive, in ms since they were sent, and how many bits a second arrive, null when not known:
   * medians over what the counted receivers told last. A receiver is as late as in the best of its last few reports: a
   * busy computer's stumble is no queue.
   */
  arrival(nowMs: number): {
    readonly lagMs: number
    readonly bitsPerSecond: number | null
  }
}

export type Heard = Pick<
  NeedReport,
  'seenSeq' | 'receivedDatagrams' | 'missedDatagrams' | 'freeAssemblyKiB'
>

/** Where the sender was at some time. */
interface Mark {
  /** Not wrapped. */
  readonly seq: number
  readonly bytes: number
  readonly atMs: number
}

interface Sample {
  readonly mark: Mark
  readonly heardAtMs: number
  readonly received: number
  readonly missed: number
  /** 0 when it had seen all that went out. */
  readonly lagMs: number
  readonly freeKiB: number
}

interface Listener {
  isCounted: boolean
  /** The first and the last of this round. */
  first: Sample | null
  last: Sample | null
  /** The last few, whatever round. */
  recent: Sample[]
  /** Of its memory for chunks: free when nothing waited in it. */
  mostFreeKiB: number
}

const MARK_MS = 1
/** Four seconds: later reports are of no use. */
const MARKS = 4096
/** What arrives is measured over so long, ms: three reports' intervals. */
const RECENT_MS = 350
const LEAST_RECENT_MS = 60
const LAG_REPORTS = 3

export function createReportRounds(): ReportRounds {
  const listeners = new Map<Slot, Listener>()
  const marks: Mark[] = []
  let newest: Mark | null = null
  let newestWire = 0
  let fromSeq = 0

  const listener = (slot: Slot): Listener => {
    const known = listeners.get(slot)
    if (known) return known
    const made = { isCounted: false, first: null, last: null, recent: [], mostFreeKiB: 0 }
    listeners.set(slot, made)
    return made
  }
  const counted = (): Listener[] => [...listeners.values()].filter(one => one.isCounted)

  /** The last mark that was not behind this number; the oldest there is for one that is older still. */
  function markBefore(seq: number): Mark | null {
    let low = 0
    let high = marks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((marks[middle]?.seq ?? 0) <= seq) low = middle + 1
      else high = middle
    }
    return marks[Math.max(0, low - 1)] ?? null
  }

  function restart(): void {
    fromSeq = newest?.seq ?? 0
    for (const one of listeners.values()) one.first = one.last = null
  }

  return {
    count(slot, isCounted) {
      const one = listener(slot)
      one.isCounted = isCounted
      one.recent = []
    },
    withdraw: slot => void listeners.delete(slot),
    mark(txSeq, wireBytes, nowMs) {
      const passed = newest === null ? 0 : (txSeq - newestWire) >>> 0
      if (newest !== null && (nowMs - newest.atMs < MARK_MS || passed === 0)) return
      newest = { seq: (newest?.seq ?? 0) + passed, bytes: wireBytes, atMs: nowMs }
      newestWire = txSeq
      marks.push(newest)
      if (marks.length > MARKS) marks.splice(0, MARKS / 4)
    },
    report(slot, heard, nowMs) {
      const { seenSeq, receivedDatagrams: received, missedDatagrams: missed } = heard
      const freeKiB = heard.freeAssemblyKiB
      if (newest === null) return
      const one = listener(slot)
      // It may have seen what went out after the last mark.
      const behind = Math.max(0, (newestWire - seenSeq) | 0)
      const mark = markBefore(newest.seq - behind)
      if (mark === null) return
      const lagMs = behind === 0 ? 0 : Math.max(0, nowMs - mark.atMs - MARK_MS)
      const sample = { mark, heardAtMs: nowMs, received, missed, lagMs, freeKiB }
      one.mostFreeKiB = Math.max(one.mostFreeKiB, freeKiB)
      const restarted = one.recent.at(-1)
      if (restarted && (received < restarted.received || missed < restarted.missed)) {
        one.recent = []
        one.first = null
      }
      one.recent = one.recent.filter(each => nowMs - each.heardAtMs <= RECENT_MS)
      one.recent.push(sample)
      if (mark.seq < fromSeq) return
      one.first ??= sample
      one.last = sample
    },
    take(spanMs, datagrams) {
      const all = counted()
      const stretches = all.flatMap(one => stretch(one, spanMs, datagrams) ?? [])
      if (all.length === 0 || stretches.length * 2 < all.length) return null
      const middle = median(stretches, one => one.sentBitsPerSecond)
      restart()
      return {
        losses: stretches.map(one => one.loss),
        datagrams: middle?.datagrams ?? 0,
        sentBitsPerSecond: middle?.sentBitsPerSecond ?? 0,
        arrivedBitsPerSecond:
          median(stretches, one => one.arrivedBitsPerSecond)?.arrivedBitsPerSecond ?? 0,
        fullShare: median(stretches, one => one.fullShare)?.fullShare ?? 0,
        takenBitsPerSecond:
          median(stretches, one => one.takenBitsPerSecond)?.takenBitsPerSecond ?? 0,
      }
    },
    restart,
    arrival(nowMs) {
      const all = counted()
      const rates = all.flatMap(one => arriving(one, nowMs) ?? [])
      return {
        lagMs: median(all.map(lag), ms => ms) ?? 0,
        bitsPerSecond: median(rates, rate => rate) ?? null,
      }
    },
  }
}

interface Stretch {
  readonly loss: number
  readonly datagrams: number
  readonly sentBitsPerSecond: number
  readonly arrivedBitsPerSecond: number
  readonly fullShare: number
  readonly takenBitsPerSecond: number
}

function stretch(
  { first, last, mostFreeKiB }: Listener,
  spanMs: number,
  least: number,
): Stretch | null {
  if (first === null || last === null) return null
  const ms = last.mark.atMs - first.mark.atMs
  const missed = last.missed - first.missed
  const datagrams = last.received - first.received + missed
  if (ms < spanMs || datagrams < least) return null
  const sentBitsPerSecond = ((last.mark.bytes - first.mark.bytes) * 8000) / ms
  const loss = missed / datagrams
  // A queue that still fills loses little, but what went in during this time comes out in more.
  const heardMs = Math.max(ms, last.heardAtMs - first.heardAtMs)
  const arrivedBitsPerSecond = sentBitsPerSecond * (1 - loss) * (ms / heardMs)
  const fullShare = mostFreeKiB === 0 ? 0 : 1 - last.freeKiB / mostFreeKiB
  const waitingBits = (first.freeKiB - last.freeKiB) * 1024 * 8
  const takenBitsPerSecond = arrivedBitsPerSecond - (waitingBits * 1000) / heardMs
  return {
    loss,
    datagrams,
    sentBitsPerSecond,
    arrivedBitsPerSecond,
    fullShare,
    takenBitsPerSecond,
  }
}

function lag({ recent }: Listener): number {
  const last = recent.slice(-LAG_REPORTS)
  return last.length < LAG_REPORTS ? 0 : Math.min(...last.map(one => one.lagMs))
}

/** Bits a second, of the size that the datagrams sent meanwhile had on average. */
function arriving({ recent }: Listener, nowMs: number): number | null {
  const first = recent.find(one => nowMs - one.heardAtMs <= RECENT_MS)
  const last = recent.at(-1)
  if (first === undefined || last === undefined) return null
  const ms = last.heardAtMs - first.heardAtMs
  const datagrams = last.mark.seq - first.mark.seq
  if (ms < LEAST_RECENT_MS || datagrams < 1) return null
  const bytesEach = (last.mark.bytes - first.mark.bytes) / datagrams
  return ((last.received - first.received) * bytesEach * 8000) / ms
}

function median<T>(values: readonly T[], of: (value: T) => number): T | undefined {
  return values.toSorted((a, b) => of(a) - of(b))[values.length >> 1]
}
