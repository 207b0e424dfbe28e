/**
 * The rate of a session without a cap of its own. Pure; one step each 200 ms of sending.
 *
 * Loss that stays when the rate falls is the cable's, not ours: it becomes the floor and no longer slows anyone. Loss
 * above the floor means some buffer overflows: step back. The median receiver decides, so one bad port slows nobody.
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
/** Loss above the floor that counts as overflow. */
const TOLERATED = 0.02
const SLOWER = 0.85
/** Until the first overflow the ceiling is unknown: find it within seconds. After it, creep. */
const FASTER_AT_FIRST = 1.25
const FASTER = 1.04
/** The floor forgets slowly, so that a cable put right counts again after some seconds. */
const FLOOR_RISE = 0.002

export function createRateControl(linkBitsPerSecond: number | null): RateControl {
  const ceiling = Math.min(MAX_RATE, (linkBitsPerSecond ?? MAX_RATE) * 0.95)
  let rate = Math.min(FIRST_RATE, ceiling)
  let floor = 1
  let hasOverflowed = false
  return {
    get rateBitsPerSecond() {
      return rate
    },
    step({ losses, sentBitsPerSecond }) {
      if (losses.length === 0) return rate
      const loss = median(losses)
      floor = Math.min(loss, floor + FLOOR_RISE)
      const isReached = sentBitsPerSecond >= rate * 0.75
      if (loss - floor > TOLERATED) {
        // Down from what went out, not from what was wished for.
        rate = Math.min(rate, Math.max(sentBitsPerSecond, rate / 2)) * SLOWER
        hasOverflowed = true
      } else if (isReached) rate *= hasOverflowed ? FASTER : FASTER_AT_FIRST
      rate = Math.min(ceiling, Math.max(MIN_RATE, rate))
      return rate
    },
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
