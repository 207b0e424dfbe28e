/**
 * From completed chunks to a verified target: check and write in threads, sync, journal, and at the end read everything
 * back. The socket side hands chunks in and never waits.
 */
import { close, closeSync, fdatasync, ftruncateSync } from 'node:fs'
import { promisify } from 'node:util'
import { ZERO_CHUNK } from '../shared/protocol/limits.ts'
import { type Manifest, positionBytes } from '../shared/protocol/manifest.ts'
import type { Limiter } from '../shared/protocol/needReport.ts'
import type { StoredChunk } from './assembler.ts'
import type { TargetThreads } from './chunkThreads.ts'
import type { Journal } from './journal.ts'
import { dropPageCache } from '../electron/engine/libc/libc.ts'
import { createLimiterWatch } from './limiter.ts'
import { NO_SPACE, ReceiveError } from './receiveError.ts'
import type { SharedManifest } from './shareManifest.ts'
import { type OpenTarget, reasonOf, startJournal } from './target.ts'
import type { UnsolvedBlock } from './unsolved.ts'

const fdatasyncAsync = promisify(fdatasync)
const closeAsync = promisify(close)

/** Least time between syncs of a file target: a killed receiver loses at most this and what a sync takes. */
const SYNC_INTERVAL_MS = 200

/**
 * Written and not synced at most. A slow disk thus shows at once, and not when the system's cache of gigabytes is full;
 * half of it is synced while the other half is written.
 */
const MAX_UNSYNCED_BYTES = 64 * 1024 * 1024

/**
 * A disk with an older image, or half of this one, shows in these; a foreign disk is not read twice for nothing. A part
 * of 5 % goes unnoticed once in 700 times, and is then merely fetched again.
 */
const SAMPLES = 128

/** Positions in one job that reserves: memory file systems take 15 ms for them. */
const RESERVED_POSITIONS = 64

/** Positions in one scan job: 16 MiB keeps progress smooth and messages few. */
const SCAN_POSITIONS = 16

export interface StoreEvents {
  /** The chunk's memory is free again. */
  onReleased(stored: StoredChunk): void
  /** Verified and, on a file, durable: tell the sender. */
  onHave(chunk: number): void
  /** Its content was not the manifest's: ask for it again. */
  onBad(chunk: number): void
  onComplete(): void
  onFault(error: Error): void
}

export interface Store {
  has(chunk: number): boolean
  /** Chunks with nothing left to do. */
  held(): number[]
  readonly isComplete: boolean
  /** Raw bytes in place, positions of zeros included. */
  readonly haveBytes: number
  /** Raw bytes that were in place before this run. */
  readonly keptBytes: number
  /** What complete chunks have waited for in the last second; null for nothing. */
  limiter(): Limiter | null
  /** Finds out what is there already and opens the journal. Once, before `write`. */
  prepare(onProgress: (doneBytes: number) => void): Promise<void>
  write(stored: StoredChunk, unsolved: readonly UnsolvedBlock[]): void
  /**
   * Zeros what must be zero, syncs, reads the whole target back. Answers where it differs, first byte and count, having
   * marked those chunks as needed again; null when all is well.
   */
  readBack(onProgress: (doneBytes: number) => void): Promise<Differing | null>
  /** Idempotent. */
  close(): Promise<void>
}

export interface Differing {
  readonly offsetBytes: number
  readonly positions: number
  readonly chunks: readonly number[]
}

interface QueuedChunk {
  readonly stored: StoredChunk
  readonly unsolved: readonly UnsolvedBlock[]
}

const NEEDED = 0
const WRITTEN = 1
const HELD = 2

