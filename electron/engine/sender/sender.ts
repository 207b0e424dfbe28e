/**
 * The sender of one session: a worker thread behind a handle. Commands are fire and forget; events come back ten times
 * a second. Data goes out paused until `pause(false)`.
 */
import { Worker } from 'node:worker_threads'
import type { SessionId } from '../../../shared/protocol/packet.ts'
import type { ChunkSource } from './chunkReader.ts'
import type { TransmitterStats } from './transmitter.ts'

export { createPacer, type Pacer } from './pacer.ts'
export type { ChunkSource } from './chunkReader.ts'
export type { TransmitterStats } from './transmitter.ts'

export interface PumpOptions {
  readonly session: SessionId
  readonly source: ChunkSource
  readonly interfaceAddress: string
  readonly group: string
  readonly port: number
  readonly ttl: number
  readonly isLoopedBack: boolean
  /** On the wire; null finds the highest rate that the bench carries, up to 95 % of the link's. */
  readonly rateBitsPerSecond: number | null
  readonly linkBitsPerSecond: number | null
  /** Where txSeq begins: a continued session must not repeat numbers its receivers have seen. */
  readonly firstSeq: number
}

export type PumpCommand =
  | { readonly kind: 'stop' }
  | { readonly kind: 'pause'; readonly isPaused: boolean }
  /** Addresses: the group, a broadcast address, or some receivers' own. At first it is the group. */
  | { readonly kind: 'deliver'; readonly to: readonly string[] }
  /** Packets to a datagram. */
  | { readonly kind: 'pack'; readonly packets: number }
  | { readonly kind: 'rate'; readonly bitsPerSecond: number | null }
  | { readonly kind: 'admit' | 'withdraw'; readonly slot: number }
  /** A straggler: its needs wait until nobody else lacks anything. */
  | { readonly kind: 'defer'; readonly slot: number; readonly isDeferred: boolean }
  /** What machines show they can take, all of them and stragglers in passes of their own; null for any rate. */
  | {
      readonly kind: 'ownPace'
      readonly limitBitsPerSecond: number | null
      readonly catchUpBitsPerSecond: number | null
    }
  /** The machine's connection took the last `fill`. */
  | { readonly kind: 'filled'; readonly slot: number }
  | { readonly kind: 'count'; readonly slot: number; readonly isCounted: boolean }
  /** A NEED report as it came, already checked against the manifest. */
  | { readonly kind: 'report'; readonly slot: number; readonly bytes: Uint8Array }

export interface PumpStats extends TransmitterStats {
  /** What the automatic rate would be, or is. */
  readonly wantedBitsPerSecond: number
}

export type PumpEvent =
  | {
      readonly kind: 'stats'
      readonly stats: PumpStats
      readonly lackingChunks: number
      readonly sendErrors: number
      readonly lastSendError: string
    }
  /** A FILL for one machine; the next comes only after `filled`. */
  | { readonly kind: 'fill'; readonly slot: number; readonly bytes: Uint8Array }
  | { readonly kind: 'failed'; readonly message: string }

export interface Sender {
  command(command: Exclude<PumpCommand, { kind: 'stop' }>): void
  /** Resolves when the thread has closed its socket and files. */
  close(): Promise<void>
}

export function startSender(options: PumpOptions, onEvent: (event: PumpEvent) => void): Sender {
  const worker = new Worker(new URL('./pumpWorker.ts', import.meta.url), { workerData: options })
  const ended = new Promise<void>(resolve => worker.once('exit', () => resolve()))
  worker.on('message', onEvent)
  worker.on('error', (error: unknown) => {
    onEvent({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  })
  return {
    command: command => worker.postMessage(command),
    async close() {
      worker.postMessage({ kind: 'stop' } satisfies PumpCommand)
      await ended
    },
  }
}
