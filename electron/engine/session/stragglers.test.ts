import { describe, expect, it, test } from 'vitest'
import type { Policy } from '../../../shared/session.ts'
import type { MachineFigures, MachineSample } from './machineWindow.ts'
import { FULL_PACE, nextPace } from './ownPace.ts'
import { isDeferred, isMuchSlower, KEEPING_UP, nextStraggler, type Straggler } from './straggler.ts'
import { createStragglers, STRAGGLER_STEP_MS } from './stragglers.ts'

const RATE = 100e6
const well: MachineFigures = {
  loss: 0.01,
  overflow: 0,
  takenBitsPerSecond: RATE,
  writtenBitsPerSecond: RATE,
  isBacklogged: false,
  isFull: false,
}
const slowDisk = { ...well, isBacklogged: true, writtenBitsPerSecond: RATE / 10 }

describe('much slower than the others', () => {
  it('is a full memory with a slow disk, or far more loss; not a little more of either', () => {
    const others = [well, well, well]
    expect(isMuchSlower(slowDisk, others)).toBe(true)
    expect(isMuchSlower({ ...slowDisk, isBacklogged: false }, others)).toBe(false)
    expect(isMuchSlower({ ...slowDisk, writtenBitsPerSecond: RATE * 0.8 }, others)).toBe(false)
    expect(isMuchSlower({ ...well, loss: 0.3 }, others)).toBe(true)
    expect(isMuchSlower({ ...well, loss: 0.05 }, others)).toBe(false)
  })

  it('is nobody where most are, and nobody alone', () => {
    expect(isMuchSlower(slowDisk, [slowDisk, slowDisk, slowDisk])).toBe(false)
    expect(isMuchSlower({ ...well, loss: 0.3 }, [{ ...well, loss: 0.28 }])).toBe(false)
    expect(isMuchSlower(slowDisk, [])).toBe(false)
  })
})

const suspect: Straggler = { state: 'suspect', sinceMs: 1_000 }
const straggler: Straggler = { state: 'straggler', sentBitsPerSecond: RATE }
const recovering: Straggler = { state: 'recovering', sinceMs: 1_000, sentBitsPerSecond: RATE }

test.each<[Straggler, boolean, number, number, Straggler]>([
  [KEEPING_UP, false, RATE, 1_000, KEEPING_UP],
  [KEEPING_UP, true, RATE, 1_000, suspect],
  [suspect, false, RATE, 1_500, KEEPING_UP],
  [suspect, true, RATE, 1_500, suspect],
  [suspect, true, RATE, 2_000, straggler],
  [straggler, true, RATE, 3_000, straggler],
  [straggler, false, RATE / 2, 3_000, straggler],
  [straggler, false, RATE, 1_000, recovering],
  [recovering, true, RATE, 2_000, straggler],
  [recovering, false, RATE / 2, 2_000, straggler],
  [recovering, false, RATE, 3_000, recovering],
  [recovering, false, RATE, 4_000, KEEPING_UP],
])('%j, slow: %s at %d bit/s, %d ms ▶ %j', (before, isSlow, sent, atMs, after) => {
  expect(nextStraggler(before, isSlow, sent, atMs)).toEqual(after)
})

