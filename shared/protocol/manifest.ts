/**
 * The manifest: which chunk stands at each position of an image. PROTOCOL.md §5.
 *
 * Its identity depends on raw content alone, so recompressing a catalog changes no image's name; its wire form also
 * says how each chunk is stored, because that is what travels.
 */
import { CHUNK_BYTES, MAX_IMAGE_BYTES, ZERO_CHUNK } from './limits.ts'

export const HASH_BYTES = 32

/** How a stored chunk is packed. Wire values. */
export const ENCODING = { raw: 0, zstd: 1 } as const
export type Encoding = (typeof ENCODING)[keyof typeof ENCODING]

/** What a chunk's raw content is hashed with. Both give HASH_BYTES. */
export const HASHING = { sha256: 'sha256', blake3: 'blake3' } as const
export type Hashing = (typeof HASHING)[keyof typeof HASHING]

/** Chunk columns are parallel: entry i of each describes chunk i. Chunks stand in order of first appearance. */
export interface Manifest {
  readonly imageBytes: number
  readonly hashing: Hashing
  /** Of each distinct non-zero chunk's raw content, 32 bytes each. */
  readonly hashes: Uint8Array
  /** Bytes as stored and sent; never more than the raw size. */
  readonly storedBytes: Uint32Array
  readonly encodings: Uint8Array
  /** For each chunk-sized step of the image: index of its chunk, or ZERO_CHUNK. */
  readonly positions: Uint32Array
}

export interface MalformedManifest {
  readonly kind: 'malformed'
  readonly reason: string
}

const MAGIC: Readonly<Record<Hashing, number>> = {
  sha256: 0x42434d31, // "BCM1"
  blake3: 0x42434d32, // "BCM2"
}
/** Of one length. */
const IDENTITY_LABEL: Readonly<Record<Hashing, string>> = {
  sha256: 'benchcast manifest 1\n',
  blake3: 'benchcast manifest 2\n',
}
const AT = { magic: 0, chunkBytes: 4, imageBytes: 8, chunkCount: 16, positionCount: 20, chunks: 24 }
const CHUNK_ENTRY_BYTES = HASH_BYTES + 5
const POSITION_BYTES = 4

/** Raw bytes at a position: a whole chunk, or the image's tail. */
export function positionBytes(imageBytes: number, position: number): number {
  return Math.min(CHUNK_BYTES, imageBytes - position * CHUNK_BYTES)
}

export function positionCount(imageBytes: number): number {
  return Math.ceil(imageBytes / CHUNK_BYTES)
}

/** Raw size of each chunk, from the positions that hold it. A tail that equals no other chunk is the only short one. */
export function rawChunkBytes(manifest: Manifest): Uint32Array {
  const sizes = new Uint32Array(manifest.storedBytes.length)
  manifest.positions.forEach((chunk, position) => {
    if (chunk !== ZERO_CHUNK) sizes[chunk] = positionBytes(manifest.imageBytes, position)
  })
  return sizes
}

/**
 * What is hashed to name the image, with SHA-256 whatever its chunks are hashed with: a label that says the latter, the
 * sizes, then each position's raw hash, zeros standing as 32 zero bytes. The caller hashes: this folder has no crypto.
 */
export function identityBytes(manifest: Manifest): Uint8Array {
  const label = IDENTITY_LABEL[manifest.hashing]
  const bytes = new Uint8Array(label.length + 12 + manifest.positions.length * HASH_BYTES)
  for (let i = 0; i < label.length; i++) bytes[i] = label.charCodeAt(i)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(label.length, BigInt(manifest.imageBytes))
  view.setUint32(label.length + 8, CHUNK_BYTES)
  manifest.positions.forEach((chunk, position) => {
    if (chunk === ZERO_CHUNK) return
    const hash = manifest.hashes.subarray(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES)
    bytes.set(hash, label.length + 12 + position * HASH_BYTES)
  })
  return bytes
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  const chunkCount = manifest.storedBytes.length
  const positions = AT.chunks + chunkCount * CHUNK_ENTRY_BYTES
  const bytes = new Uint8Array(positions + manifest.positions.length * POSITION_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(AT.magic, MAGIC[manifest.hashing])
  view.setUint32(AT.chunkBytes, CHUNK_BYTES)
  view.setBigUint64(AT.imageBytes, BigInt(manifest.imageBytes))
  view.setUint32(AT.chunkCount, chunkCount)
  view.setUint32(AT.positionCount, manifest.positions.length)
  for (let i = 0; i < chunkCount; i++) {
    const at = AT.chunks + i * CHUNK_ENTRY_BYTES
    bytes.set(manifest.hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES), at)
    view.setUint32(at + HASH_BYTES, manifest.storedBytes[i] ?? 0)
    bytes[at + HASH_BYTES + 4] = manifest.encodings[i] ?? 0
  }
  manifest.positions.forEach((chunk, i) => view.setUint32(positions + i * POSITION_BYTES, chunk))
  return bytes
}

