import { expect, test } from 'vitest'
import { blockFirstSymbol, blockLayout, blockSymbols, symbolBytes } from './blocks.ts'
import { CHUNK_BYTES, MAX_BLOCK_SYMBOLS, MAX_CHUNK_BLOCKS, SYMBOL_BYTES } from './limits.ts'

test('a chunk that does not shrink is 745 symbols in 6 blocks', () => {
  const layout = blockLayout(CHUNK_BYTES)
  expect(layout.symbolCount).toBe(745)
  expect(layout.blockCount).toBe(MAX_CHUNK_BLOCKS)
  expect([0, 1, 2, 3, 4, 5].map(block => blockSymbols(layout, block))).toEqual([
    125, 124, 124, 124, 124, 124,
  ])
  expect([0, 1, 2, 5].map(block => blockFirstSymbol(layout, block))).toEqual([0, 125, 249, 621])
  expect(symbolBytes(layout, 0)).toBe(SYMBOL_BYTES)
  expect(symbolBytes(layout, 744)).toBe(CHUNK_BYTES - 744 * SYMBOL_BYTES)
})

test('blocks of any stored size join without gap or overlap and hold every byte', () => {
  const sizes = [1, 2, 1407, 1408, 1409, 128 * 1408 - 1, 128 * 1408, 128 * 1408 + 1, 1_048_575]
  for (let size = 1; size <= CHUNK_BYTES; size += 9973) sizes.push(size)
  for (const size of sizes) {
    const layout = blockLayout(size)
    let symbol = 0
    let bytes = 0
    for (let block = 0; block < layout.blockCount; block++) {
      expect(blockFirstSymbol(layout, block)).toBe(symbol)
      const k = blockSymbols(layout, block)
      expect(k).toBeGreaterThan(0)
      expect(k).toBeLessThanOrEqual(MAX_BLOCK_SYMBOLS)
      for (let i = 0; i < k; i++) {
        const payload = symbolBytes(layout, symbol + i)
        expect(payload > 0 && payload <= SYMBOL_BYTES).toBe(true)
        bytes += payload
      }
      symbol += k
    }
    expect(symbol).toBe(layout.symbolCount)
    expect(bytes).toBe(size)
  }
})

test('a block that does not exist has no symbols', () => {
  expect(blockSymbols(blockLayout(1408), 1)).toBe(0)
  expect(blockSymbols(blockLayout(CHUNK_BYTES), 6)).toBe(0)
})
