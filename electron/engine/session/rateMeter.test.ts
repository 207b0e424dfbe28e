import { expect, test } from 'vitest'
import { createPaceMeter, createRateMeter } from './rateMeter.ts'

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

test('who sends as much as is wanted is seen to do so while that doubles and doubles', () => {
  const meter = createPaceMeter()
  let sentBytes = 0
  for (let ms = 0; ms <= 600; ms += 50) {
    const wanted = 8e6 * 2 ** (ms / 100)
    meter.update(sentBytes, wanted, ms)
    sentBytes += (wanted / 8) * 0.05
  }
  const [sent, wanted] = [meter.sentBitsPerSecond(600), meter.wantedBitsPerSecond(600)]
  expect(sent / wanted).toBeGreaterThan(0.6)
  expect(sent).toBeLessThan(8e6 * 2 ** 6 * 0.3) // What is wanted now says nothing about it.
})

test('a pause is no time in which more was wanted than was sent', () => {
  const meter = createPaceMeter()
  const sendUntil = (from: number, to: number): void => {
    for (let ms = from; ms <= to; ms += 100) meter.update(ms * 1000, 8e6, ms)
  }
  sendUntil(0, 2_000)
  meter.reset()
  expect([meter.sentBitsPerSecond(9_000), meter.wantedBitsPerSecond(9_000)]).toEqual([0, 0])
  sendUntil(9_000, 9_500)
  expect(meter.sentBitsPerSecond(9_500)).toBeCloseTo(8e6)
  expect(meter.wantedBitsPerSecond(9_500)).toBeCloseTo(8e6)
})
