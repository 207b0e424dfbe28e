/**
 * Hashing and packing on all cores, and the slots of memory that bound it: whoever wants to read more waits for one to
 * come free. The work runs on Node's own thread pool: a worker thread of ours for each core would cost 20 MiB apiece.
 */
import { webcrypto } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { CHUNK_BYTES } from '../../../shared/protocol/limits.ts'
import { ENCODING, HASHING } from '../../../shared/protocol/manifest.ts'
import type { Encoding, Hashing } from '../../../shared/protocol/manifest.ts'
import { hashChunk } from '../chunkHash/chunkHash.ts'
import { packChunk } from './packChunk.ts'

/** Threads in Node's pool unless the environment says otherwise; asking for more only makes files wait. */
const POOL_THREADS = 4

/** V8 lets 64 MiB of buffers outside its heap pile up before it looks; beside a large window that is too much. */
const COLLECT_EVERY_CHUNKS = 16

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

/** `isMemoryTight`: the source's decompressor takes a large part of the memory, so garbage is collected early. */
export function createChunkPool(hashing: Hashing, isMemoryTight: boolean): ChunkPool {
  const atWork = Math.min(POOL_THREADS, availableParallelism() + 1)
  const slotCount = atWork * 3 // At work, next in line, and being written.
  const slots = new Uint8Array(slotCount * CHUNK_BYTES)
  const freeSlots = Array.from({ length: slotCount }, (_, slot) => slot)
  const waitingForSlot: ((slot: number) => void)[] = []
  const waitingForTurn: (() => void)[] = []
  let running = 0
  let uncollected = 0
  const collect = isMemoryTight ? collector() : null

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
      // At 4 GB/s on this very thread it holds nobody up, and takes no turn from packing.
      if (hashing === HASHING.blake3) return Promise.resolve(hashChunk(hashing, raw))
      return inTurn(async () => new Uint8Array(await webcrypto.subtle.digest('SHA-256', raw)))
    },
    pack(slot, rawBytes) {
      const raw = bytes(slot).subarray(0, rawBytes)
      return inTurn(async () => {
        const packed = await packChunk(raw)
        if (collect && ++uncollected >= COLLECT_EVERY_CHUNKS) {
          uncollected = 0
          collect()
        }
        return packed
          ? { stored: packed, encoding: ENCODING.zstd }
          : { stored: raw, encoding: ENCODING.raw }
      })
    },
  }
}

/** V8's own collector, some milliseconds in a heap as small as this thread's; the flag is the only way to it. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
