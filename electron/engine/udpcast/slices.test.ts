import { describe, expect, it } from 'vitest'
import { createSliceReader } from './slices.ts'

async function* parts(...sizes: number[]): AsyncGenerator<Uint8Array> {
  let value = 0
  for (const size of sizes) yield new Uint8Array(size).fill(++value)
}

async function lengths(sizes: number[], maxBytes: number): Promise<number[]> {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const reader = createSliceReader(parts(...sizes), total, maxBytes)
  const found: number[] = []
  do found.push((await reader.next()).length)
  while (found.at(-1) !== 0)
  return found
}

describe('slices', () => {
  it('are whole blocks, then the short tail alone, then an empty one', async () => {
    expect(await lengths([7000], 112 * 1456)).toEqual([5824, 1176, 0])
    expect(await lengths([1], 112 * 1456)).toEqual([1, 0])
    expect(await lengths([1456], 112 * 1456)).toEqual([1456, 0])
    expect(await lengths([1457], 112 * 1456)).toEqual([1456, 1, 0])
    expect(await lengths([1456 * 5 + 3], 2 * 1456)).toEqual([2912, 2912, 1456, 3, 0])
  })

  it('hold the content in order, however it comes', async () => {
    const reader = createSliceReader(parts(1000, 1000, 1, 911), 2912, 112 * 1456)
    const slice = await reader.next()
    expect([slice[0], slice[999], slice[1000], slice[2000], slice[2001]]).toEqual([1, 1, 2, 3, 4])
    expect(await reader.next()).toHaveLength(0)
  })

  it('refuse content that ends early instead of sending zeros for it', async () => {
    const reader = createSliceReader(parts(10), 11, 1456)
    await expect(reader.next()).rejects.toThrow('ended before')
  })
})
