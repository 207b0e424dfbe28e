/**
 * The rate of a session without a cap of its own. Pure; one step each 200 ms of sending.
 *
 * Loss above the floor may mean that some buffer overflows: step back. If it stays as it was although the rate fell to
 * less than half, it is the cable's, not ours: it becomes the floor, the rate returns, and it slows nobody any more. The
 * median receiver decides, so one bad port slows nobody either.
 */

export interface RateStep {
  /** Share of datagrams lost since the last step, one value per counted receiver. */
  readonly losses: readonly number[]
  /** What actually went out, bits per second: a sender that cannot reach its rate must not raise it further. */
  readonly sentBitsPerSecond: number
}

export interface RateControl {
  readonly rateBitsPerSecond: number
  step(step: RateStep): number
}

/** Any gigabit bench carries it with ease, and a 100 Mbit/s one shows at once that it does not. */
const FIRST_RATE = 400e6
const MIN_RATE = 5e6
const MAX_RATE = 10e9
/** Loss above the floor that counts as overflow; a high floor wavers more. */
const TOLERATED = 0.02
const TOLERATED_OF_FLOOR = 0.5
const SLOWER = 0.85
/** Well below where it last overflowed, and before it ever did: come up within seconds. Near there: creep. */
const FASTER_BELOW = 1.25
const FASTER = 1.04
const WELL_BELOW = 0.7
/** A trial ends at this share of the rate it began at: overflow would have shrunk to nothing or nearly so. */
const TRIAL_RATE = 0.45
/** Loss that is still this share of what it was did not depend on the rate. */
const UNCHANGED = 0.7
/** How fast the floor follows a cable that got better, and how slowly one that got worse. */
const FLOOR_FALL = 0.1
const FLOOR_RISE = 0.002

export function createRateControl(linkBitsPerSecond: number | null): RateControl {
  const ceiling = Math.min(MAX_RATE, (linkBitsPerSecond ?? MAX_RATE) * 0.95)
  let rate = Math.min(FIRST_RATE, ceiling)
  let floor = 0
  /** What went out when some buffer last overflowed. */
  let overflowedAt = Infinity
  /** The last rate at which loss was clearly less than before; compared with it, loss has not changed since. */
  let trial: {
    readonly rate: number
    readonly loss: number
    readonly overflowedAt: number
  } | null = null

  function stepBack(loss: number, sentBitsPerSecond: number): void {
    if (trial === null || loss < trial.loss * UNCHANGED) {
      trial = { rate, loss, overflowedAt: trial === null ? overflowedAt : trial.rate }
    }
    if (rate <= trial.rate * TRIAL_RATE) {
      floor = loss
      rate = trial.rate
      overflowedAt = trial.overflowedAt
      trial = null
      return
    }
    // Down from what went out, not from what was wished for.
    overflowedAt = Math.min(rate, Math.max(sentBitsPerSecond, rate / 2))
    rate = overflowedAt * SLOWER
  }

  return {
    get rateBitsPerSecond() {
      return rate
    },
    step({ losses, sentBitsPerSecond }) {
      if (losses.length === 0) return rate
      const loss = median(losses)
      if (loss - floor > Math.max(TOLERATED, floor * TOLERATED_OF_FLOOR)) {
        stepBack(loss, sentBitsPerSecond)
      } else {
        trial = null
        floor += loss < floor ? (loss - floor) * FLOOR_FALL : Math.min(loss - floor, FLOOR_RISE)
        const isReached = sentBitsPerSecond >= rate * 0.75
        if (isReached) rate *= rate < overflowedAt * WELL_BELOW ? FASTER_BELOW : FASTER
      }
      rate = Math.min(ceiling, Math.max(MIN_RATE, rate))
      return rate
    },
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
