/** A stream of bytes, cut as stock receivers expect it: a block that is not full travels as a slice of its own. */
import { BLOCK_BYTES } from './packet.ts'

export interface SliceReader {
  /** The next slice in memory of its own; empty at the end. */
  next(): Promise<Uint8Array>
  close(): Promise<void>
}

/** `content` holds `sizeBytes`, in parts of any length. */
export function createSliceReader(
  content: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  maxSliceBytes: number,
): SliceReader {
  const parts = content[Symbol.asyncIterator]()
  let part: Uint8Array = new Uint8Array()
  let leftBytes = sizeBytes

  async function fill(slice: Uint8Array): Promise<void> {
    for (let filled = 0; filled < slice.length;) {
      if (part.length === 0) {
        const next = await parts.next()
        if (next.done === true) throw new Error('the content ended before its size')
        part = next.value
      }
      const bytes = Math.min(part.length, slice.length - filled)
      slice.set(part.subarray(0, bytes), filled)
      part = part.subarray(bytes)
      filled += bytes
    }
  }

  return {
    async next() {
      const mostBytes = Math.min(leftBytes, maxSliceBytes)
      const tailBytes = mostBytes > BLOCK_BYTES ? mostBytes % BLOCK_BYTES : 0
      const slice = new Uint8Array(mostBytes - tailBytes)
      await fill(slice)
      leftBytes -= slice.length
      return slice
    },
    async close() {
      await parts.return?.()
    },
  }
}
