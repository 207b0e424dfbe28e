import { describe, expect, it } from 'vitest'
import { createRateControl, type RateControl } from './rateControl.ts'

/** Drives steps of 200 ms over a path; `lossAt` tells what each receiver loses at a rate. */
function drive(
  control: RateControl,
  steps: number,
  lossAt: (rate: number) => readonly number[],
  reach = Infinity,
): number[] {
  return Array.from({ length: steps }, () => {
    const sentBitsPerSecond = Math.min(control.rateBitsPerSecond, reach)
    const losses = lossAt(sentBitsPerSecond)
    const middle = losses.toSorted((a, b) => a - b)[losses.length >> 1] ?? 0
    const arrivedBitsPerSecond = sentBitsPerSecond * (1 - middle)
    const carried = { sentBitsPerSecond, arrivedBitsPerSecond, ...EMPTY }
    return control.step({ losses, datagrams: 10_000, ...carried })
  })
}

/** What a buffer in front of a slower link loses. */
const overflow = (capacity: number) => (rate: number) => Math.max(0, 1 - capacity / rate)

/** Receivers whose memory holds nothing. */
const EMPTY = { fullShare: 0, takenBitsPerSecond: 0 }
const SECOND = 5
const clean = () => [0, 0, 0]

describe('the rate of a session without a cap', () => {
  it('finds a clean gigabit within five seconds and stays at 95 % of it', () => {
    const rates = drive(createRateControl(1e9), 20 * SECOND, clean)
    expect(rates[5 * SECOND]).toBe(0.95e9)
    expect(rates.at(-1)).toBe(0.95e9)
    expect(Math.max(...rates)).toBe(0.95e9)
  })

  it('goes up to 95 % of 10 Gbit/s where the card tells no speed', () => {
    expect(Math.max(...drive(createRateControl(null), 60 * SECOND, clean))).toBe(9.5e9)
  })

  it('leaves receivers that write 3 Gbit/s some of their 256 MiB, on a clean 10 Gbit/s', () => {
    const [memoryBits, written, roundMs] = [2 ** 31, 3e9, 80]
    const control = createRateControl(null)
    const shares: number[] = []
    let waiting = 0
    for (let round = 0; round < 500; round++) {
      const sentBitsPerSecond = control.rateBitsPerSecond
      waiting = Math.max(0, waiting + ((sentBitsPerSecond - written) * roundMs) / 1000)
      const fullShare = Math.min(1, waiting / memoryBits)
      shares.push(fullShare)
      const carried = { sentBitsPerSecond, arrivedBitsPerSecond: sentBitsPerSecond }
      const memory = { fullShare, takenBitsPerSecond: written }
      control.step({ losses: [0, 0, 0], datagrams: 10_000, ...carried, ...memory })
    }
    expect(Math.max(...shares)).toBeLessThan(1 / 2)
    // And they always have something to write.
    expect(Math.min(...shares.slice(50))).toBeGreaterThan(0)
  })

  it('begins low, and higher on a card that says it is fast', () => {
    const first = (link: number | null): number => createRateControl(link).rateBitsPerSecond
    expect([null, 100e6, 1e9, 10e9].map(first)).toEqual([8e6, 8e6, 25e6, 250e6])
  })

  it('goes no faster than a slow card', () => {
    expect(Math.max(...drive(createRateControl(100e6), 20 * SECOND, clean))).toBe(95e6)
    expect(createRateControl(5.5e6).rateBitsPerSecond).toBeLessThan(5.5e6)
  })

  it.each([0.01, 0.05, 0.2])('is not slowed by loss of %d that no rate explains', loss => {
    const rates = drive(createRateControl(1e9), 10 * SECOND, () => [loss, loss, loss])
    expect(rates.at(-1)).toBe(0.95e9)
  })

  it('steps back where a buffer overflows, and stays near what fits', () => {
    const lost = overflow(300e6)
    const control = createRateControl(1e9)
    drive(control, 20 * SECOND, rate => [lost(rate), lost(rate)])
    const steady = drive(control, 20 * SECOND, rate => [lost(rate), lost(rate)])
    const mean = steady.reduce((sum, rate) => sum + rate, 0) / steady.length
    expect(mean).toBeGreaterThan(200e6)
    expect(mean).toBeLessThan(340e6)
    expect(Math.max(...steady)).toBeLessThan(400e6)
  })

  it('comes down at once where the very first steps overflow: 100 Mbit/s ports behind a fast card', () => {
    const lost = overflow(100e6)
    const control = createRateControl(1e9)
    const rates = drive(control, 20 * SECOND, rate => [lost(rate), lost(rate)])
    expect(rates[3 * SECOND]).toBeLessThan(150e6)
    expect(Math.max(...rates.slice(5 * SECOND))).toBeLessThan(150e6)
    expect(Math.min(...rates.slice(5 * SECOND))).toBeGreaterThan(50e6)
  })

  it('tells overflow on top of a bad cable', () => {
    const lost = overflow(300e6)
    const control = createRateControl(1e9)
    drive(control, 20 * SECOND, rate => [0.05 + 0.95 * lost(rate)])
    const steady = drive(control, 20 * SECOND, rate => [0.05 + 0.95 * lost(rate)])
    expect(Math.max(...steady)).toBeLessThan(400e6)
    expect(Math.min(...steady)).toBeGreaterThan(150e6)
  })

  it('lets the median decide: one bad port slows nobody', () => {
    const lost = overflow(100e6)
    const rates = drive(createRateControl(1e9), 20 * SECOND, rate => [0, lost(rate), 0])
    expect(rates.at(-1)).toBe(0.95e9)
  })

  it('does not wish for more than the sender can do', () => {
    const rates = drive(createRateControl(10e9), 60 * SECOND, clean, 400e6)
    expect(Math.max(...rates)).toBeLessThan(700e6)
  })

  it('never falls below 5 Mbit/s, and comes back when the path is clean again', () => {
    const control = createRateControl(1e9)
    drive(control, SECOND, clean)
    let lossy = 0
    const worse = drive(control, 60 * SECOND, () => [Math.min(0.95, (lossy += 0.03))])
    expect(Math.min(...worse)).toBeGreaterThanOrEqual(5e6)
    expect(drive(control, 60 * SECOND, clean).at(-1)).toBe(0.95e9)
  })

  it('does not fall to the rate of a sender that stood still while a burst of it was lost', () => {
    const control = createRateControl(1e9)
    drive(control, 6, clean)
    const before = control.rateBitsPerSecond
    const burst = {
      sentBitsPerSecond: before / 16,
      arrivedBitsPerSecond: before / 27,
      ...EMPTY,
    }
    control.step({ ...burst, losses: [0.41], datagrams: 133 })
    expect(control.rateBitsPerSecond).toBeGreaterThan(before / 4)
  })

  it('holds its rate when nobody reported', () => {
    const control = createRateControl(1e9)
    const before = control.rateBitsPerSecond
    const none = { sentBitsPerSecond: 0, arrivedBitsPerSecond: 0, datagrams: 0, ...EMPTY }
    const nothing = { losses: [], ...none }
    expect(control.step(nothing)).toBe(before)
  })
})