export function createStore(
  shared: SharedManifest,
  open: OpenTarget,
  imageId: string,
  threads: TargetThreads,
  events: StoreEvents,
): Store {
  const { manifest } = shared
  const chunkCount = manifest.storedBytes.length
  const status = new Uint8Array(chunkCount)
  let heldCount = 0
  let haveBytes = zeroBytes(manifest)
  let keptBytes = 0
  let journal: Journal | null = null
  /** Positions of zeros that are known, or have to be supposed, not to be. */
  let dirtyZeros = open.isZeroed ? [] : positionsWhere(manifest, isZero => isZero)
  let unsynced: number[] = []
  let sync: Promise<void> | null = null
  let syncTimer: NodeJS.Timeout | null = null
  let isClosed = false
  /** Complete, and not yet with a thread. */
  const queue: QueuedChunk[] = []
  let running = 0
  let unsyncedBytes = 0
  const watch = createLimiterWatch(performance.now())

  function chunkRawBytes(chunk: number): number {
    const first = shared.firstPosition[chunk] ?? 0
    const end = shared.firstPosition[chunk + 1] ?? 0
    let bytes = 0
    for (let i = first; i < end; i++) {
      bytes += positionBytes(manifest.imageBytes, shared.positionsOf[i] ?? 0)
    }
    return bytes
  }

  function hold(chunk: number): void {
    if (status[chunk] === HELD) return
    status[chunk] = HELD
    heldCount++
  }

  /** Two for each thread, so that none waits for this one; none while the disk is behind. */
  function dispatch(): void {
    while (running < threads.count * 2 && unsyncedBytes < MAX_UNSYNCED_BYTES && !isClosed) {
      const next = queue.shift()
      if (next === undefined) break
      running++
      settle(next)
        .catch((error: unknown) => {
          if (!isClosed) events.onFault(error instanceof Error ? error : writeError(error))
        })
        .finally(() => {
          running--
          dispatch()
        })
    }
    watch.waiting(queue.length, performance.now())
  }

  async function settle({ stored, unsolved }: QueuedChunk): Promise<void> {
    const { chunk } = stored
    const done = await threads.run({ type: 'write', chunk, bytes: stored.bytes, unsolved })
    if (isClosed || done.type !== 'write') return
    watch.spent(done.checkMs, done.writeMs)
    if (!done.isGood) {
      events.onReleased(stored)
      events.onBad(chunk)
      return
    }
    status[chunk] = WRITTEN
    const rawBytes = chunkRawBytes(chunk)
    haveBytes += rawBytes
    events.onReleased(stored)
    if (journal === null) announce([chunk])
    else unsynced.push(chunk)
    if (open.fd === null) return
    unsyncedBytes += rawBytes
    scheduleSync()
  }

  function announce(chunks: readonly number[]): void {
    for (const chunk of chunks) {
      hold(chunk)
      events.onHave(chunk)
    }
    if (heldCount === chunkCount) events.onComplete()
  }

  function scheduleSync(): void {
    if (sync !== null || isClosed) return
    const isMuch = unsyncedBytes >= MAX_UNSYNCED_BYTES / 2
    // The last chunks wait for nothing. Without a journal only the amount counts.
    const isLast = journal !== null && heldCount + unsynced.length === chunkCount
    if (isMuch || isLast) startSync()
    else if (journal !== null) syncTimer ??= setTimeout(startSync, SYNC_INTERVAL_MS)
  }

  function startSync(): void {
    if (syncTimer !== null) clearTimeout(syncTimer)
    syncTimer = null
    if (sync !== null || isClosed) return
    const startMs = performance.now()
    sync = syncNow()
      .catch((cause: unknown) => events.onFault(writeError(cause)))
      .finally(() => {
        sync = null
        // Threads that stand still meanwhile are held up by the disk, though none of them writes.
        if (queue.length > 0) watch.spent(0, performance.now() - startMs)
        dispatch()
        if (unsyncedBytes > 0) scheduleSync()
      })
  }

  async function syncNow(): Promise<void> {
    const batch = unsynced
    const batchBytes = unsyncedBytes
    unsynced = []
    if (open.fd !== null) await fdatasyncAsync(open.fd)
    unsyncedBytes -= batchBytes
    const appended = journal?.append(batch)
    // Nobody waits for the last records: should they be lost, the image is complete without them.
    if (heldCount + batch.length < chunkCount) await appended
    if (!isClosed) announce(batch)
    await appended
  }

  function writeError(cause: unknown): Error {
    const { path } = open.target
    const isFull = (cause as NodeJS.ErrnoException).code === 'ENOSPC'
    const reason = isFull ? NO_SPACE : reasonOf(cause)
    return new ReceiveError({ code: 'disk/write-failed', path, reason }, { cause })
  }

  /** Whether the target may hold this image: one of many positions, spread evenly, is enough. */
  async function isLikely(): Promise<boolean> {
    const filled = positionsWhere(manifest, isZero => !isZero)
    const step = Math.max(1, Math.floor(filled.length / SAMPLES))
    for (let i = 0; i < filled.length; i += step) {
      const first = filled[i] ?? 0
      const answer = await threads.run({ type: 'scan', first, end: first + 1 })
      if (isClosed || (answer.type === 'scan' && answer.differing.length === 0)) return true
    }
    return filled.length === 0
  }

  /** So that the disk cannot fill up in the midst of it, and each chunk finds its place made. */
  async function reserve(): Promise<void> {
    const count = manifest.positions.length
    for (let first = 0; first < count && !isClosed; first += RESERVED_POSITIONS) {
      const end = Math.min(count, first + RESERVED_POSITIONS)
      const done = await threads.run({ type: 'reserve', first, end })
      if (done.type === 'reserve' && !done.isPossible) return
    }
  }

  /** Of a session that never began. */
  function giveBack(fd: number): void {
    if (!open.isReservable || chunkCount === 0 || status.some(each => each !== NEEDED)) return
    ftruncateSync(fd, 0)
    ftruncateSync(fd, manifest.imageBytes)
  }

  async function zeroAll(): Promise<void> {
    for (let i = 0; i < dirtyZeros.length && !isClosed; i += SCAN_POSITIONS) {
      await threads.run({ type: 'zero', positions: dirtyZeros.slice(i, i + SCAN_POSITIONS) })
    }
    dirtyZeros = []
  }

  /** Positions whose content is not the manifest's, in order. */
  async function scan(onProgress: (doneBytes: number) => void): Promise<number[]> {
    const count = manifest.positions.length
    const differing: number[] = []
    let nextPosition = 0
    let done = 0
    const lane = async (): Promise<void> => {
      for (;;) {
        if (isClosed || nextPosition >= count) return
        const first = nextPosition
        const end = Math.min(count, first + SCAN_POSITIONS)
        nextPosition = end
        const answer = await threads.run({ type: 'scan', first, end })
        if (answer.type === 'scan') differing.push(...answer.differing)
        done += end - first
        onProgress(Math.min(manifest.imageBytes, done * positionBytes(manifest.imageBytes, 0)))
      }
    }
    await Promise.all(Array.from({ length: threads.count }, lane))
    return differing.sort((a, b) => a - b)
  }

  /** Chunks that differ somewhere; positions of zeros that do are remembered. */
  function judge(differing: readonly number[]): Set<number> {
    const bad = new Set<number>()
    dirtyZeros = []
    for (const position of differing) {
      const chunk = manifest.positions[position] ?? ZERO_CHUNK
      if (chunk === ZERO_CHUNK) dirtyZeros.push(position)
      else bad.add(chunk)
    }
    return bad
  }

  function held(): number[] {
    const chunks: number[] = []
    for (let chunk = 0; chunk < chunkCount; chunk++) if (status[chunk] === HELD) chunks.push(chunk)
    return chunks
  }

  return {
    has: chunk => status[chunk] !== NEEDED,
    held,
    get isComplete() {
      return heldCount === chunkCount
    },
    get haveBytes() {
      return haveBytes
    },
    get keptBytes() {
      return keptBytes
    },
    async prepare(onProgress) {
      if (open.needsScan && (await isLikely())) {
        const bad = judge(await scan(onProgress))
        for (let chunk = 0; chunk < chunkCount; chunk++) if (!bad.has(chunk)) hold(chunk)
      } else for (const chunk of open.journaled) hold(chunk)
      if (isClosed) return
      for (const chunk of held()) keptBytes += chunkRawBytes(chunk)
      haveBytes += keptBytes
      try {
        journal = startJournal(open, imageId, held())
      } catch (cause) {
        throw writeError(cause)
      }
      if (open.isReservable) await reserve()
    },
    limiter: () => watch.limiter(performance.now()),
    write(stored, unsolved) {
      queue.push({ stored, unsolved })
      dispatch()
    },
    async readBack(onProgress) {
      if (open.fd === null || open.target.kind === 'memory') return null
      await zeroAll()
      try {
        dropPageCache(open.fd, open.target.kind)
      } catch (cause) {
        throw writeError(cause)
      }
      const differing = await scan(onProgress)
      const bad = judge(differing)
      const [first] = differing
      if (first === undefined || isClosed) return null
      for (const chunk of bad) {
        status[chunk] = NEEDED
        heldCount--
        haveBytes -= chunkRawBytes(chunk)
      }
      if (bad.size > 0) {
        await sync
        await journal?.close()
        journal = startJournal({ ...open, journaled: [] }, imageId, held())
      }
      return {
        offsetBytes: first * positionBytes(manifest.imageBytes, 0),
        positions: differing.length,
        chunks: [...bad],
      }
    },
    async close() {
      if (isClosed) return
      isClosed = true
      if (syncTimer !== null) clearTimeout(syncTimer)
      await sync
      // What is written but not journaled yet is worth one more sync: a resume then keeps it.
      if (unsynced.length > 0) await syncNow().catch(() => undefined)
      await threads.close()
      await journal?.close()
      if (open.fd === null) return
      giveBack(open.fd)
      await closeAsync(open.fd)
    },
  }
}

/** For a target that was opened and never came to a store. */
export function closeTarget(open: OpenTarget): void {
  if (open.fd !== null) closeSync(open.fd)
}

function positionsWhere(manifest: Manifest, isWanted: (isZero: boolean) => boolean): number[] {
  const found: number[] = []
  manifest.positions.forEach((chunk, position) => {
    if (isWanted(chunk === ZERO_CHUNK)) found.push(position)
  })
  return found
}

function zeroBytes(manifest: Manifest): number {
  let bytes = 0
  manifest.positions.forEach((chunk, position) => {
    if (chunk === ZERO_CHUNK) bytes += positionBytes(manifest.imageBytes, position)
  })
  return bytes
}
