/** The automatic rate at work: reports in, a rate out. Pure; time is an argument. */
import type { Slot } from './needSum.ts'
import { createRateControl, HIGH_RATE } from './rateControl.ts'
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
/** From HIGH_RATE on, where more may be more than a computer takes: long enough to see whether this arrives. */
const HIGH_RISING_SPAN_MS = 60
const TRIAL_SPAN_MS = 40
/** One report's interval, less what timers waver. */
const SPAN_MS = 80
/** Fewer lose by chance what would look like overflow. */
const DATAGRAMS = 200
/** Reports come within a few ms of what they tell. So late is a queue that grows: buffers of switches are far smaller. */
const LATE_MS = 80
const CAUGHT_UP_MS = 40
/** How often a queue that does not empty is looked at again: longer than what arrives is measured over, and told. */
const LOOK_AGAIN_MS = 450
/** Between two reports nothing changes but the time: it is looked at this often. */
const LOOK_MS = 20
/** Out of a queue comes more than goes in while it empties. As much as goes in, just as late, was never in one. */
const FROM_QUEUE = 1.15

export function createAutoRate(linkBitsPerSecond: number | null): AutoRate {
  const control = createRateControl(linkBitsPerSecond)
  const rounds = createReportRounds()
  /** Since when the queue is being emptied; null when there is none. */
  let emptyingAtMs: number | null = null
  /** The longest it was meanwhile. */
  let worst = { queuedMs: 0, atMs: 0 }
  /** As late as datagrams are told of without any queue: computers at work, and reports that wait for their turn. */
  let usualMs = 0

  let hasNews = false
  let lookedAtMs = -Infinity

  function watchQueue(nowMs: number): void {
    const { lagMs, bitsPerSecond } = rounds.arrival(nowMs)
    usualMs = Math.min(usualMs, lagMs)
    const queuedMs = lagMs - usualMs
    if (emptyingAtMs === null || queuedMs >= worst.queuedMs) worst = { queuedMs, atMs: nowMs }
    if (emptyingAtMs !== null && queuedMs < CAUGHT_UP_MS) {
      // Even with nothing more going in, a queue of so many ms takes as many to empty: this was a computer's stumble.
      const isStumble = worst.queuedMs - queuedMs > nowMs - worst.atMs + CAUGHT_UP_MS
      emptyingAtMs = null
      if (isStumble) control.notQueued()
      else control.caughtUp()
      rounds.restart()
      return
    }
    if (queuedMs <= LATE_MS || bitsPerSecond === null) return
    // What arrives now was sent so long ago.
    if (nowMs - (emptyingAtMs ?? -Infinity) <= LOOK_AGAIN_MS + lagMs) return
    if (emptyingAtMs !== null && bitsPerSecond < control.rateBitsPerSecond * FROM_QUEUE) {
      emptyingAtMs = null
      usualMs = lagMs
      control.notQueued()
      rounds.restart()
      return
    }
    emptyingAtMs = nowMs
    control.late(queuedMs, bitsPerSecond)
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
    report(slot, report, nowMs) {
      rounds.report(slot, report, nowMs)
      hasNews = true
    },
    tick(nowMs) {
      if (!hasNews && nowMs - lookedAtMs < LOOK_MS) return false
      hasNews = false
      lookedAtMs = nowMs
      const before = control.rateBitsPerSecond
      watchQueue(nowMs)
      if (emptyingAtMs === null) {
        const round = control.isRising
          ? rounds.take(before < HIGH_RATE ? RISING_SPAN_MS : HIGH_RISING_SPAN_MS, RISING_DATAGRAMS)
          : rounds.take(isHurried() ? TRIAL_SPAN_MS : SPAN_MS, DATAGRAMS)
        if (round) control.step(round)
      }
      return control.rateBitsPerSecond !== before
    },
  }
}
