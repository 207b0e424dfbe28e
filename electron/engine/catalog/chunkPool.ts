/**
 * Hashing and packing on all cores, and the slots of memory that bound it: whoever wants to read more waits for one to
 * come free. The work runs on Node's own thread pool: a worker thread of ours for each core would cost 20 MiB apiece.
 */
import { webcrypto } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { CHUNK_BYTES } from '../../../shared/protocol/limits.ts'
import { ENCODING } from '../../../shared/protocol/manifest.ts'
import type { Encoding } from '../../../shared/protocol/manifest.ts'
import { packChunk } from './packChunk.ts'

/** Threads in Node's pool unless the environment says otherwise; asking for more only makes files wait. */
const POOL_THREADS = 4

export interface PackedChunk {
  /** As they are to be stored; may be the slot's own memory. */
  readonly stored: Uint8Array
  readonly encoding: Encoding
}

export interface ChunkPool {
  /** Waits for a slot; its memory is the caller's until `free`. */
  take(): Promise<number>
  free(slot: number): void
  bytes(slot: number): Uint8Array<ArrayBuffer>
  hash(slot: number, rawBytes: number): Promise<Uint8Array>
  pack(slot: number, rawBytes: number): Promise<PackedChunk>
}

export function createChunkPool(): ChunkPool {
  const atWork = Math.min(POOL_THREADS, availableParallelism() + 1)
  const slotCount = atWork * 3 // At work, next in line, and being written.
  const slots = new Uint8Array(slotCount * CHUNK_BYTES)
  const freeSlots = Array.from({ length: slotCount }, (_, slot) => slot)
  const waitingForSlot: ((slot: number) => void)[] = []
  const waitingForTurn: (() => void)[] = []
  let running = 0

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running === atWork) await new Promise<void>(resolve => waitingForTurn.push(resolve))
    else running++
    try {
      return await work()
    } finally {
      const next = waitingForTurn.shift()
      if (next) next()
      else running--
    }
  }

  const bytes = (slot: number) => slots.subarray(slot * CHUNK_BYTES, (slot + 1) * CHUNK_BYTES)
  return {
    take() {
      const slot = freeSlots.pop()
      return slot === undefined
        ? new Promise(resolve => waitingForSlot.push(resolve))
        : Promise.resolve(slot)
    },
    free(slot) {
      const next = waitingForSlot.shift()
      if (next) next(slot)
      else freeSlots.push(slot)
    },
    bytes,
    hash(slot, rawBytes) {
      const raw = bytes(slot).subarray(0, rawBytes)
      return inTurn(async () => new Uint8Array(await webcrypto.subtle.digest('SHA-256', raw)))
    },
    pack(slot, rawBytes) {
      const raw = bytes(slot).subarray(0, rawBytes)
      return inTurn(async () => {
        const packed = await packChunk(raw)
        return packed
          ? { stored: packed, encoding: ENCODING.zstd }
          : { stored: raw, encoding: ENCODING.raw }
      })
    },
  }
}
