/**
 * The rate of a session without a cap of its own. Pure: one step for each round of reports (reportRounds.ts).
 *
 *   rising ──loss, or datagrams come late──▶ holding: doubles no more, creeps up to where it last overflowed and past it
 *
 * Loss above the floor may mean that some buffer overflows: down to what arrived. If it stays as it was although the
 * rate fell to half, and half as much arrives, it is the cable's, not ours: it becomes the floor, the rate returns, and
 * it slows nobody any more. The median receiver decides, so one bad port slows nobody either.
 */

/** What the reports on one stretch of datagrams tell, all of them sent at the rate of the last step. */
export interface Round {
  /** Share of datagrams lost, one value per counted receiver that reported. */
  readonly losses: readonly number[]
  /** So many each: few datagrams say little about loss. */
  readonly datagrams: number
  /** What actually went out: a sender that cannot reach its rate must not raise it further. */
  readonly sentBitsPerSecond: number
  /** What arrived meanwhile, at the median receiver. */
  readonly arrivedBitsPerSecond: number
  /** How much of its memory for chunks the median receiver has filled: they wait for its disk, or its processor. */
  readonly fullShare: number
  /** What left that memory for the disk. */
  readonly takenBitsPerSecond: number
}

export interface RateControl {
  readonly rateBitsPerSecond: number
  /** Looking whether loss depends on the rate: rounds should be long enough to tell. */
  readonly isOnTrial: boolean
  /** Doubling: rounds should be short. Not while the sender itself cannot reach the rate. */
  readonly isRising: boolean
  step(round: Round): number
  /** Datagrams arrive later and later: a queue grows, although nothing is lost yet. */
  late(lagMs: number, arrivingBitsPerSecond: number): number
  /** The queue is empty again. */
  caughtUp(): number
  /** There was none: they arrive as late at the lower rate. */
  notQueued(): number
}

/** Slower than any bench's slowest part but Ethernet's first generation: the first rounds lose nothing. */
const FIRST_RATE = 8e6
/** Nor do they at this share of a card that says how fast it is: a port of a tenth takes four times as much. */
const FIRST_SHARE = 1 / 40
const MIN_RATE = 5e6
const MAX_RATE = 10e9
/** Loss above the floor that counts as overflow; a high floor wavers more. */
const TOLERATED = 0.02
const TOLERATED_OF_FLOOR = 0.5
/** And so many standard deviations of chance. A doubled rate that overflows loses a large share. */
const DEVIATIONS = 1
const DEVIATIONS_RISING = 3
/** Below what arrived, so that the queue empties. */
const SLOWER = 0.92
/** A queue is given about so long to empty, ms; enough less than what arrives that its emptying shows. */
const EMPTYING_MS = 700
const EMPTYING_LEAST = 0.5
const EMPTYING_MOST = 0.75
const AFTER_QUEUE = 0.95
/** A queue counts as overflow of a rate this much above what arrived. */
const QUEUED = 1.1
const RISE = 2
/** From here on, where it may be computers that are full and not a network. */
export const HIGH_RATE = 1e9
const HIGH_RISE = 1.5
/** What overflowed may be there still: at first by less, then by so much more each time. */
const RISE_AGAIN = 1.3
/** Well below where it last overflowed: come up within seconds. Closer: in steps. */
const FASTER_BELOW = 1.25
const FASTER = 1.06
const WELL_BELOW = 0.8
const NEAR_BELOW = 0.96
/** There, linger; then, as what overflowed may be there no more, go on in steps that grow. */
const LINGERING = 0.004
const LINGERING_LESS = 2
/** Where less arrived than any bench's slowest part carries: the first time, a busy computer stumbled. */
const LINGERING_AFTER_STUMBLE = 0.25
/** So far above it without loss, what overflowed is gone, or never was: a busy computer looks much like a full queue. */
const PASSED = 1.25
/** A trial ends at this share of the rate it began at: overflow would have shrunk to nothing or nearly so. */
const TRIAL_RATE = 0.5
/** Loss that is still this share of what it was did not depend on the rate. */
const UNCHANGED = 0.7
/** With the rate, so much more than it falls what arrives, unless something in between was full all the time. */
const PROPORTIONAL = 1.25
/** What arrived by the clock counts down to this share of what arrived by number: of a doubled rate a queue hides half. */
const TRUSTED_RISING = 0.5
const TRUSTED = 0.85
/** How fast the floor follows a cable that got better, and how slowly one that got worse. */
const FLOOR_FALL = 0.05
const FLOOR_RISE = 0.001
/** A rate that the sender reaches this much of is the limit, not the sender; to double it, nearly all. */
const REACHED = 0.75
const REACHED_TO_RISE = 0.9
/**
 * Less of what was sent arrived in the time it was sent in: at such rates receivers are busy with what they have, and twice
 * as much would overflow their memory. At lower ones a network's queue fills, which twice as much shows sooner.
 */
