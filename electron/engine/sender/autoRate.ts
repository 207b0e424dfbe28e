/** The automatic rate at work: reports in, a rate out. Pure; time is an argument. */
import type { Slot } from './needSum.ts'
import { createRateControl } from './rateControl.ts'
import { createReportRounds, type Heard } from './reportRounds.ts'

export interface AutoRate {
  readonly rateBitsPerSecond: number
  /** It is still looking for the rate: SYNC should ask for reports each time. */
  readonly isAskingForReports: boolean
  count(slot: Slot, isCounted: boolean): void
  withdraw(slot: Slot): void
  report(slot: Slot, report: Heard, nowMs: number): void
  /** What has gone out by now. */
  mark(txSeq: number, wireBytes: number, nowMs: number): void
  /** Whether the rate changed. */
  tick(nowMs: number): boolean
  /** Forgets what was sent before now: it went out under another rate, or not at all. */
  restart(): void
}

/** While rising, half of the time between two reports that were asked for: the first two after a change make a round. */
const RISING_SPAN_MS = 12
const RISING_DATAGRAMS = 30
const TRIAL_SPAN_MS = 40
/** One report's interval, less what timers waver. */
const SPAN_MS = 80
/** Fewer lose by chance what would look like overflow. */
const DATAGRAMS = 200
/** Reports come within a few ms of what they tell. So late is a queue that grows: buffers of switches are far smaller. */
const LATE_MS = 80
const CAUGHT_UP_MS = 40
/** How often a queue that does not empty is looked at again: as long as what arrives is measured over. */
const LOOK_AGAIN_MS = 350

export function createAutoRate(linkBitsPerSecond: number | null): AutoRate {
  const control = createRateControl(linkBitsPerSecond)
  const rounds = createReportRounds()
  /** Since when the queue is being emptied; null when there is none. */
  let emptyingAtMs: number | null = null

  function watchQueue(nowMs: number): void {
    const { lagMs, bitsPerSecond } = rounds.arrival(nowMs)
    if (
      lagMs > LATE_MS &&
      bitsPerSecond !== null &&
      nowMs - (emptyingAtMs ?? -Infinity) > LOOK_AGAIN_MS
    ) {
      emptyingAtMs = nowMs
      control.late(lagMs, bitsPerSecond)
    } else if (emptyingAtMs !== null && lagMs < CAUGHT_UP_MS) {
      emptyingAtMs = null
      control.caughtUp()
      rounds.restart()
    }
  }

  const isHurried = (): boolean => control.isRising || control.isOnTrial || emptyingAtMs !== null

  return {
    get rateBitsPerSecond() {
      return control.rateBitsPerSecond
    },
    get isAskingForReports() {
      return isHurried()
    },
    count: rounds.count,
    withdraw: rounds.withdraw,
    mark: rounds.mark,
    restart: rounds.restart,
    report: rounds.report,
    tick(nowMs) {
      const before = control.rateBitsPerSecond
      watchQueue(nowMs)
      if (emptyingAtMs === null) {
        const round = control.isRising
          ? rounds.take(RISING_SPAN_MS, RISING_DATAGRAMS)
          : rounds.take(isHurried() ? TRIAL_SPAN_MS : SPAN_MS, DATAGRAMS)
        if (round) control.step(round)
      }
      return control.rateBitsPerSecond !== before
    },
  }
}
