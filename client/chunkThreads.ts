/** The threads that run `chunkWorker.ts`: jobs in, answers as promises. Many targets may share them. */
import { Worker } from 'node:worker_threads'
import type { ChunkAnswer, ChunkJob, ChunkJobDone, ChunkRequest } from './chunkWorker.ts'
import { NO_SPACE, ReceiveError } from './receiveError.ts'
import { createSeals } from './seals.ts'
import type { OpenTarget } from './target.ts'
import type { SharedManifest } from './shareManifest.ts'

type Answer = Exclude<ChunkJobDone, { readonly type: 'failed' }>

export interface ChunkThreads {
  /** Jobs on one target; `writeBytesPerSecond` rehearses a slow disk, null does not. */
  open(shared: SharedManifest, open: OpenTarget, writeBytesPerSecond: number | null): TargetThreads
  /** Ends the threads; jobs still queued are never answered. */
  close(): Promise<void>
}

export interface TargetThreads {
  readonly count: number
  /** When every thread has started and made what it needs: from then on none is late for the first chunk. */
  readonly ready: Promise<void>
  /** Queues; the caller bounds how much by the memory it hands in. Rejects with a disk fault. */
  run(job: ChunkJob): Promise<Answer>
  /** Resolves when no thread touches the target any more. Nothing may be run afterwards. */
  close(): Promise<void>
}

interface Thread {
  readonly worker: Worker
  readonly waiting: {
    readonly resolve: (done: ChunkAnswer) => void
    readonly reject: (error: Error) => void
  }[]
}

/** A read-back waits no longer for writes of other targets. */
const SCAN_PATIENCE_MS = 1_000
/** So long after a write of any of several targets, others are about to come: all have their last chunk at once. */
const QUIET_MS = 100

export function startChunkThreads(count: number): ChunkThreads {
  const threads = Array.from({ length: count }, startThread)
  let lastTarget = 0
  /** Chunks that some target's memory and bench wait for. */
  let writes = 0
  let writtenAtMs = Number.NEGATIVE_INFINITY
  const targets = new Set<number>()
  /** Scans of targets that have everything: nobody waits for them while chunks come in. */
  const scans: { readonly sinceMs: number; start(): void }[] = []
  let scanTimer: NodeJS.Timeout | null = null

  async function inTurn<T>(job: ChunkJob, start: () => Promise<T>): Promise<T> {
    if (job.type === 'scan') {
      await new Promise<void>(resolve => {
        scans.push({ sinceMs: performance.now(), start: resolve })
        startScans()
      })
    }
    if (job.type !== 'write') return start()
    writes++
    try {
      return await start()
    } finally {
      writes--
      writtenAtMs = performance.now()
      startScans()
    }
  }

  function mayScan(sinceMs: number): boolean {
    const nowMs = performance.now()
    if (nowMs - sinceMs >= SCAN_PATIENCE_MS) return true
    return writes === 0 && (targets.size === 1 || nowMs - writtenAtMs >= QUIET_MS)
  }

  function startScans(): void {
    while (scans[0] && mayScan(scans[0].sinceMs)) scans.shift()?.start()
    if (scans.length === 0) return
    scanTimer ??= setTimeout(() => {
      scanTimer = null
      startScans()
    }, QUIET_MS)
  }

  function idlest(): Thread {
    return threads.reduce((best, each) => (each.waiting.length < best.waiting.length ? each : best))
  }

  function ask(thread: Thread, request: ChunkRequest): Promise<ChunkAnswer> {
    return new Promise((resolve, reject) => {
      thread.waiting.push({ resolve, reject })
      thread.worker.postMessage(request)
    })
  }

  return {
    open(shared, open, writeBytesPerSecond) {
      const target = ++lastTarget
      targets.add(target)
      const request: ChunkRequest = {
        type: 'open',
        target,
        shared,
        seals: createSeals(shared.manifest.storedBytes.length),
        fd: open.fd,
        writeBytesPerSecond,
      }
      const ready = Promise.all(threads.map(thread => ask(thread, request))).then(() => undefined)
      ready.catch(() => undefined) // Nobody may wait any more.
      return {
        count,
        ready,
        async run(job) {
          const done = await inTurn(job, () => ask(idlest(), { type: 'job', target, job }))
          if (done.type === 'failed') throw diskError(done, open)
          if (done.type === 'opened' || done.type === 'closed')
            throw new Error('a job was answered by another')
          return done
        },
        async close() {
          targets.delete(target)
          await Promise.all(threads.map(thread => ask(thread, { type: 'close', target })))
        },
      }
    },
    async close() {
      if (scanTimer) clearTimeout(scanTimer)
      await Promise.all(threads.map(thread => thread.worker.terminate()))
    },
  }
}

function startThread(): Thread {
  const worker = new Worker(new URL('./chunkWorker.ts', import.meta.url))
  const thread: Thread = { worker, waiting: [] }
  worker.on('message', (done: ChunkAnswer) => thread.waiting.shift()?.resolve(done))
  worker.on('error', error => {
    for (const each of thread.waiting.splice(0)) each.reject(error)
  })
  return thread
}

function diskError(
  failed: ChunkAnswer & { readonly type: 'failed' },
  open: OpenTarget,
): ReceiveError {
  const { path } = open.target
  const code = failed.job === 'scan' ? 'disk/read-failed' : 'disk/write-failed'
  const reason = failed.code === 'ENOSPC' ? NO_SPACE : failed.reason
  return new ReceiveError({ code, path, reason })
}
