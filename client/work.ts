/** One image on its way to one target: assembler, store and read-back, across however many links it takes. */
import { availableParallelism } from 'node:os'
import type { Target } from '../shared/protocol/control.ts'
import type { Manifest } from '../shared/protocol/manifest.ts'
import { type Assembler, createAssembler, type StoredChunk } from './assembler.ts'
import { startChunkThreads } from './chunkThreads.ts'
import { removeJournal } from './journal.ts'
import { ReceiveError } from './receiveError.ts'
import type { ReceiveOptions } from './receiveOptions.ts'
import { shareManifest } from './shareManifest.ts'
import { createStore, type Store } from './store.ts'
import { openTarget } from './target.ts'
import { createUnsolved } from './unsolved.ts'

const DEFAULT_ASSEMBLY_BYTES = 256 * 1024 * 1024

/** One incompressible chunk in the air and one with the writer. */
const LEAST_ASSEMBLY_BYTES = 2.5 * 1024 * 1024

/** Fetching the same place again and again mends no disk. */
const MAX_REPAIR_ROUNDS = 2

export interface WorkOptions {
  readonly target: Target
  readonly imageId: string
  readonly resources: Pick<
    ReceiveOptions,
    'assemblyBytes' | 'writerThreads' | 'crowd' | 'writeBytesPerSecond'
  >
  onHave(chunk: number): void
  onBad(chunk: number): void
  onComplete(): void
  onFault(error: Error): void
}

export interface Work {
  assembler(): Assembler
  readonly store: Store
  readonly imageBytes: number
  /** Bytes dealt with in the present pass over the target: first look or read-back. */
  scannedBytes(): number
  /** Complete in memory, on their way to the target. */
  inFlight(): number[]
  /** Hands a completed chunk to the writer. */
  write(stored: StoredChunk): void
  /** A new link's manifest: the same image, though perhaps compressed anew; half-assembled chunks are then useless. */
  adopt(manifest: Manifest, wireHash: string): void
  /** Finds out what the target holds. Once. */
  prepare(): Promise<void>
  /** Reads the target back. The chunks to fetch again, or null when all is well. Fault: disk/read-back-differs. */
  verify(): Promise<readonly number[] | null>
  /** Totals over all assemblers of this run. */
  totals(): { readonly receivedBytes: number; readonly missedDatagrams: number }
  close(): Promise<void>
}

/** Refuses a target that cannot hold the image before anything is written: faults of `openTarget`. */
export function startWork(manifest: Manifest, wireHash: string, options: WorkOptions): Work {
  const { target, imageId } = options
  const open = openTarget(target, manifest, imageId)
  const shared = shareManifest(manifest)
  const { assemblyBytes, writerThreads, crowd, writeBytesPerSecond } = options.resources
  const own = crowd
    ? null
    : startChunkThreads(writerThreads ?? (availableParallelism() >= 4 ? 2 : 1))
  const pool = crowd?.threads ?? own
  if (!pool) throw new Error('no threads')
  const opened = pool.open(shared, open, writeBytesPerSecond ?? null)
  // Own threads are ended in the midst of what they do.
  const threads = own === null ? opened : { ...opened, close: () => own.close() }
  const inFlight = new Set<number>()
  let currentHash = wireHash
  let scannedBytes = 0
  let repairRounds = 0
  let before = { receivedBytes: 0, missedDatagrams: 0 }
  const unsolved = createUnsolved()

  const store = createStore(shared, open, imageId, threads, {
    onReleased: stored => assembler.release(stored),
    onHave(chunk) {
      inFlight.delete(chunk)
      options.onHave(chunk)
    },
    onBad(chunk) {
      inFlight.delete(chunk)
      options.onBad(chunk)
    },
    onComplete: options.onComplete,
    onFault: options.onFault,
  })
  let assembler = assemblerFor(manifest)

  function assemblerFor(wire: Manifest): Assembler {
    return createAssembler({
      manifest: wire,
      assemblyBytes: Math.max(LEAST_ASSEMBLY_BYTES, assemblyBytes ?? DEFAULT_ASSEMBLY_BYTES),
      has: store.has,
      code: unsolved.codeFor,
      onDropped: chunk => void unsolved.take(chunk),
    })
  }

  function totals(): { receivedBytes: number; missedDatagrams: number } {
    const { payloadBytes, missedDatagrams } = assembler.counters()
    return {
      receivedBytes: before.receivedBytes + payloadBytes,
      missedDatagrams: before.missedDatagrams + missedDatagrams,
    }
  }

  const onProgress = (doneBytes: number): void => void (scannedBytes = doneBytes)

  return {
    assembler: () => assembler,
    store,
    imageBytes: manifest.imageBytes,
    scannedBytes: () => scannedBytes,
    inFlight: () => [...inFlight],
    write(stored) {
      inFlight.add(stored.chunk)
      store.write(stored, unsolved.take(stored.chunk))
    },
    adopt(other, otherHash) {
      if (otherHash === currentHash) return
      currentHash = otherHash
      before = totals()
      unsolved.clear()
      shared.manifest.storedBytes.set(other.storedBytes)
      shared.manifest.encodings.set(other.encodings)
      assembler = assemblerFor(other)
    },
    async prepare() {
      await Promise.all([threads.ready, store.prepare(onProgress)])
    },
    async verify() {
      scannedBytes = 0
      const differing = await store.readBack(onProgress)
      if (differing === null) {
        removeJournalOf(target)
        return null
      }
      if (++repairRounds > MAX_REPAIR_ROUNDS) {
        const { offsetBytes, positions } = differing
        const { path } = target
        throw new ReceiveError({ code: 'disk/read-back-differs', path, offsetBytes, positions })
      }
      return differing.chunks
    },
    totals,
    close: () => store.close(),
  }
}

function removeJournalOf(target: Target): void {
  if (target.kind === 'file') removeJournal(target.path)
}