describe('a machine’s own pace', () => {
  it('is what its disk writes while its memory is full, and rises when it is not', () => {
    const held = nextPace(FULL_PACE, slowDisk, RATE, RATE)
    expect(held.bitsPerSecond).toBeCloseTo((RATE / 10) * 1.06)
    const risen = nextPace(held, well, held.bitsPerSecond ?? 0, RATE)
    expect(risen.bitsPerSecond).toBeGreaterThan((held.bitsPerSecond ?? 0) * 1.2)
    expect(nextPace({ ...held, bitsPerSecond: RATE * 0.99 }, well, RATE, RATE)).toEqual({
      ...held,
      bitsPerSecond: null,
    })
  })

  it('is what arrives over a slow link: loss goes with the rate', () => {
    const lossy = { ...well, loss: 0.9, takenBitsPerSecond: RATE / 10 }
    let pace = nextPace(FULL_PACE, lossy, RATE, RATE)
    expect(pace.bitsPerSecond).toBe(RATE / 10)
    pace = nextPace(pace, { ...well, loss: 0 }, RATE / 10, RATE)
    expect(pace).toMatchObject({ isCable: false, trial: null })
    expect(pace.bitsPerSecond).toBeLessThan(RATE / 9)
  })

  it('is less than its processor reads until the queue before it is empty, then about what it reads', () => {
    const reads = RATE / 10
    const drops = { ...well, loss: 0.3, overflow: 0.9, takenBitsPerSecond: reads }
    let pace = nextPace({ ...FULL_PACE, isCable: true }, drops, RATE, RATE)
    expect(pace).toMatchObject({ bitsPerSecond: reads * 0.75, isQueued: true, isCable: false })
    const sent = reads * 0.75
    const emptying = { ...well, loss: 0.3, takenBitsPerSecond: reads }
    expect(nextPace(pace, emptying, sent, RATE)).toEqual(pace)
    pace = nextPace(pace, { ...well, takenBitsPerSecond: sent }, sent, RATE)
    expect(pace.bitsPerSecond).toBeGreaterThan(reads * 0.9)
    for (let i = 0; i < 40; i++) {
      const now = pace.bitsPerSecond ?? RATE
      const taken = { ...well, takenBitsPerSecond: Math.min(now, reads) }
      pace = nextPace(pace, taken, now, RATE)
    }
    // More than that would only fill the queue again.
    expect(pace.bitsPerSecond).toBeLessThan(reads * 1.25)
    for (let i = 0; i < 100; i++) {
      const now = pace.bitsPerSecond ?? RATE
      pace = nextPace(pace, { ...well, takenBitsPerSecond: now }, now, RATE)
    }
    expect(pace.bitsPerSecond).toBe(null)
  })

  it('is the full rate on a bad cable: loss stays, whatever the rate', () => {
    const lossy = { ...well, loss: 0.3, takenBitsPerSecond: RATE * 0.7 }
    let pace = nextPace(FULL_PACE, lossy, RATE, RATE)
    expect(pace.bitsPerSecond).toBe(RATE * 0.7)
    for (let i = 0; i < 7; i++) pace = nextPace(pace, lossy, RATE * 0.7, RATE)
    expect(pace).toMatchObject({ isCable: true, bitsPerSecond: null })
    expect(nextPace(pace, lossy, RATE, RATE).bitsPerSecond).toBe(null)
  })
})

