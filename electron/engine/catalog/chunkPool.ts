/**
 * The threads that hash and pack, and the slots of shared memory between them and the import. One thread a core;
 * slots bound the memory: whoever wants to read more waits for one to come free.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { CHUNK_BYTES } from '../../../shared/protocol/limits.ts'
import type { Encoding } from '../../../shared/protocol/manifest.ts'
import type { ChunkAnswer, ChunkOrder, ChunkThreadData } from './chunkThread.ts'

/** A thread costs about 15 MiB: eight outrun every disk and stay inside the memory of an import. */
const MAX_THREADS = 8

export interface PackedChunk {
  readonly storedBytes: number
  readonly encoding: Encoding
}

export interface ChunkPool {
  /** Waits for a slot; its memory is the caller's until `free`. */
  take(): Promise<number>
  free(slot: number): void
  bytes(slot: number): Uint8Array
  hash(slot: number, rawBytes: number): Promise<Uint8Array>
  /** Packs in place: afterwards the slot begins with `storedBytes` to be stored. */
  pack(slot: number, rawBytes: number): Promise<PackedChunk>
  close(): Promise<void>
}

interface Asked {
  resolve(answer: ChunkAnswer): void
  reject(cause: Error): void
}

export function createChunkPool(): ChunkPool {
  const threadCount = Math.min(MAX_THREADS, availableParallelism())
  const slotCount = threadCount * 3 + 2 // At work, next in line, and being written, for each thread.
  const slots = new SharedArrayBuffer(slotCount * CHUNK_BYTES)
  const freeSlots = Array.from({ length: slotCount }, (_, slot) => slot)
  const waiting: ((slot: number) => void)[] = []
  const asked: (Asked | null)[] = Array.from({ length: slotCount }, () => null)
  let death: Error | null = null

  const threads = Array.from({ length: threadCount }, () => {
    const worker = startThread({ slots })
    const thread = { worker, load: 0 }
    worker.on('message', (answer: ChunkAnswer) => {
      thread.load--
      const one = asked[answer.slot]
      asked[answer.slot] = null
      one?.resolve(answer)
    })
    worker.on('error', error => {
      death = error instanceof Error ? error : new Error(String(error))
      for (const one of asked) one?.reject(death)
    })
    return thread
  })

  function ask(order: ChunkOrder): Promise<ChunkAnswer> {
    return new Promise((resolve, reject) => {
      if (death) return reject(death)
      asked[order.slot] = { resolve, reject }
      const thread = threads.reduce((a, b) => (b.load < a.load ? b : a))
      thread.load++
      thread.worker.postMessage(order)
    })
  }

  return {
    take() {
      const slot = freeSlots.pop()
      return slot === undefined
        ? new Promise(resolve => waiting.push(resolve))
        : Promise.resolve(slot)
    },
    free(slot) {
      const next = waiting.shift()
      if (next) next(slot)
      else freeSlots.push(slot)
    },
    bytes: slot => new Uint8Array(slots, slot * CHUNK_BYTES, CHUNK_BYTES),
    async hash(slot, rawBytes) {
      const answer = await ask({ step: 'hash', slot, rawBytes })
      if (answer.step !== 'hash') throw new Error('chunk thread answered out of turn')
      return answer.hash
    },
    async pack(slot, rawBytes) {
      const answer = await ask({ step: 'pack', slot, rawBytes })
      if (answer.step !== 'pack') throw new Error('chunk thread answered out of turn')
      return answer
    },
    async close() {
      await Promise.all(threads.map(thread => thread.worker.terminate()))
    },
  }
}

function startThread(workerData: ChunkThreadData): Worker {
  return new Worker(new URL('./chunkThread.ts', import.meta.url), {
    workerData,
    execArgv: [],
    // Packed chunks live outside the heap; a small heap keeps their garbage short-lived.
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 },
  })
}
