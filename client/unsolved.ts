/**
 * Puts decoding off: a block that enough repair symbols have come for counts as complete at once, and the thread that
 * checks the chunk computes what is missing. So neither socket nor control connection ever waits for a code, and the
 * code is made once for each thread, however many receivers share it.
 */
import type { ErasureCode, Repair } from '../shared/fec/fec.ts'
import { SYMBOL_BYTES } from '../shared/protocol/limits.ts'

/** One block to decode; survives structured clone. */
export interface UnsolvedBlock {
  /** Where the block begins in the chunk's memory. */
  readonly offsetBytes: number
  readonly k: number
  readonly missing: readonly number[]
  readonly repairs: readonly Repair[]
}

export interface Unsolved {
  /** A code that only notes what is to be decoded of this chunk. */
  codeFor(chunk: number): ErasureCode
  /** What was noted of the chunk, once. */
  take(chunk: number): readonly UnsolvedBlock[]
  clear(): void
}

export function createUnsolved(): Unsolved {
  const noted = new Map<number, UnsolvedBlock[]>()
  const encode = (): never => {
    throw new Error('a receiver encodes nothing')
  }
  return {
    codeFor: chunk => ({
      encode,
      encodeRows: encode,
      decode(block, k, missing, repairs) {
        const blocks = noted.get(chunk)
        const one = { offsetBytes: block.byteOffset, k, missing, repairs }
        if (blocks) blocks.push(one)
        else noted.set(chunk, [one])
      },
    }),
    take(chunk) {
      const blocks = noted.get(chunk) ?? []
      noted.delete(chunk)
      return blocks
    },
    clear: () => noted.clear(),
  }
}

/** `stored`: the chunk at the start of its memory, which holds whole symbols. */
export function solve(
  code: ErasureCode,
  stored: Uint8Array,
  blocks: readonly UnsolvedBlock[],
): void {
  for (const { offsetBytes, k, missing, repairs } of blocks) {
    const block = new Uint8Array(stored.buffer, offsetBytes, k * SYMBOL_BYTES)
    code.decode(block, k, missing, repairs)
  }
}
