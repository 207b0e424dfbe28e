import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createErasureCode } from '../shared/fec/fec.ts'
import { SYMBOL_BYTES } from '../shared/protocol/limits.ts'
import { createUnsolved, solve } from './unsolved.ts'

const code = createErasureCode()
const CONTENT = randomBytes(12 * SYMBOL_BYTES)

/** The second block of two, six symbols each, of which the missing ones hold anything. */
function damaged(missing: readonly number[]): {
  memory: Uint8Array<SharedArrayBuffer>
  block: Uint8Array
  repairs: { row: number; payload: Uint8Array }[]
} {
  const memory = new Uint8Array(new SharedArrayBuffer(CONTENT.length + 100))
  memory.set(CONTENT)
  const block = memory.subarray(6 * SYMBOL_BYTES, 12 * SYMBOL_BYTES)
  const repairs = missing.map((_, row) => {
    const payload = new Uint8Array(SYMBOL_BYTES)
    code.encode(block, 6, row, payload)
    return { row, payload }
  })
  for (const symbol of missing) {
    block.fill(0xee, symbol * SYMBOL_BYTES, (symbol + 1) * SYMBOL_BYTES)
  }
  return { memory, block, repairs }
}

test('what was put off is computed later, in place', () => {
  const { memory, block, repairs } = damaged([1, 4])
  const unsolved = createUnsolved()
  unsolved.codeFor(7).decode(block, 6, [1, 4], repairs)
  expect(Buffer.from(memory.subarray(0, CONTENT.length)).equals(CONTENT)).toBe(false)
  const blocks = structuredClone(unsolved.take(7))
  solve(code, memory.subarray(0, CONTENT.length - 500), blocks)
  expect(Buffer.from(memory.subarray(0, CONTENT.length)).equals(CONTENT)).toBe(true)
})

test('a note is of one chunk, and is given once', () => {
  const { block, repairs } = damaged([0])
  const unsolved = createUnsolved()
  unsolved.codeFor(1).decode(block, 6, [0], repairs)
  expect(unsolved.take(2)).toEqual([])
  expect(unsolved.take(1)).toHaveLength(1)
  expect(unsolved.take(1)).toEqual([])
  unsolved.codeFor(1).decode(block, 6, [0], repairs)
  unsolved.clear()
  expect(unsolved.take(1)).toEqual([])
})
