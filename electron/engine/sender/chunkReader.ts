/** Stored chunks out of pack files, with the most recent kept: repairs come within a second of the first sending. */
import fs from 'node:fs'
import { blockLayout } from '../../../shared/protocol/blocks.ts'
import { SYMBOL_BYTES } from '../../../shared/protocol/limits.ts'

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
   * damaged. The buffer is shared: do not write into it.
   */
  read(chunk: number): Buffer
  close(): void
}

/** 64 MiB at most: half a second of gigabit, longer than a repair takes. */
const KEPT_CHUNKS = 64

export function openChunkReader(source: ChunkSource): ChunkReader {
  const files = new Map<number, number>()
  const kept = new Map<number, Buffer>()

  function file(pack: number): number {
    const open = files.get(pack)
    if (open !== undefined) return open
    const path = source.packPaths[pack]
    if (path === undefined) throw new Error(`the catalog names no pack ${pack}`)
    const fd = fs.openSync(path, 'r')
    files.set(pack, fd)
    return fd
  }

  return {
    read(chunk) {
      const known = kept.get(chunk)
      if (known) return known
      const { storedBytes, symbolCount } = blockLayout(source.storedBytes[chunk] ?? 0)
      const bytes = Buffer.allocUnsafeSlow(symbolCount * SYMBOL_BYTES).fill(0, storedBytes)
      const pack = source.packIndex[chunk] ?? 0
      const at = source.offsetBytes[chunk] ?? 0
      const read = fs.readSync(file(pack), bytes, 0, storedBytes, at)
      if (read !== storedBytes) {
        throw new Error(`pack ${source.packPaths[pack]} ends inside chunk ${chunk}`)
      }
      kept.set(chunk, bytes)
      if (kept.size > KEPT_CHUNKS) kept.delete(kept.keys().next().value ?? chunk)
      return bytes
    },
    close() {
      for (const fd of files.values()) fs.closeSync(fd)
      files.clear()
    },
  }
}
