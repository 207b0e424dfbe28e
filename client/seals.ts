/**
 * How a read-back knows again what was verified: a checksum with a secret key over each chunk's content, made in memory
 * at the moment it had matched the manifest. GMAC, NIST SP 800-38D: ten times faster than a second SHA-256, nearly
 * three times faster than a second BLAKE3.
 *
 * The key is random, lives in this process alone and never leaves it, and no tag is ever shown. So whatever a disk, a
 * controller or anybody makes of the content, the odds that its tag is the same are under 2^-110: as sure as comparing
 * the bytes. Content of which there is no seal, from an earlier run, is held against the manifest's hash.
 */
import { createCipheriv, generateKeySync, type KeyObject } from 'node:crypto'

/** Shared by the threads of one target; survives structured clone. */
export interface Seals {
  /** An object: bytes would be made into one anew for each checksum, which takes a fifth of its time. */
  readonly key: KeyObject
  /** 16 bytes for each chunk. */
  readonly tags: Uint8Array
  /** 1 where there is a tag. */
  readonly isSealed: Uint8Array
}

const KEY_BITS = 128
const TAG_BYTES = 16
/** One nonce for all serves a checksum that nobody sees; it is forgery from seen tags that asks for fresh ones. */
const NONCE = new Uint8Array(12)

export function createSeals(chunkCount: number): Seals {
  return {
    key: generateKeySync('aes', { length: KEY_BITS }),
    tags: new Uint8Array(new SharedArrayBuffer(chunkCount * TAG_BYTES)),
    isSealed: new Uint8Array(new SharedArrayBuffer(chunkCount)),
  }
}

/** `raw` is known to be the chunk's content. */
export function seal(seals: Seals, chunk: number, raw: Uint8Array): void {
  seals.tags.set(tagOf(seals, raw), chunk * TAG_BYTES)
  Atomics.store(seals.isSealed, chunk, 1)
}

/** Whether it is the content that was sealed; null when none was. */
export function isAsSealed(seals: Seals, chunk: number, raw: Uint8Array): boolean | null {
  if (Atomics.load(seals.isSealed, chunk) === 0) return null
  const tag = seals.tags.subarray(chunk * TAG_BYTES, (chunk + 1) * TAG_BYTES)
  return tagOf(seals, raw).equals(tag)
}

function tagOf({ key }: Seals, raw: Uint8Array): Buffer {
  const gmac = createCipheriv('aes-128-gcm', key, NONCE).setAAD(raw)
  gmac.final()
  return gmac.getAuthTag()
}
