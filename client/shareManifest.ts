/** A manifest in memory that threads share, with the way from a chunk to its positions. */
import { ZERO_CHUNK } from '../shared/protocol/limits.ts'
import type { Manifest } from '../shared/protocol/manifest.ts'

export interface SharedManifest {
  readonly manifest: Manifest
  /** Positions of chunk c: positionsOf[firstPosition[c] .. firstPosition[c + 1]). Survives structured clone. */
  readonly firstPosition: Uint32Array
  readonly positionsOf: Uint32Array
}

export function shareManifest(manifest: Manifest): SharedManifest {
  const chunkCount = manifest.storedBytes.length
  const firstPosition = sharedWords(chunkCount + 1)
  for (const chunk of manifest.positions) {
    if (chunk !== ZERO_CHUNK) firstPosition[chunk + 1] = (firstPosition[chunk + 1] ?? 0) + 1
  }
  for (let i = 0; i < chunkCount; i++) {
    firstPosition[i + 1] = (firstPosition[i + 1] ?? 0) + (firstPosition[i] ?? 0)
  }
  const positionsOf = sharedWords(firstPosition[chunkCount] ?? 0)
  const nextOf = firstPosition.slice()
  manifest.positions.forEach((chunk, position) => {
    if (chunk === ZERO_CHUNK) return
    const at = nextOf[chunk] ?? 0
    positionsOf[at] = position
    nextOf[chunk] = at + 1
  })
  return {
    manifest: {
      imageBytes: manifest.imageBytes,
      hashing: manifest.hashing,
      hashes: sharedBytes(manifest.hashes),
      storedBytes: copyWords(manifest.storedBytes),
      encodings: sharedBytes(manifest.encodings),
      positions: copyWords(manifest.positions),
    },
    firstPosition,
    positionsOf,
  }
}

function sharedWords(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(length * 4))
}

function copyWords(words: Uint32Array): Uint32Array {
  const copy = sharedWords(words.length)
  copy.set(words)
  return copy
}

function sharedBytes(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
