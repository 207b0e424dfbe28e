/** A fill's symbols as one FILL message, out of the packs. PROTOCOL.md §6.5. */
import {
  blockFirstSymbol,
  blockLayout,
  blockSymbols,
  symbolBytes,
} from '../../../shared/protocol/blocks.ts'
import { encodeFill } from '../../../shared/protocol/fill.ts'
import { SYMBOL_BYTES } from '../../../shared/protocol/limits.ts'
import type { SessionId } from '../../../shared/protocol/packet.ts'
import type { Fill } from './fills.ts'

/** `read` answers a stored chunk, at least as long as its stored bytes. */
export function fillMessage(
  session: SessionId,
  storedBytes: Uint32Array,
  read: (chunk: number) => Uint8Array,
  fill: Fill,
): Uint8Array {
  return encodeFill(
    fill.symbols.map(({ chunk, block, symbol }) => {
      const layout = blockLayout(storedBytes[chunk] ?? 0)
      const inChunk = blockFirstSymbol(layout, block) + symbol
      const from = inChunk * SYMBOL_BYTES
      return {
        session,
        chunk,
        block,
        symbol,
        k: blockSymbols(layout, block),
        blockCount: layout.blockCount,
        storedBytes: layout.storedBytes,
        payload: read(chunk).subarray(from, from + symbolBytes(layout, inChunk)),
      }
    }),
  )
}
