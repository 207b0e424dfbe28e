/** How a stored chunk is cut into source blocks and symbols. PROTOCOL.md §3, RFC 5052 §9.1. */
import { MAX_BLOCK_SYMBOLS, SYMBOL_BYTES } from './limits.ts'

export interface BlockLayout {
  readonly storedBytes: number
  readonly symbolCount: number
  readonly blockCount: number
}

export function blockLayout(storedBytes: number): BlockLayout {
  const symbolCount = Math.ceil(storedBytes / SYMBOL_BYTES)
  return { storedBytes, symbolCount, blockCount: Math.ceil(symbolCount / MAX_BLOCK_SYMBOLS) }
}

/** Source symbols in a block (k); 0 for a block that does not exist. */
export function blockSymbols(layout: BlockLayout, block: number): number {
  if (block >= layout.blockCount) return 0
  const small = Math.floor(layout.symbolCount / layout.blockCount)
  return block < layout.symbolCount % layout.blockCount ? small + 1 : small
}

/** Index in the chunk of the block's first symbol. */
export function blockFirstSymbol(layout: BlockLayout, block: number): number {
  const small = Math.floor(layout.symbolCount / layout.blockCount)
  return block * small + Math.min(block, layout.symbolCount % layout.blockCount)
}

/** Payload bytes of the chunk's i-th symbol: 1408, but for a short last one. */
export function symbolBytes(layout: BlockLayout, symbolInChunk: number): number {
  return Math.min(SYMBOL_BYTES, layout.storedBytes - symbolInChunk * SYMBOL_BYTES)
}
