import { expect, test } from 'vitest'
import { createLimiterWatch, type LimiterWatch } from './limiter.ts'

/** A second in which a chunk was dealt with each 100 ms and others waited or not. */
function second(watch: LimiterWatch, fromMs: number, isWaiting: boolean, write: number): void {
  for (let i = 0; i < 10; i++) {
    watch.waiting(isWaiting ? 3 : 0, fromMs + i * 100)
    watch.spent(90 - write, write)
  }
}

test('nothing holds up a receiver whose chunks are dealt with as they come', () => {
  const watch = createLimiterWatch(0)
  second(watch, 0, false, 80)
  expect(watch.limiter(1000)).toBeNull()
})

test('chunks that wait are held up by the stage that takes the time', () => {
  const disk = createLimiterWatch(0)
  second(disk, 0, true, 80)
  expect(disk.limiter(1000)).toBe('disk')
  const processor = createLimiterWatch(0)
  second(processor, 0, true, 10)
  expect(processor.limiter(1000)).toBe('decompression')
})

test('once nothing waits any more, it says so within a second', () => {
  const watch = createLimiterWatch(0)
  second(watch, 0, true, 80)
  second(watch, 1000, false, 80)
  expect(watch.limiter(2000)).toBeNull()
})

test('a single write that takes seconds is the disk, and what was found before still holds', () => {
  const fresh = createLimiterWatch(0)
  fresh.waiting(5, 0)
  for (let atMs = 100; atMs <= 2000; atMs += 100) fresh.limiter(atMs)
  expect(fresh.limiter(2100)).toBe('disk')
  const busy = createLimiterWatch(0)
  second(busy, 0, true, 10)
  for (let atMs = 1000; atMs <= 2000; atMs += 100) busy.limiter(atMs)
  expect(busy.limiter(2100)).toBe('decompression')
})

test('some waiting is a matter of course', () => {
  const watch = createLimiterWatch(0)
  for (let atMs = 0; atMs < 3000; atMs += 100) watch.waiting(atMs % 300 === 0 ? 1 : 0, atMs)
  expect(watch.limiter(3000)).toBeNull()
})