describe('a policy’s verdict', () => {
  /** Machines that write at these shares of the rate, for so long. */
  function run(policy: Policy, shares: readonly number[], seconds: number, done = 0) {
    const stragglers = createStragglers()
    const dropped: number[] = []
    let verdict = null
    for (let atMs = 0; atMs <= seconds * 1_000; atMs += STRAGGLER_STEP_MS) {
      verdict = stragglers.step({
        atMs,
        policy,
        machines: new Map(shares.map((share, slot) => [slot, sample(share, atMs)])),
        done,
        sentBitsPerSecond: RATE,
        rateBitsPerSecond: RATE,
        isCapped: false,
        isCatchingUp: false,
      })
      dropped.push(...verdict.dropped.map(one => one.slot))
    }
    return { verdict, dropped }
  }

  function sample(share: number, atMs: number): MachineSample {
    return {
      atMs,
      receivedDatagrams: atMs * 8,
      missedDatagrams: 0,
      kernelDrops: 0,
      haveBytes: (share * RATE * atMs) / 8_000,
      heldBytes: 0,
      freeAssemblyKiB: share < 1 && atMs > 0 ? 0 : 262_144,
      limiter: null,
    }
  }

  it('defers the slow one when fair, and gives it a pace of its own', () => {
    const { verdict } = run({ kind: 'fair' }, [1, 1, 0.1, 1], 4)
    expect([...(verdict?.deferred ?? [])]).toEqual([2])
    expect(verdict?.catchUpBitsPerSecond).toBeCloseTo(RATE * 0.106)
    expect(verdict?.limitBitsPerSecond).toBe(null)
  })

  it('defers nobody together: the slowest one’s pace is the session’s', () => {
    const { verdict } = run({ kind: 'together' }, [1, 1, 0.1, 1], 4)
    expect(verdict?.deferred.size).toBe(0)
    expect(verdict?.limitBitsPerSecond).toBeCloseTo(RATE * 0.106)
    expect(verdict?.limitedBy).toBe(2)
  })

  it('sends no faster than the fastest where all are slow', () => {
    const { verdict } = run({ kind: 'fair' }, [0.1, 0.12, 0.11], 4)
    expect(verdict?.deferred.size).toBe(0)
    expect(verdict?.limitBitsPerSecond).toBeCloseTo(RATE * 0.1272)
  })

  /** Machines whose own systems drop these shares of what is sent, in the steps that say so. */
  function overflowing(
    shares: readonly number[],
    isCapped: boolean,
    isDropping: (step: number) => boolean = () => true,
  ) {
    const stragglers = createStragglers()
    const each = 4_000
    const counts = shares.map(() => ({ received: 0, drops: 0 }))
    return Array.from({ length: 9 }, (_, i) => {
      counts.forEach((count, slot) => {
        const drops = isDropping(i) ? each * (shares[slot] ?? 0) : 0
        count.received += each - drops
        count.drops += drops
      })
      const machines = counts.map(({ received, drops }, slot) => {
        const one = { ...sample(1, i * STRAGGLER_STEP_MS), receivedDatagrams: received }
        return [slot, { ...one, missedDatagrams: drops, kernelDrops: drops }] as const
      })
      return stragglers.step({
        atMs: i * STRAGGLER_STEP_MS,
        policy: { kind: 'fair' },
        machines: new Map(machines),
        done: 0,
        sentBitsPerSecond: RATE,
        rateBitsPerSecond: RATE,
        isCapped,
        isCatchingUp: false,
      }).limitBitsPerSecond
    })
  }

  it('sends under a cap what the fastest reads where all throw away unread', () => {
    const paced = (share: number) => (1 - share) * 4_000 * 2 * 1474 * 8 * 0.75
    expect(overflowing([0.9], true).at(-1)).toBeCloseTo(paced(0.9))
    expect(overflowing([0.9, 0.88], true).at(-1)).toBeCloseTo(paced(0.88))
  })

  it('does not slow for that without a cap, for one of several, or for a moment', () => {
    expect(new Set(overflowing([0.9], false))).toEqual(new Set([null]))
    expect(new Set(overflowing([0.9, 0, 0], true))).toEqual(new Set([null]))
    expect(new Set(overflowing([0.9], true, i => i % 3 === 2))).toEqual(new Set([null]))
  })

  it('drops who stays below a rate for half a minute, once somebody is faster', () => {
    const policy = { kind: 'drop', belowBitsPerSecond: RATE / 2 } as const
    expect(run(policy, [1, 0.1], 29).dropped).toEqual([])
    expect(new Set(run(policy, [1, 0.1], 32).dropped)).toEqual(new Set([1]))
    expect(run(policy, [0.2, 0.1], 40).dropped).toEqual([])
    expect(new Set(run(policy, [0.1], 32, 1).dropped)).toEqual(new Set([0]))
  })

  it('forgets what it knew of a machine that joined anew', () => {
    const stragglers = createStragglers()
    const step = (atMs: number, share: number) =>
      stragglers.step({
        atMs,
        policy: { kind: 'fair' },
        machines: new Map([
          [0, sample(1, atMs)],
          [1, sample(share, atMs)],
        ]),
        done: 0,
        sentBitsPerSecond: RATE,
        rateBitsPerSecond: RATE,
        isCapped: false,
        isCatchingUp: false,
      })
    for (let atMs = 0; atMs <= 4_000; atMs += STRAGGLER_STEP_MS) step(atMs, 0.1)
    expect(step(4_500, 0.1).deferred.has(1)).toBe(true)
    stragglers.forget(1)
    expect(step(5_000, 0.1).deferred.has(1)).toBe(false)
    expect(isDeferred(KEEPING_UP)).toBe(false)
  })
})
