import { expect, test } from 'vitest'
import type { Session } from '../../../shared/session.ts'
import { IMAGES, session } from '../../../test/window/scripted/rows.ts'
import { joinedTrace, plotShape, type Trace, traced } from './trace.ts'

const [image] = IMAGES
if (!image) throw new Error('no image')
const running: Session = {
  ...session(image, 'lo'),
  state: 'running',
  rateBitsPerSecond: 9e8,
  pass: 1,
}
const at = (atMs: number, bitsPerSecond: number): Trace[number] => ({
  atMs,
  bitsPerSecond,
  repairBitsPerSecond: 0,
  pass: 1,
})

test('a session at work is sampled once a second, however often it changes', () => {
  let traces: ReadonlyMap<string, Trace> = new Map()
  for (let now = 10_000; now < 12_500; now += 100) traces = traced(traces, [running], [], now)
  expect(traces.get(running.id)?.map(one => one.atMs)).toEqual([10_000, 11_000, 12_000])
  expect(traced(traces, [running], [], 12_900)).toBe(traces)
})

test('a pause is nought, a waiting session is not sampled, and a dismissed one is forgotten', () => {
  const paused = traced(new Map(), [{ ...running, state: 'paused' }], [], 1000)
  expect(paused.get(running.id)?.[0]?.bitsPerSecond).toBe(0)
  expect(traced(new Map(), [{ ...running, state: 'waiting' }], [], 1000).size).toBe(0)
  expect(traced(paused, [], [running.id], 2000).size).toBe(0)
})

test('what the engine kept comes first, and nothing is counted twice', () => {
  const joined = joinedTrace([at(1000, 1), at(2000, 2)], [at(1500, 9), at(2100, 9), at(3000, 3)])
  expect(joined.map(one => one.bitsPerSecond)).toEqual([1, 2, 3])
})

test('the plot stands on nought, holds the cap, and has a round top', () => {
  expect(plotShape([at(0, 5)], 100, 50, null)).toBeNull()
  const shape = plotShape([at(0, 0), at(1000, 430e6)], 100, 50, 900e6)
  expect(shape?.mostBitsPerSecond).toBe(1e9)
  expect(shape?.line).toBe('M0.0,50.0L100.0,28.5')
})

test('an hour is drawn with no more points than a few minutes', () => {
  const hour = Array.from({ length: 3600 }, (_, second) => at(second * 1000, 1e9))
  const points = plotShape(hour, 800, 60, null)?.line.split('L') ?? []
  expect(points.length).toBeLessThanOrEqual(240)
  expect(new Set(points.map(point => point.split(',')[1]))).toEqual(new Set(['30.0']))
})
