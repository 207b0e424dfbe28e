/** The caller's side of `catalogThread.ts`: starts it, measures its speed, and brings outcome or fault back. */
import { Worker } from 'node:worker_threads'
import { CatalogError } from './catalogFault.ts'
import type {
  ThreadData,
  ThreadMessage,
  ThreadOrder,
  ThreadOutcome,
  ThreadProgress,
} from './catalogThread.ts'

export interface MeasuredProgress extends ThreadProgress {
  readonly rateBytesPerSecond: number
  readonly leftMs: number | null
}

export interface RunOptions {
  readonly subject: string
  readonly signal: AbortSignal | null
  onProgress(progress: MeasuredProgress): void
}

/** Speed is taken over this long: calm enough to read, quick enough to notice. */
const RATE_WINDOW_MS = 4_000

export function runInThread(order: ThreadOrder, options: RunOptions): Promise<ThreadOutcome> {
  const { subject, signal } = options
  return new Promise((resolve, reject) => {
    const cancel = new SharedArrayBuffer(4)
    if (signal?.aborted) return reject(new CatalogError({ code: 'image/cancelled', subject }))
    const workerData: ThreadData = { order, subject, cancel }
    const worker = new Worker(new URL('./catalogThread.ts', import.meta.url), {
      workerData,
      execArgv: [],
      // Packed chunks are garbage outside the heap: a small young generation gives them back at once.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    })
    const measure = createSpeedometer()
    // Asked, not killed: the thread clears up after itself.
    const onAbort = () => Atomics.store(new Int32Array(cancel), 0, 1)
    signal?.addEventListener('abort', onAbort)
    let answer: ThreadMessage | null = null
    let death: unknown = null
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'progress') options.onProgress(measure(message.progress))
      else answer = message
    })
    worker.on('error', error => {
      death = error
    })
    // Only once it has ended: then its files and locks are closed.
    worker.on('exit', code => {
      signal?.removeEventListener('abort', onAbort)
      if (answer?.kind === 'done') return resolve(answer.outcome)
      if (answer?.kind === 'fault') return reject(new CatalogError(answer.fault))
      const cause = death instanceof Error ? death.message : `exit code ${code}`
      reject(new CatalogError({ code: 'catalog/thread-died', subject, cause }, { cause: death }))
    })
  })
}

function createSpeedometer(): (progress: ThreadProgress) => MeasuredProgress {
  const samples: { atMs: number; sourceBytes: number; imageBytes: number }[] = []
  return progress => {
    const atMs = performance.now()
    const { sourceDoneBytes, sourceTotalBytes, imageDoneBytes } = progress
    samples.push({ atMs, sourceBytes: sourceDoneBytes, imageBytes: imageDoneBytes })
    while (samples.length > 2 && atMs - (samples[0]?.atMs ?? 0) > RATE_WINDOW_MS) samples.shift()
    const first = samples[0]
    const seconds = first ? (atMs - first.atMs) / 1000 : 0
    if (!first || seconds < 0.2) return { ...progress, rateBytesPerSecond: 0, leftMs: null }
    const sourceRate = (sourceDoneBytes - first.sourceBytes) / seconds
    const rateBytesPerSecond = (imageDoneBytes - first.imageBytes) / seconds
    const leftMs =
      sourceRate > 0 ? ((sourceTotalBytes - sourceDoneBytes) / sourceRate) * 1000 : null
    return { ...progress, rateBytesPerSecond, leftMs }
  }
}
