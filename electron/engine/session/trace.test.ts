import { expect, test } from 'vitest'
import { createTraces, type TracedSession } from './trace.ts'

const session = (part: Partial<TracedSession> = {}): TracedSession => ({
  id: '0000beef',
  state: 'running',
  sentBytes: 0,
  repairBytes: 0,
  pass: 1,
  ...part,
})

test('each second becomes a sample of what was sent in it', () => {
  const traces = createTraces()
  traces.sample([session({ state: 'waiting', pass: 0 })], 1_000)
  traces.sample([session({ sentBytes: 1_000_000 })], 2_000)
  traces.sample([session({ sentBytes: 1_500_000, repairBytes: 100_000, pass: 2 })], 4_000)
  expect(traces.of('0000beef')).toEqual([
    { atMs: 2_000, bitsPerSecond: 8e6, repairBitsPerSecond: 0, pass: 1 },
    { atMs: 4_000, bitsPerSecond: 2e6, repairBitsPerSecond: 4e5, pass: 2 },
  ])
  expect(traces.of('0000cafe')).toEqual([])
})

test('a long session keeps its beginning, its whole area and few samples', () => {
  const traces = createTraces(64)
  const seconds = 5_000
  for (let second = 0; second <= seconds; second++) {
    // A hump in the midst: its area must not get lost.
    const sentBytes = second * 1_000 + Math.max(0, Math.min(100, second - 2_000)) * 10_000
    traces.sample([session({ sentBytes })], second * 1_000)
    expect(traces.of('0000beef').length).toBeLessThan(64)
  }
  const samples = traces.of('0000beef')
  expect(samples.length).toBeGreaterThanOrEqual(31)
  const step = (samples[1]?.atMs ?? 0) - (samples[0]?.atMs ?? 0)
  expect(samples[0]?.atMs).toBe(step)
  samples.forEach((sample, at) => expect(sample.atMs).toBe((at + 1) * step))
  const sentBits = samples.reduce((sum, sample) => sum + (sample.bitsPerSecond * step) / 1000, 0)
  const coveredSeconds = (samples.at(-1)?.atMs ?? 0) / 1000
  expect(sentBits).toBeCloseTo((coveredSeconds * 1_000 + 1_000_000) * 8, -3)
})

test('a session that ended keeps its trace until it is gone', () => {
  const traces = createTraces()
  traces.sample([session()], 0)
  traces.sample([session({ sentBytes: 5 })], 1_000)
  traces.sample([session({ sentBytes: 5, state: 'ended' })], 2_000)
  expect(traces.of('0000beef')).toHaveLength(1)
  traces.sample([], 3_000)
  expect(traces.of('0000beef')).toEqual([])
})

test('counters that begin anew, and a clock that stands still, give no nonsense', () => {
  const traces = createTraces()
  traces.sample([session({ sentBytes: 900 })], 1_000)
  traces.sample([session({ sentBytes: 1_000 })], 1_000)
  traces.sample([session({ sentBytes: 10 })], 2_000)
  expect(traces.of('0000beef')).toEqual([
    { atMs: 2_000, bitsPerSecond: 0, repairBitsPerSecond: 0, pass: 1 },
  ])
})
