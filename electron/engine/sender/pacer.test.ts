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

  it('sends bursts of at most 1 ms of the rate, or four datagrams, however late it wakes', () => {
    const random = seededRandom(4)
    for (const rate of [10e6, 50e6, 200e6, 1e9, 5e9]) {
      for (const lateMs of [0.1, 0.9, 15, 200]) {
        const { largestBurst } = drive(
          createPacer(rate, 0, 'fine'),
          0,
          10_000,
          () => random() * lateMs,
        )
        const most = Math.max(Math.ceil((rate * 0.001) / WIRE_BITS), 5)
        expect(largestBurst).toBeLessThanOrEqual(most)
      }
    }
  })

  it('keeps two bursts apart by 0.4 ms at least, also while it makes up for a late sleep', () => {
    const pacer = createPacer(1e9, 0, 'fine')
    const random = seededRandom(8)
    let lastAtMs = -Infinity
    for (let nowMs = 0; nowMs < 5_000;) {
      let burst = 0
      for (; pacer.mayStart(nowMs); burst++) pacer.spend(PAYLOAD)
      if (burst > 0) {
        expect(nowMs - lastAtMs).toBeGreaterThanOrEqual(0.4)
        lastAtMs = nowMs
      }
      nowMs += pacer.waitMs(nowMs) + (random() < 0.05 ? random() * 15 : 0)
    }
  })

  it('makes up for sleeps of up to 20 ms that came now and then', () => {
    const random = seededRandom(6)
    const late = () => (random() < 0.01 ? random() * 18 : random() * 0.1)
    const { datagrams } = drive(createPacer(500e6, 0, 'fine'), 0, 30_000, late)
    expect((datagrams * WIRE_BITS) / 30 / 500e6).toBeGreaterThan(0.99)
  })

  it('holds the rate with timers of 15.6 ms too, as Windows has them, in bursts of 16 ms at most', () => {
    const pacer = createPacer(200e6, 0, 'coarse')
    const late = () => 15.6 - 1
    const { datagrams, largestBurst } = drive(pacer, 0, 60_000, late)
    expect((datagrams * WIRE_BITS) / 60 / 200e6).toBeCloseTo(1, 2)
    expect(largestBurst).toBeLessThanOrEqual(Math.ceil((200e6 * 0.016) / WIRE_BITS) + 1)
    const random = seededRandom(6)
    const worst = drive(createPacer(1e9, 0, 'coarse'), 0, 30_000, () => random() * 200)
    expect(worst.largestBurst).toBeLessThanOrEqual(Math.ceil((1e9 * 0.016) / WIRE_BITS) + 1)
  })

  it('saves nothing up while nobody waits for it', () => {
    for (const timers of ['fine', 'coarse'] as const) {
      const pacer = createPacer(1e9, 0, timers)
      pacer.mayStart(0)
      let burst = 0
      for (; pacer.mayStart(1_000); burst++) pacer.spend(PAYLOAD)
      expect(burst).toBeLessThanOrEqual(Math.ceil((1e9 * 0.001) / WIRE_BITS))
    }
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
    expect(pacer.waitMs(500)).toBeGreaterThan(0)
    expect(pacer.mayStart(501)).toBe(true)
  })
})
