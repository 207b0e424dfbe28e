/**
 * The repair code spelled out bit by bit, straight from PROTOCOL.md §3.1: far too slow to use (about 1 ms a symbol),
 * obvious enough to hold the fast one against.
 */
import { SYMBOL_BYTES } from '../protocol/limits.ts'
import { createField } from './field.ts'

/** A symbol is 8 strips; strip i holds bit i of the symbol's 1408 field elements. */
const STRIPS = 8
const STRIP_BYTES = SYMBOL_BYTES / STRIPS

/** Payload of repair `row` over k source symbols that lie one after the other. */
export function referenceRepair(source: Uint8Array, k: number, row: number): Uint8Array {
  const field = createField()
  const repair = new Uint8Array(SYMBOL_BYTES)
  for (let column = 0; column < k; column++) {
    const symbol = source.subarray(column * SYMBOL_BYTES, (column + 1) * SYMBOL_BYTES)
    const coefficient = field.coefficient(row, column)
    for (let n = 0; n < STRIP_BYTES * 8; n++) {
      addElement(repair, n, field.multiply(coefficient, element(symbol, n)))
    }
  }
  return repair
}

/** Bit i of the n-th field element is bit n mod 8, least significant first, of byte n / 8 of strip i. */
function element(symbol: Uint8Array, n: number): number {
  let value = 0
  for (let strip = 0; strip < STRIPS; strip++) {
    const byte = symbol[strip * STRIP_BYTES + (n >> 3)] ?? 0
    value |= ((byte >> (n & 7)) & 1) << strip
  }
  return value
}

function addElement(symbol: Uint8Array, n: number, value: number): void {
  for (let strip = 0; strip < STRIPS; strip++) {
    const at = strip * STRIP_BYTES + (n >> 3)
    symbol[at] = (symbol[at] ?? 0) ^ (((value >> strip) & 1) << (n & 7))
  }
}
