/**
 * A bench on a virtual clock for the automatic rate: a link with a queue that drops at its tail, cables that lose at
 * random, receivers that report each 100 ms, or when asked to.
 */
import { REPORT_INTERVAL_MS } from '../../../shared/protocol/limits.ts'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { createAutoRate } from './autoRate.ts'

export interface Path {
  readonly bitsPerSecond: number
  readonly queueBytes: number
  /** Share that each receiver loses, independently. */
  readonly loss: number
  readonly receivers: number
  readonly seconds: number
}

export interface Travelled {
  /** Share of the link's capacity that came out of it, in [from, to) seconds. */
  used(from: number, to: number): number
  /** Dropped by the queue per byte that passed it. */
  readonly overflow: number
  readonly overflowBytes: number
  /** When nine tenths of the link were first used, over 100 ms; Infinity when never. */
  readonly foundAtMs: number
  readonly rates: readonly number[]
}

const WIRE_BYTES = 1474
const SYNC_MS = 25
/** A report on its way, and in its turn at both ends. */
const REPORT_DELAY_MS = 2

export function travel(path: Path): Travelled {
  const random = seededRandom(11)
  const auto = createAutoRate(null)
  const perMs = path.bitsPerSecond / 8000
  const passed: number[] = []
  const rates: number[] = []
  const ends = Array.from({ length: path.receivers }, () => ({ seen: 0, received: 0, missed: 0 }))
  /** Numbers in the queue as runs that were sent together; those in between were dropped. */
  const queue: { seq: number; count: number }[] = []
  const mail: { atMs: number; deliver(): void }[] = []
  let queued = 0
  let seq = 0
  let tokens = 0
  let credit = 0
  let dropped = 0
  let askedAtMs = 0
  const asked: number[] = []
  ends.forEach((_, slot) => auto.count(slot, true))

  function tell(nowMs: number): void {
    ends.forEach((end, slot) => {
      const report = {
        seenSeq: end.seen,
        receivedDatagrams: end.received,
        missedDatagrams: end.seen - end.received,
        freeAssemblyKiB: 1,
      }
      const atMs = nowMs + REPORT_DELAY_MS
      mail.push({ atMs, deliver: () => auto.report(slot, report, atMs) })
    })
  }

  for (let nowMs = 0; nowMs < path.seconds * 1000; nowMs++) {
    while ((mail[0]?.atMs ?? Infinity) <= nowMs) mail.shift()?.deliver()
    const due = auto.rateBitsPerSecond / 8000
    tokens = Math.min(tokens + due, due + 2 * WIRE_BYTES)
    const out = Math.max(0, Math.floor(tokens / WIRE_BYTES))
    tokens -= out * WIRE_BYTES
    // What a millisecond takes out leaves room for as much again.
    const room = Math.max(0, Math.floor((path.queueBytes + perMs) / WIRE_BYTES) - queued)
    const taken = Math.min(out, room)
    // Overflow drops in turns, as a full queue does, not the tail of each millisecond.
    if (taken > 0) queue.push({ seq: seq + out, count: taken })
    seq += out
    queued += taken
    dropped += out - taken
    credit = Math.min(credit + perMs / WIRE_BYTES, Math.max(queued, 1))
    let gone = 0
    for (let run = queue[0]; run !== undefined && credit >= 1; run = queue[0]) {
      const now = Math.min(run.count, Math.floor(credit))
      credit -= now
      gone += now
      queued -= now
      run.count -= now
      for (const end of ends) {
        end.seen = run.seq - run.count
        end.received += arriving(now, path.loss, random)
      }
      if (run.count === 0) queue.shift()
    }
    passed.push(gone * WIRE_BYTES)
    auto.mark(seq, seq * WIRE_BYTES, nowMs)
    const hasChanged = auto.tick(nowMs)
    rates.push(auto.rateBitsPerSecond)
    // As transmitter.ts asks, by SYNC that waits in the queue behind what was sent before.
    if (auto.isAskingForReports && (hasChanged || nowMs - askedAtMs >= SYNC_MS)) {
      askedAtMs = nowMs
      asked.push(seq)
    }
    const seen = ends[0]?.seen ?? 0
    const isHeard = asked.some(at => at <= seen)
    if (isHeard) asked.splice(0, asked.length, ...asked.filter(at => at > seen))
    if (isHeard || nowMs % REPORT_INTERVAL_MS === 0) tell(nowMs)
  }

  const sum = (from: number, to: number): number =>
    passed.slice(from, to).reduce((total, bytes) => total + bytes, 0)
  const foundAtMs = passed.findIndex((_, at) => sum(at, at + 100) > 0.9 * perMs * 100)
  return {
    used: (from, to) => sum(from * 1000, to * 1000) / (perMs * (to - from) * 1000),
    overflow: (dropped * WIRE_BYTES) / sum(0, passed.length),
    overflowBytes: dropped * WIRE_BYTES,
    foundAtMs: foundAtMs < 0 ? Infinity : foundAtMs,
    rates,
  }
}

/** How many of `count` arrive: a normal draw about the mean does for many, each by itself for few. */
function arriving(count: number, loss: number, random: () => number): number {
  if (loss === 0) return count
  if (count < 30) {
    let arrived = 0
    for (let i = 0; i < count; i++) if (random() >= loss) arrived++
    return arrived
  }
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const lost = Math.round(count * loss + normal * Math.sqrt(count * loss * (1 - loss)))
  return count - Math.min(count, Math.max(0, lost))
}
