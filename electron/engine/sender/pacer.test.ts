import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { createPacer, WIRE_OVERHEAD_BYTES } from './pacer.ts'

const PAYLOAD = 1432
const WIRE_BITS = (PAYLOAD + WIRE_OVERHEAD_BYTES) * 8

/** Datagrams sent at each wake-up; waking as the pacer asks, or later by `lateMs`. */
function drive(
  pacer: ReturnType<typeof createPacer>,
  fromMs: number,
  toMs: number,
  lateMs: () => number,
): { readonly datagrams: number; readonly largestBurst: number } {
  let datagrams = 0
  let largestBurst = 0
  for (let nowMs = fromMs; nowMs < toMs;) {
    let burst = 0
    for (; pacer.mayStart(nowMs); burst++) pacer.spend(PAYLOAD)
    datagrams += burst
    largestBurst = Math.max(largestBurst, burst)
    nowMs += pacer.waitMs(nowMs) + lateMs()
  }
  return { datagrams, largestBurst }
}

describe('the pacer', () => {
  it.each([1e6, 10e6, 100e6, 200e6, 950e6])('holds %d bit/s within 1 %% in the long run', rate => {
    const random = seededRandom(3)
    const { datagrams } = drive(createPacer(rate, 0), 0, 60_000, () => random() * 0.9)
    expect((datagrams * WIRE_BITS) / 60 / rate).toBeGreaterThan(0.99)
    expect((datagrams * WIRE_BITS) / 60 / rate).toBeLessThan(1.01)
  })

  it('sends bursts of at most 2 ms of the rate, or eight datagrams, when timers keep time', () => {
    const random = seededRandom(4)
    const late = () => random() * 0.9
    expect(drive(createPacer(10e6, 0), 0, 30_000, late).largestBurst).toBeLessThanOrEqual(9)
    const fast = drive(createPacer(1e9, 0), 0, 30_000, late)
    expect(fast.largestBurst).toBeLessThanOrEqual(Math.ceil((1e9 * 0.002) / WIRE_BITS) + 1)
  })

  it('holds the rate with timers of 15.6 ms too, as Windows has them', () => {
    const pacer = createPacer(200e6, 0)
    const late = () => 15.6 - 1
    const { datagrams } = drive(pacer, 0, 60_000, late)
    expect((datagrams * WIRE_BITS) / 60 / 200e6).toBeCloseTo(1, 2)
  })

  it('never sends more than 16 ms of the rate at once, however late it wakes', () => {
    const random = seededRandom(6)
    const { largestBurst } = drive(createPacer(1e9, 0), 0, 30_000, () => random() * 200)
    expect(largestBurst).toBeLessThanOrEqual(Math.ceil((1e9 * 0.016) / WIRE_BITS) + 1)
  })

  it('saves nothing up while nobody waits for it', () => {
    const pacer = createPacer(1e9, 0)
    pacer.mayStart(0)
    let burst = 0
    for (; pacer.mayStart(1_000); burst++) pacer.spend(PAYLOAD)
    expect(burst).toBeLessThanOrEqual(Math.ceil((1e9 * 0.002) / WIRE_BITS) + 1)
  })

  it('never exceeds the rate, not even over a short span', () => {
    const rate = 50e6
    const pacer = createPacer(rate, 0)
    const random = seededRandom(5)
    const times: number[] = []
    for (let nowMs = 0; nowMs < 5_000; nowMs += 0.5 + random() * 5) {
      for (; pacer.mayStart(nowMs); times.push(nowMs)) pacer.spend(PAYLOAD)
    }
    const burstBits = 8 * 12_000 + WIRE_BITS
    times.forEach((from, i) => {
      const to = times[i + 100]
      if (to === undefined) return
      expect(101 * WIRE_BITS).toBeLessThanOrEqual(((to - from) / 1000) * rate + burstBits)
    })
  })

  it('follows a change of rate at once, without paying out what it saved', () => {
    const pacer = createPacer(10e6, 0)
    drive(pacer, 0, 1_000, () => 0)
    pacer.setRate(100e6)
    const faster = drive(pacer, 1_000, 11_000, () => 0)
    expect((faster.datagrams * WIRE_BITS) / 10 / 100e6).toBeCloseTo(1, 2)
    pacer.setRate(1e6)
    const slower = drive(pacer, 11_000, 71_000, () => 0)
    expect((slower.datagrams * WIRE_BITS) / 60 / 1e6).toBeCloseTo(1, 1)
  })

  it('without a rate never waits', () => {
    const pacer = createPacer(null, 0)
    for (let i = 0; i < 100_000; i++) pacer.spend(PAYLOAD)
    expect(pacer.mayStart(0)).toBe(true)
    expect(pacer.waitMs(0)).toBe(0)
  })

  it('is not confused by a clock that stands or steps back', () => {
    const pacer = createPacer(10e6, 1000)
    expect(pacer.mayStart(1000)).toBe(false)
    expect(pacer.mayStart(500)).toBe(false)
    expect(pacer.waitMs(500)).toBeGreaterThanOrEqual(1)
    expect(pacer.mayStart(501)).toBe(true)
  })
})