/** The manifest, or why not. Canonical form only: one byte sequence per manifest. The result owns its memory. */
export function decodeManifest(bytes: Uint8Array): Manifest | MalformedManifest {
  if (bytes.length < AT.chunks) return malformed('truncated header')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const hashing = hashingOf(view.getUint32(AT.magic))
  if (hashing === null) return malformed('not a manifest that this version knows')
  if (view.getUint32(AT.chunkBytes) !== CHUNK_BYTES) return malformed('other chunk size')
  const imageBytes = Number(view.getBigUint64(AT.imageBytes))
  if (imageBytes < 1 || imageBytes > MAX_IMAGE_BYTES) return malformed('image size out of range')
  const chunkCount = view.getUint32(AT.chunkCount)
  const count = view.getUint32(AT.positionCount)
  if (count !== positionCount(imageBytes)) return malformed('position count against image size')
  if (chunkCount > count) return malformed('more chunks than positions')
  const positionsAt = AT.chunks + chunkCount * CHUNK_ENTRY_BYTES
  if (bytes.length !== positionsAt + count * POSITION_BYTES) return malformed('length')
  const manifest: Manifest = {
    imageBytes,
    hashing,
    hashes: new Uint8Array(chunkCount * HASH_BYTES),
    storedBytes: new Uint32Array(chunkCount),
    encodings: new Uint8Array(chunkCount),
    positions: new Uint32Array(count),
  }
  for (let i = 0; i < chunkCount; i++) {
    const at = AT.chunks + i * CHUNK_ENTRY_BYTES
    manifest.hashes.set(bytes.subarray(at, at + HASH_BYTES), i * HASH_BYTES)
    manifest.storedBytes[i] = view.getUint32(at + HASH_BYTES)
    manifest.encodings[i] = view.getUint8(at + HASH_BYTES + 4)
  }
  for (let i = 0; i < count; i++) {
    manifest.positions[i] = view.getUint32(positionsAt + i * POSITION_BYTES)
  }
  return illegal(manifest) ?? manifest
}

function hashingOf(magic: number): Hashing | null {
  return Object.values(HASHING).find(hashing => MAGIC[hashing] === magic) ?? null
}

function illegal(manifest: Manifest): MalformedManifest | null {
  let next = 0
  const sizes = new Uint32Array(manifest.storedBytes.length)
  for (let position = 0; position < manifest.positions.length; position++) {
    const chunk = manifest.positions[position] ?? ZERO_CHUNK
    if (chunk === ZERO_CHUNK) continue
    if (chunk > next || chunk >= sizes.length) return malformed('chunk out of order')
    const rawBytes = positionBytes(manifest.imageBytes, position)
    if (chunk === next) next++
    else if (sizes[chunk] !== rawBytes) return malformed('one chunk with two sizes')
    sizes[chunk] = rawBytes
  }
  if (next !== sizes.length) return malformed('chunk without position')
  for (let i = 0; i < sizes.length; i++) {
    const stored = manifest.storedBytes[i] ?? 0
    const raw = sizes[i] ?? 0
    const encoding = manifest.encodings[i]
    if (encoding === ENCODING.raw ? stored !== raw : encoding !== ENCODING.zstd)
      return malformed('raw chunk with another size, or unknown encoding')
    if (stored < 1 || stored > raw) return malformed('stored size out of range')
  }
  return null
}

function malformed(reason: string): MalformedManifest {
  return { kind: 'malformed', reason }
}