const ARRIVED_TO_RISE = 0.7
const BUSY_RATE = 500e6
const ARRIVED_TO_RISE_HIGH = 0.8
/**
 * At such rates memory fills within parts of a second: no faster when less is taken than arrives, or what waits is more
 * than chunks on their way; and slower, before that memory or the socket's overflows. At lower rates there is time to
 * learn what each machine can take (session/ownPace.ts).
 */
const EMPTY = 1 / 32
const TAKEN_TO_RISE = 0.85
const FULL = 1 / 8
const TOO_FULL = 1 / 4
const SLOWER_WHEN_FULL = 0.9
/** Rounds in a row that the sender must fail to reach the rate until nobody hurries any more. */
const HELD_BACK = 3

export function createRateControl(linkBitsPerSecond: number | null): RateControl {
  const ceiling = Math.min(MAX_RATE, (linkBitsPerSecond ?? MAX_RATE) * 0.95)
  let rate = Math.min(Math.max(FIRST_RATE, (linkBitsPerSecond ?? 0) * FIRST_SHARE), ceiling)
  let isRising = true
  let nextRise = RISE
  let heldBack = 0
  let floor = 0
  /** Of all rounds that rose: what is lost at rates that surely fit. */
  const risen = { lost: 0, datagrams: 0 }
  /** What arrived when some buffer last overflowed. */
  let overflowedAt = Infinity
  /** It was less than the lowest rate, and that came through. */
  let isKnownSlow = false
  /** The next step up from there, as a share. */
  let lingering = LINGERING
  /** What to come back to should there be no queue. */
  let beforeQueue: {
    readonly rate: number
    readonly overflowedAt: number
    readonly lingering: number
    readonly isRising: boolean
  } | null = null
  /** The last rate at which loss was clearly less than before; compared with it, loss has not changed since. */
  let trial: {
    readonly rate: number
    readonly loss: number
    readonly arrived: number
    readonly overflowedAt: number
    readonly wasRising: boolean
  } | null = null

  function isOverflow(loss: number, datagrams: number): boolean {
    const likely = Math.min(0.5, Math.max(loss, 0.01))
    const deviation = Math.sqrt((likely * (1 - likely)) / Math.max(1, datagrams))
    const chance = deviation * (isRising ? DEVIATIONS_RISING : DEVIATIONS)
    return loss - floor > Math.max(TOLERATED, floor * TOLERATED_OF_FLOOR) + chance
  }

  function toWhatArrives(arrived: number): void {
    overflowedAt = arrived / (1 - floor)
    const isStumble = overflowedAt < MIN_RATE && !isKnownSlow
    lingering = isStumble ? LINGERING_AFTER_STUMBLE : LINGERING
    rate = Math.min(rate, overflowedAt * SLOWER)
  }

  function stepBack(loss: number, arrived: number): void {
    if (trial === null || loss < trial.loss * UNCHANGED) {
      const known = trial?.rate ?? overflowedAt
      const wasRising = trial?.wasRising ?? isRising
      trial = { rate, loss, arrived, overflowedAt: known, wasRising }
      toWhatArrives(arrived)
      // Still rising, what is safe is half of it, and shows at once whether loss depends on the rate at all.
      if (isRising) rate = Math.min(rate, trial.rate * TRIAL_RATE)
      isRising = false
      return
    }
    const lowest = Math.max(trial.rate * TRIAL_RATE, MIN_RATE)
    if (rate > lowest * 1.01) {
      rate = lowest
      return
    }
    if (arrived > trial.arrived * (rate / trial.rate) * PROPORTIONAL) {
      // As much arrives as before: it was full, and still is.
      toWhatArrives(arrived)
      return
    }
    floor = loss
    rate = trial.rate
    overflowedAt = trial.overflowedAt
    isRising = trial.wasRising
    trial = null
  }

  /**
   * What the path took of the rate. A sender that stood still in between sent, and got through, far less than fits; and
   * a report that was held up makes what arrived look slower than it was.
   */
  function carried(loss: number, sent: number, arrived: number): number {
    if (sent < rate * REACHED) return rate * (1 - loss)
    return Math.max(arrived, sent * (1 - loss) * (isRising ? TRUSTED_RISING : TRUSTED))
  }

  function learn(loss: number, datagrams: number): void {
    if (isRising) {
      risen.lost += loss * datagrams
      risen.datagrams += datagrams
      floor = risen.lost / risen.datagrams
    } else floor += loss < floor ? (loss - floor) * FLOOR_FALL : Math.min(loss - floor, FLOOR_RISE)
  }

  /** As at the start, but from here. */
  function rise(): void {
    isRising = true
    nextRise = RISE_AGAIN
    overflowedAt = Infinity
    lingering = LINGERING
  }

  function riseFurther(arrivedShare: number, isTaken: boolean): void {
    if (rate >= HIGH_RATE && (arrivedShare < ARRIVED_TO_RISE_HIGH || !isTaken)) return
    if (rate >= BUSY_RATE && arrivedShare < ARRIVED_TO_RISE) return
    rate *= Math.min(nextRise, rate < HIGH_RATE ? RISE : HIGH_RISE)
    nextRise *= RISE_AGAIN
  }

  function goOn(sent: number, arrived: number, isTaken: boolean): void {
    // Half of it lost nothing: what arrived before is what fits.
    if (trial?.wasRising === true)
      rate = Math.max(rate, Math.min(overflowedAt, trial.rate) * SLOWER)
    isKnownSlow ||= trial !== null && overflowedAt < MIN_RATE
    trial = null
    heldBack++
    if (sent < rate * (isRising ? REACHED_TO_RISE : REACHED)) return
    heldBack = 0
    if (isRising) riseFurther(arrived / (sent * (1 - floor)), isTaken)
    else if (rate < overflowedAt * WELL_BELOW) rate *= FASTER_BELOW
    else if (rate < overflowedAt * NEAR_BELOW) rate *= FASTER
    else {
      rate *= 1 + lingering
      lingering = Math.min(lingering * LINGERING_LESS, FASTER_BELOW - 1)
      if (rate > overflowedAt * PASSED) rise()
    }
  }

  const within = (): number => (rate = Math.min(ceiling, Math.max(MIN_RATE, rate)))

  return {
    get rateBitsPerSecond() {
      return rate
    },
    get isRising() {
      return isRising && heldBack < HELD_BACK
    },
    get isOnTrial() {
      return trial !== null
    },
    step(round) {
      const {
        losses,
        datagrams,
        fullShare,
        sentBitsPerSecond: sent,
        arrivedBitsPerSecond: arrived,
        takenBitsPerSecond: taken,
      } = round
      if (losses.length === 0) return rate
      const loss = median(losses)
      if (isOverflow(loss, datagrams)) stepBack(loss, carried(loss, sent, arrived))
      else {
        learn(loss, datagrams)
        if (rate < HIGH_RATE || fullShare < FULL)
          goOn(sent, arrived, fullShare < EMPTY || taken >= arrived * TAKEN_TO_RISE)
        else if (fullShare >= TOO_FULL)
          rate = Math.min(rate, Math.max(taken, HIGH_RATE) * SLOWER_WHEN_FULL)
      }
      return within()
    },
    late(lagMs, arriving) {
      beforeQueue ??= { rate, overflowedAt, lingering, isRising }
      isRising = false
      trial = null
      overflowedAt = arriving * QUEUED
      lingering = LINGERING
      rate = arriving * Math.max(EMPTYING_LEAST, Math.min(EMPTYING_MOST, 1 - lagMs / EMPTYING_MS))
      return within()
    },
    caughtUp() {
      beforeQueue = null
      rate = Math.max(rate, (overflowedAt / QUEUED) * AFTER_QUEUE)
      return within()
    },
    notQueued() {
      if (beforeQueue !== null) ({ rate, overflowedAt, lingering, isRising } = beforeQueue)
      beforeQueue = null
      return within()
    },
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
