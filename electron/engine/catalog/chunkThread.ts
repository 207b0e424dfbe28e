/**
 * Worker thread: hashes a chunk, then, when the catalog has none like it, packs it. Chunks lie in slots of shared
 * memory; a packed chunk replaces the raw one in its slot, so nothing is copied between threads.
 */
import { hash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { CHUNK_BYTES } from '../../../shared/protocol/limits.ts'
import { ENCODING } from '../../../shared/protocol/manifest.ts'
import type { Encoding } from '../../../shared/protocol/manifest.ts'
import { packChunk } from './packChunk.ts'

export interface ChunkThreadData {
  readonly slots: SharedArrayBuffer
}

export type ChunkOrder =
  | { readonly step: 'hash'; readonly slot: number; readonly rawBytes: number }
  | { readonly step: 'pack'; readonly slot: number; readonly rawBytes: number }

export type ChunkAnswer =
  | { readonly step: 'hash'; readonly slot: number; readonly hash: Uint8Array }
  | {
      readonly step: 'pack'
      readonly slot: number
      readonly storedBytes: number
      readonly encoding: Encoding
    }

if (parentPort) serve(parentPort, workerData as ChunkThreadData)

function serve(port: NonNullable<typeof parentPort>, { slots }: ChunkThreadData): void {
  port.on('message', (order: ChunkOrder) => {
    const raw = new Uint8Array(slots, order.slot * CHUNK_BYTES, order.rawBytes)
    port.postMessage(order.step === 'hash' ? hashed(order.slot, raw) : packed(order.slot, raw))
  })
}

function hashed(slot: number, raw: Uint8Array): ChunkAnswer {
  return { step: 'hash', slot, hash: new Uint8Array(hash('sha256', raw, 'buffer')) }
}

function packed(slot: number, raw: Uint8Array): ChunkAnswer {
  const bytes = packChunk(raw)
  if (!bytes) return { step: 'pack', slot, storedBytes: raw.length, encoding: ENCODING.raw }
  raw.set(bytes)
  return { step: 'pack', slot, storedBytes: bytes.length, encoding: ENCODING.zstd }
}
