import { release } from 'node:os'
import { expect, test } from 'vitest'
import { allocateMemory } from '../../../shared/wasmMemory.ts'
import { adviseLargePages, firstLargePage, LARGE_PAGE_BYTES, populateMemory } from './libc.ts'

test('a large page begins in the first two megabytes of any memory', () => {
  for (let i = 0; i < 4; i++) {
    const { buffer } = allocateMemory(4 * LARGE_PAGE_BYTES)
    const first = firstLargePage(buffer)
    expect(first).toBeGreaterThanOrEqual(0)
    expect(first).toBeLessThan(LARGE_PAGE_BYTES)
    adviseLargePages(buffer, first, LARGE_PAGE_BYTES)
    new Uint8Array(buffer, first, LARGE_PAGE_BYTES).fill(1)
  }
})

const [major = 0, minor = 0] = release().split('.').map(Number)
const canPopulate = process.platform === 'linux' && major * 100 + minor >= 514 // Linux 5.14.

test.runIf(canPopulate)('memory that is populated is resident and stays as it was', () => {
  const bytes = 64 * LARGE_PAGE_BYTES
  const { buffer } = allocateMemory(bytes)
  const view = new Uint8Array(buffer)
  view[5] = 7
  const before = process.memoryUsage.rss()
  populateMemory(buffer, 0, bytes)
  expect(process.memoryUsage.rss() - before).toBeGreaterThan(0.9 * bytes)
  expect(view.indexOf(7)).toBe(5)
})
