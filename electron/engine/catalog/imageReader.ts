/**
 * An image's content again, position after position, each chunk proven against its hash. Some chunks ahead are read and
 * unpacked on the system's thread pool while one is being used.
 */
import { CHUNK_BYTES, ZERO_CHUNK } from '../../../shared/protocol/limits.ts'
import { HASH_BYTES, positionBytes } from '../../../shared/protocol/manifest.ts'
import type { ImageLayout } from './imageLayout.ts'
import { createPackFiles, readStoredChunk } from './storedChunk.ts'
import type { DamagedChunk, StoredChunk } from './storedChunk.ts'

export interface ImagePart {
  readonly position: number
  readonly offsetBytes: number
  readonly rawBytes: number
  /** Null for zeros; the chunk's content; or why that cannot be had. */
  readonly content: Uint8Array | DamagedChunk | null
}

/** Chunks under way at once: 8 MiB, and enough to keep the thread pool's four threads busy. */
const AHEAD = 8

export async function* readImage(layout: ImageLayout): AsyncGenerator<ImagePart> {
  const { imageBytes, positions } = layout.manifest
  const packs = createPackFiles()
  const ahead: Promise<ImagePart>[] = []
  const start = (position: number): Promise<ImagePart> => {
    const offsetBytes = position * CHUNK_BYTES
    const rawBytes = positionBytes(imageBytes, position)
    const chunk = positions[position] ?? ZERO_CHUNK
    const part = { position, offsetBytes, rawBytes }
    if (chunk === ZERO_CHUNK) return Promise.resolve({ ...part, content: null })
    const stored = storedChunk(layout, chunk)
    return readStoredChunk(stored, packs, rawBytes).then(content => ({ ...part, content }))
  }
  try {
    for (let position = 0; position < positions.length; position++) {
      while (ahead.length < AHEAD && position + ahead.length < positions.length) {
        ahead.push(start(position + ahead.length))
      }
      const next = ahead.shift()
      if (next) yield await next
    }
  } finally {
    await Promise.allSettled(ahead)
    await packs.close()
  }
}

export function isDamaged(content: ImagePart['content']): content is DamagedChunk {
  return content !== null && 'reason' in content
}

function storedChunk(layout: ImageLayout, chunk: number): StoredChunk {
  return {
    packPath: layout.packPaths[layout.packIndex[chunk] ?? 0] ?? '',
    packOffsetBytes: layout.offsetBytes[chunk] ?? 0,
    storedBytes: layout.manifest.storedBytes[chunk] ?? 0,
    encoding: layout.manifest.encodings[chunk] ?? 0,
    hashing: layout.manifest.hashing,
    hash: layout.manifest.hashes.subarray(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES),
  }
}
