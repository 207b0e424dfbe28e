import { describe, expect, it } from 'vitest'
import { createErasureCode } from '../../../shared/fec/fec.ts'
import { SYMBOL_BYTES } from '../../../shared/protocol/limits.ts'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { createRepairSymbols } from './repairSymbols.ts'

const random = seededRandom(4)
/** 300 symbols: three blocks of 100. */
const chunk = Uint8Array.from({ length: 300 * SYMBOL_BYTES }, () => random() * 256)
const code = createErasureCode()

describe('repair symbols of a slice', () => {
  it('are those of their own block and row', () => {
    const repairs = createRepairSymbols(() => code)
    const symbols = Uint16Array.of((0 << 8) | 3, (1 << 8) | 128, (2 << 8) | 200, (1 << 8) | 129)
    repairs.compute(() => chunk, chunk.length, symbols)
    for (const [block, row] of [
      [1, 0],
      [1, 1],
      [2, 72],
    ] as const) {
      const expected = new Uint8Array(SYMBOL_BYTES)
      const source = chunk.subarray(block * 100 * SYMBOL_BYTES, (block + 1) * 100 * SYMBOL_BYTES)
      code.encode(source, 100, row, expected)
      expect(Buffer.compare(repairs.payload(block, 128 + row), expected)).toBe(0)
    }
  })

  it('read no chunk and make no code for a slice without repairs', () => {
    const never = (): never => expect.unreachable('nothing to compute')
    createRepairSymbols(never).compute(never, chunk.length, Uint16Array.of(0, 1, 2))
  })

  it('keep earlier payloads whole: they may still wait in a socket', () => {
    const repairs = createRepairSymbols(() => code)
    repairs.compute(() => chunk, chunk.length, Uint16Array.of(128))
    const first = repairs.payload(0, 128)
    const before = first.slice()
    repairs.compute(() => chunk, chunk.length, Uint16Array.of(129))
    expect(Buffer.compare(first, before)).toBe(0)
    expect(() => repairs.payload(0, 128)).toThrow(/another slice/)
  })
})
