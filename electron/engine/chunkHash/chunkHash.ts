/** The hash of a chunk's raw content, as manifests hold it: what both ends of a cable reckon alike. PROTOCOL.md §5. */
import { hash } from 'node:crypto'
import { createRequire } from 'node:module'
import type * as Blake from '@napi-rs/blake-hash'
import { HASHING, type Hashing } from '../../../shared/protocol/manifest.ts'

/** HASH_BYTES. At once, on the thread that calls. `raw` is read where it lies, in memory that threads share too. */
export function hashChunk(hashing: Hashing, raw: Uint8Array): Buffer {
  switch (hashing) {
    case HASHING.sha256:
      return hash('sha256', raw, 'buffer')
    case HASHING.blake3:
      return blake3()(Buffer.from(raw.buffer, raw.byteOffset, raw.length))
  }
}

/** Loaded by the first chunk: many that start this program hash none. */
const loaded = new Map<Hashing, typeof Blake.blake3>()

function blake3(): typeof Blake.blake3 {
  const known = loaded.get(HASHING.blake3)
  if (known !== undefined) return known
  // Its binary by name: the package's entry point has Node report on the whole process first, to tell one C library
  // from another, which takes most of the time of loading and may ask DNS who each connection's peer is.
  const name = `@napi-rs/blake-hash-${process.platform}-${process.arch}${ABI[process.platform] ?? ''}`
  const binary = createRequire(import.meta.url)(name) as typeof Blake
  loaded.set(HASHING.blake3, binary.blake3)
  return binary.blake3
}

/** As the package names them. Node itself comes for no other C library of Linux. */
const ABI: { readonly [platform in NodeJS.Platform]?: string } = { linux: '-gnu', win32: '-msvc' }
