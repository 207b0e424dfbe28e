import { expect, test } from 'vitest'
import { allocateMemory } from '../../../shared/wasmMemory.ts'
import { adviseLargePages, firstLargePage, LARGE_PAGE_BYTES } from './libc.ts'

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
