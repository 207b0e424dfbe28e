import { expect, test } from 'vitest'
import { createRateMeter } from './rateMeter.ts'

test('nothing was measured, so nothing moves', () => {
  const meter = createRateMeter()
  expect(meter.bytesPerSecond(0)).toBe(0)
  meter.update(5_000_000, 100)
  expect(meter.bytesPerSecond(200)).toBe(0)
})

test('a steady count reads as its speed', () => {
  const meter = createRateMeter()
  for (let ms = 0; ms <= 10_000; ms += 100) meter.update(ms * 12_500, ms)
  expect(meter.bytesPerSecond(10_000)).toBeCloseTo(12_500_000, -3)
})

test('a change of speed is believed within the window of three seconds', () => {
  const meter = createRateMeter()
  let total = 0
  for (let ms = 0; ms <= 9_000; ms += 100) meter.update((total += ms < 5_000 ? 100 : 300), ms)
  expect(meter.bytesPerSecond(9_000)).toBeCloseTo(3_000, -1)
})

test('updates closer together than a sample are left out, none of their bytes lost', () => {
  const meter = createRateMeter()
  for (let ms = 0; ms <= 2_000; ms++) meter.update(ms * 10, ms)
  expect(meter.bytesPerSecond(2_000)).toBeCloseTo(10_000, -1)
})

test('a stand-still sinks, and reads zero after the window', () => {
  const meter = createRateMeter()
  for (let ms = 0; ms <= 1_000; ms += 100) meter.update(ms, ms)
  expect(meter.bytesPerSecond(2_000)).toBeCloseTo(500)
  expect(meter.bytesPerSecond(4_001)).toBe(0)
})

test('a count that falls back is no negative speed, and a reset forgets', () => {
  const meter = createRateMeter()
  meter.update(1000, 0)
  meter.update(10, 100)
  expect(meter.bytesPerSecond(100)).toBe(0)
  meter.reset()
  meter.update(0, 200)
  meter.update(100, 300)
  expect(meter.bytesPerSecond(300)).toBeCloseTo(1000)
})
