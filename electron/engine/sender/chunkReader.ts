/** Stored chunks out of pack files, with the most recent kept: repairs come within a second of the first sending. */
import fs from 'node:fs'
import { adviseLargePages } from '../libc/libc.ts'
import { blockLayout } from '../../../shared/protocol/blocks.ts'
import { CHUNK_BYTES, SYMBOL_BYTES } from '../../../shared/protocol/limits.ts'

export interface ChunkSource {
  readonly packPaths: readonly string[]
  /** Parallel to the manifest's chunks. */
  readonly packIndex: Uint32Array
  readonly offsetBytes: Float64Array
  readonly storedBytes: Uint32Array
}

export interface ChunkReader {
  /**
   * The stored chunk, padded with zeros to whole symbols. Throws when a pack is missing or short: the catalog is
   * damaged. The bytes are shared and stay as they are until `safeReads` of later calls: do not write into them.
   */
  read(chunk: number): Uint8Array
  close(): void
}

/**
 * 16 MiB at most, unless so many are needed at once: what a pass and its repairs read in turn. Older chunks the system
 * still has in its cache, and to read one from there costs less than to touch fresh memory for it here.
 */
const KEPT_CHUNKS = 16
const SLOT_BYTES = Math.ceil(CHUNK_BYTES / SYMBOL_BYTES) * SYMBOL_BYTES

interface Kept {
  readonly slot: Uint8Array
  readonly bytes: Uint8Array
  readAt: number
}

/** One after the other in memory that is not touched yet, for large pages. */
function newSlots(): Uint8Array[] {
  const memory = new ArrayBuffer(KEPT_CHUNKS * SLOT_BYTES)
  adviseLargePages(memory, 0, memory.byteLength)
  return Array.from(
    { length: KEPT_CHUNKS },
    (_, at) => new Uint8Array(memory, at * SLOT_BYTES, SLOT_BYTES),
  )
}

/**
 * Memory is used again: a fresh buffer for each chunk costs more in page faults and garbage collection than reading and
 * sending it.
 */
export function openChunkReader(source: ChunkSource, safeReads: number): ChunkReader {
  const files = new Map<number, number>()
  /** The least recently read first. */
  const kept = new Map<number, Kept>()
  const fresh = newSlots()
  let reads = 0

  function file(pack: number): number {
    const open = files.get(pack)
    if (open !== undefined) return open
    const path = source.packPaths[pack]
    if (path === undefined) throw new Error(`the catalog names no pack ${pack}`)
    const fd = fs.openSync(path, 'r')
    files.set(pack, fd)
    return fd
  }

  /** The oldest one's, if nobody can still be sending it. */
  function slot(): Uint8Array {
    const oldest = kept.size < KEPT_CHUNKS ? undefined : kept.entries().next().value
    if (oldest === undefined || reads - oldest[1].readAt <= safeReads) {
      return fresh.shift() ?? new Uint8Array(SLOT_BYTES)
    }
    kept.delete(oldest[0])
    return oldest[1].slot
  }

  function load(chunk: number): Kept {
    const { storedBytes, symbolCount } = blockLayout(source.storedBytes[chunk] ?? 0)
    const memory = slot()
    const bytes = memory.subarray(0, symbolCount * SYMBOL_BYTES)
    bytes.fill(0, storedBytes)
    const pack = source.packIndex[chunk] ?? 0
    const at = source.offsetBytes[chunk] ?? 0
    const read = fs.readSync(file(pack), bytes, 0, storedBytes, at)
    if (read !== storedBytes) {
      throw new Error(`pack ${source.packPaths[pack]} ends inside chunk ${chunk}`)
    }
    return { slot: memory, bytes, readAt: 0 }
  }

  let last: { readonly chunk: number; readonly one: Kept } | null = null
  return {
    read(chunk) {
      reads++
      if (last?.chunk === chunk) {
        last.one.readAt = reads
        return last.one.bytes
      }
      const one = kept.get(chunk) ?? load(chunk)
      one.readAt = reads
      kept.delete(chunk)
      kept.set(chunk, one)
      last = { chunk, one }
      return one.bytes
    },
    close() {
      for (const fd of files.values()) fs.closeSync(fd)
      files.clear()
    },
  }
}
