/**
 * The rate that one machine shows it can take; null while it takes everything. Pure; one step each half second while it
 * is served at that rate.
 *
 * A full memory means its disk paces: what it writes. What its own system drops before it reads its socket means that
 * its processor paces: what it reads, and less until the queue before it is gone. Loss may be a slow link's: what
 * arrives. If it stays at that rate it is the cable's, and no rate would be better.
 */
import type { MachineFigures } from './machineWindow.ts'

export interface OwnPace {
  readonly bitsPerSecond: number | null
  /** What was too much when it last was. */
  readonly ceiling: number
  readonly trial: { readonly loss: number; readonly steps: number } | null
  /** Its socket was full: what it takes comes out of a queue. */
  readonly isQueued: boolean
  /** Its loss does not depend on the rate. */
  readonly isCable: boolean
}

export const FULL_PACE: OwnPace = {
  bitsPerSecond: null,
  ceiling: Infinity,
  trial: null,
  isQueued: false,
  isCable: false,
}

/** A machine that takes less than this is lost rather than slow. */
const LEAST_BITS_PER_SECOND = 1e6
const LOSSY = 0.05
/** A buffer of 32 MiB may be full: of what it reads so much is sent until it is empty. */
const OVERFLOWING = 0.05
const EMPTYING = 0.75
/** Out of a queue comes more than goes in, and than SYNC and headers, which are not in what is sent. */
const FROM_QUEUE = 1.1
const BESIDES_BITS_PER_SECOND = 0.5e6
/** Loss that is still this share of what it was did not depend on the rate. */
const UNCHANGED = 0.7
/** Until the window holds nothing from before the trial. */
const TRIAL_STEPS = 5
/** Up within seconds where it never was too much; near there it creeps. */
const FASTER = 1.25
const FASTER_NEAR_CEILING = 1.02
const NEAR = 0.85
/** So far above, what was too much may be so no longer. */
const PASSED = 1.2
const FASTER_PASSED = 1.1
/** Above it, only who takes this much of what is sent is sent more: a queue that grows is not yet loss. */
const TAKEN = 0.85
/** Headers, and some of what it lost: what is sent must be a little more than what is written. */
const WIRE_SHARE = 1.06

/** `sentBitsPerSecond` went out meanwhile, of `rateBitsPerSecond` at most. */
export function nextPace(
  pace: OwnPace,
  figures: MachineFigures,
  sentBitsPerSecond: number,
  rateBitsPerSecond: number,
): OwnPace {
  const { isBacklogged, loss, overflow, writtenBitsPerSecond, takenBitsPerSecond } = figures
  if (isBacklogged && writtenBitsPerSecond > 0) {
    return { ...downTo(pace, writtenBitsPerSecond * WIRE_SHARE), ceiling: Infinity }
  }
  if (overflow > OVERFLOWING) {
    const bits = Math.min(pace.bitsPerSecond ?? Infinity, takenBitsPerSecond * EMPTYING)
    return { ...downTo(pace, bits), ceiling: takenBitsPerSecond, isQueued: true, isCable: false }
  }
  if (pace.isQueued) {
    const isEmptying = takenBitsPerSecond > sentBitsPerSecond * FROM_QUEUE + BESIDES_BITS_PER_SECOND
    if (isEmptying) return pace
    return faster({ ...pace, isQueued: false }, figures, sentBitsPerSecond, rateBitsPerSecond)
  }
  if (loss > LOSSY && !pace.isCable) {
    const { trial } = pace
    if (trial === null) return { ...downTo(pace, takenBitsPerSecond), trial: { loss, steps: 0 } }
    if (trial.steps < TRIAL_STEPS) return { ...pace, trial: { ...trial, steps: trial.steps + 1 } }
    if (loss >= trial.loss * UNCHANGED) return { ...FULL_PACE, isCable: true }
    return downTo(pace, takenBitsPerSecond)
  }
  return faster(pace, figures, sentBitsPerSecond, rateBitsPerSecond)
}

function downTo(pace: OwnPace, bitsPerSecond: number): OwnPace {
  const bits = Math.max(LEAST_BITS_PER_SECOND, bitsPerSecond)
  return { ...pace, bitsPerSecond: bits, ceiling: bits, trial: null }
}

function faster(
  pace: OwnPace,
  { takenBitsPerSecond: taken, loss }: MachineFigures,
  sentBitsPerSecond: number,
  rateBitsPerSecond: number,
): OwnPace {
  const { bitsPerSecond, ceiling } = pace
  if (bitsPerSecond === null || sentBitsPerSecond < bitsPerSecond * UNCHANGED) return pace
  if (bitsPerSecond > ceiling && taken < sentBitsPerSecond * (1 - loss) * TAKEN) return pace
  const bits = bitsPerSecond * stepUp(bitsPerSecond / ceiling)
  return { ...pace, trial: null, bitsPerSecond: bits >= rateBitsPerSecond ? null : bits }
}

function stepUp(shareOfCeiling: number): number {
  if (shareOfCeiling < NEAR) return FASTER
  return shareOfCeiling < PASSED ? FASTER_NEAR_CEILING : FASTER_PASSED
}
