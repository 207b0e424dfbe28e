/**
 * Worker thread for whatever takes long: import, verify, export, looking at what images hold. Each has its own database connection, so the engine's
 * own thread never waits for a disk.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { CatalogError } from './catalogFault.ts'
import type { CatalogFault } from './catalogFault.ts'
import { databaseFaultOr } from './database.ts'
import { exportImage } from './exportImage.ts'
import type { ExportOrder, ExportOutcome } from './exportImage.ts'
import { identifyImages } from './identifyImage.ts'
import type { IdentifyOrder, IdentifyOutcome } from './identifyImage.ts'
import { importImage } from './importImage.ts'
import type { ImportOrder, ImportOutcome } from './importImage.ts'
import { verifyImage } from './verifyImage.ts'
import type { VerifyOrder, VerifyResult } from './verifyImage.ts'

export type ThreadOrder = ImportOrder | VerifyOrder | ExportOrder | IdentifyOrder
export type ThreadOutcome = ImportOutcome | VerifyResult | ExportOutcome | IdentifyOutcome

export interface ThreadData {
  readonly order: ThreadOrder
  /** What the task is about, for the sentence that says it was cancelled. */
  readonly subject: string
  /** One Int32: not 0 once the task is cancelled. */
  readonly cancel: SharedArrayBuffer
}

export interface ThreadProgress {
  readonly phase: 'reading' | 'finishing'
  readonly sourceDoneBytes: number
  readonly sourceTotalBytes: number
  readonly imageDoneBytes: number
}

export type ThreadMessage =
  | { readonly kind: 'progress'; readonly progress: ThreadProgress }
  | { readonly kind: 'done'; readonly outcome: ThreadOutcome }
  | { readonly kind: 'fault'; readonly fault: CatalogFault }

export interface ThreadContext {
  /** As often as one likes: passed on ten times a second. */
  report(progress: ThreadProgress): void
  throwIfCancelled(): void
}

const REPORT_INTERVAL_MS = 100

if (parentPort) await serve(parentPort, workerData as ThreadData)

async function serve(port: NonNullable<typeof parentPort>, data: ThreadData): Promise<void> {
  const send = (message: ThreadMessage) => port.postMessage(message)
  try {
    send({ kind: 'done', outcome: await run(data.order, createContext(data, send)) })
  } catch (thrown) {
    const answer = databaseFaultOr(thrown, data.order.directory)
    if (!(answer instanceof CatalogError)) throw thrown
    send({ kind: 'fault', fault: answer.fault })
  }
  port.close()
}

function run(order: ThreadOrder, context: ThreadContext): Promise<ThreadOutcome> {
  switch (order.task) {
    case 'import':
      return importImage(order, context)
    case 'verify':
      return verifyImage(order, context)
    case 'export':
      return exportImage(order, context)
    case 'identify':
      return identifyImages(order, context)
  }
}

function createContext(data: ThreadData, send: (message: ThreadMessage) => void): ThreadContext {
  const cancel = new Int32Array(data.cancel)
  let sentAtMs = 0
  let phase = ''
  return {
    report(progress) {
      const nowMs = performance.now()
      if (progress.phase === phase && nowMs - sentAtMs < REPORT_INTERVAL_MS) return
      sentAtMs = nowMs
      phase = progress.phase
      send({ kind: 'progress', progress })
    },
    throwIfCancelled() {
      if (Atomics.load(cancel, 0) !== 0)
        throw new CatalogError({ code: 'image/cancelled', subject: data.subject })
    },
  }
}
