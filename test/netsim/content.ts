/** Bytes to carry, all from one seed. */
import { SYMBOL_BYTES } from '../../shared/protocol/limits.ts'

/** Mulberry32, in the public domain: small, seeded, good enough to lose datagrams by. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export function noise(length: number, random: () => number): Uint8Array {
  const bytes = new Uint8Array(length)
  const words = new Uint32Array(bytes.buffer, 0, length >> 2)
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32
  return bytes
}

export function padded(chunk: Uint8Array | undefined): Uint8Array {
  if (!chunk) throw new Error('no such chunk')
  const bytes = new Uint8Array(Math.ceil(chunk.length / SYMBOL_BYTES) * SYMBOL_BYTES)
  bytes.set(chunk)
  return bytes
}

/** By Buffer: a call for each of some hundred million bytes would be most of a run's time. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
