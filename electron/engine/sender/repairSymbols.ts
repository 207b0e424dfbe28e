/**
 * The repair symbols of one slice, computed together before its first datagram: each block is read once for all its
 * rows. PROTOCOL.md §3.1.
 */
import type { ErasureCode } from '../../../shared/fec/fec.ts'
import { blockFirstSymbol, blockLayout, blockSymbols } from '../../../shared/protocol/blocks.ts'
import { MAX_BLOCK_SYMBOLS, SYMBOL_BYTES } from '../../../shared/protocol/limits.ts'

export interface RepairSymbols {
  /**
   * `symbols` as in a slice; `chunk` padded to whole symbols, read only for blocks that have repair symbols in it. New
   * payloads lie in new memory: those of earlier slices may still wait in a socket's queue.
   */
  compute(chunk: () => Uint8Array, storedBytes: number, symbols: Uint16Array): void
  /** Of the last slice computed. */
  payload(block: number, symbol: number): Uint8Array
}

/** `code` is asked for at the first repair: a session without loss never needs it. */
export function createRepairSymbols(code: () => ErasureCode): RepairSymbols {
  const payloads = new Map<number, Uint8Array>()
  return {
    compute(chunk, storedBytes, symbols) {
      payloads.clear()
      const layout = blockLayout(storedBytes)
      for (const [block, rows] of rowsByBlock(symbols)) {
        const k = blockSymbols(layout, block)
        const from = blockFirstSymbol(layout, block) * SYMBOL_BYTES
        const source = chunk().subarray(from, from + k * SYMBOL_BYTES)
        const into = new Uint8Array(rows.length * SYMBOL_BYTES)
        code().encodeRows(source, k, rows, into)
        for (const [i, row] of rows.entries()) {
          const at = i * SYMBOL_BYTES
          const payload = into.subarray(at, at + SYMBOL_BYTES)
          payloads.set((block << 8) | (MAX_BLOCK_SYMBOLS + row), payload)
        }
      }
    },
    payload(block, symbol) {
      const payload = payloads.get((block << 8) | symbol)
      if (payload === undefined) throw new Error(`repair symbol ${symbol} of another slice`)
      return payload
    },
  }
}

function rowsByBlock(symbols: Uint16Array): Map<number, number[]> {
  const rows = new Map<number, number[]>()
  for (const code of symbols) {
    const symbol = code & 0xff
    if (symbol < MAX_BLOCK_SYMBOLS) continue
    const list = rows.get(code >> 8)
    if (list) list.push(symbol - MAX_BLOCK_SYMBOLS)
    else rows.set(code >> 8, [symbol - MAX_BLOCK_SYMBOLS])
  }
  return rows
}
