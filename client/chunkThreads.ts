/** The threads that run `chunkWorker.ts`: jobs in, answers as promises. */
import { Worker } from 'node:worker_threads'
import type { ChunkJob, ChunkJobDone, ChunkWorkerData } from './chunkWorker.ts'
import { ReceiveError } from './receiveError.ts'
import type { OpenTarget } from './target.ts'
import type { SharedManifest } from './shareManifest.ts'

type Answer = Exclude<ChunkJobDone, { readonly type: 'failed' }>

export interface ChunkThreads {
  readonly count: number
  /** Queues; the caller bounds how much by the memory it hands in. Rejects with a disk fault. */
  run(job: ChunkJob): Promise<Answer>
  /** Ends the threads; jobs still queued are never answered. */
  close(): Promise<void>
}

interface Thread {
  readonly worker: Worker
  readonly waiting: {
    readonly resolve: (done: Answer) => void
    readonly reject: (error: Error) => void
  }[]
}

export function startChunkThreads(
  shared: SharedManifest,
  open: OpenTarget,
  count: number,
): ChunkThreads {
  const data: ChunkWorkerData = { shared, fd: open.fd }
  const threads = Array.from({ length: count }, () => startThread(data, open))
  return {
    count,
    run(job) {
      return new Promise((resolve, reject) => {
        const { worker, waiting } = threads.reduce((best, each) =>
          each.waiting.length < best.waiting.length ? each : best,
        )
        waiting.push({ resolve, reject })
        worker.postMessage(job)
      })
    },
    async close() {
      await Promise.all(threads.map(thread => thread.worker.terminate()))
    },
  }
}

function startThread(workerData: ChunkWorkerData, open: OpenTarget): Thread {
  const worker = new Worker(new URL('./chunkWorker.ts', import.meta.url), { workerData })
  const thread: Thread = { worker, waiting: [] }
  worker.on('message', (done: ChunkJobDone) => {
    const first = thread.waiting.shift()
    if (done.type === 'failed') first?.reject(diskError(done, open))
    else first?.resolve(done)
  })
  worker.on('error', error => {
    for (const each of thread.waiting.splice(0)) each.reject(error)
  })
  return thread
}

function diskError(
  failed: ChunkJobDone & { readonly type: 'failed' },
  open: OpenTarget,
): ReceiveError {
  const { path } = open.target
  const code = failed.job === 'scan' ? 'disk/read-failed' : 'disk/write-failed'
  const reason = failed.code === 'ENOSPC' ? 'no space is left on it' : failed.reason
  return new ReceiveError({ code, path, reason })
}
