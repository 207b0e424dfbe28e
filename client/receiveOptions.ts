/** What `receive` takes, tells and answers. */
import type { Afterwards } from '../shared/bench.ts'
import type { Announce } from '../shared/protocol/announcePacket.ts'
import type { Machine, Target } from '../shared/protocol/control.ts'
import type { SessionId } from '../shared/protocol/packet.ts'
import type { Crowd } from './crowd.ts'
import type { ReceiveStateName } from './receiveState.ts'

export type ReceiveTarget =
  /** A file, created or overwritten, or a block device. */
  | { readonly kind: 'path'; readonly path: string; readonly disk?: Target['disk'] }
  /** Content is hashed and thrown away: for rehearsals. There is nothing to read back. */
  | { readonly kind: 'null' }

/** A session known without an announce: a machine started by the bench was handed it. */
export interface KnownSession {
  readonly session: SessionId
  readonly announce: Announce
}

export interface ReceiveOptions {
  /** For sentences. */
  readonly nicName: string
  /** IPv4 address of the chosen card: membership and the control connection use it alone. */
  readonly nicAddress: string
  readonly target: ReceiveTarget
  /** Join only the session of this name or id. Null: the only one, else a waiting before a running before a paused one, lowest id first. */
  readonly sessionName: string | null
  /** Join only sessions of the bench at this IPv4 address, and ask it for them where no announce arrives. */
  readonly benchAddress?: string | null
  /** Fail when no session was found, or the bench was gone, for so long. Null waits for ever. */
  readonly timeoutMs: number | null
  /** Overrides identity: virtual receivers. */
  readonly machine?: Partial<Machine>
  /** Memory for chunks in assembly or on their way to the disk; default 256 MiB, at least 2 MiB. */
  readonly assemblyBytes?: number
  /** Threads that check and write; default 1, or 2 from four cores up. */
  readonly writerThreads?: number
  /** What receivers in one process share instead of having it each; null: nothing. */
  readonly crowd?: Crowd | null
  /** Rehearsal: writes no faster. */
  readonly writeBytesPerSecond?: number
  /** Rehearsal: drops that share of the session's datagrams, 0 to 100. */
  readonly lossPercent?: number
  /** Makes the rehearsed loss repeatable; default derived from the machine's id. */
  readonly seed?: number
  readonly known?: KnownSession | null
  /** Tells the bench that this machine does what the session wants done afterwards; the caller then does it. */
  readonly obeysAfterwards?: boolean
  /** Ten times a second at most, and at each change of state. */
  onProgress?(progress: ReceiveProgress): void
  readonly signal?: AbortSignal
}

export interface ReceiveProgress {
  readonly state: ReceiveStateName
  readonly sessionName: string | null
  readonly imageName: string | null
  readonly imageBytes: number
  /** Raw bytes on the target, verified chunk by chunk as they were written. */
  readonly haveBytes: number
  /** Bytes read back so far. */
  readonly verifiedBytes: number
  /** Raw bytes a second over the last two seconds: written, or read while joining and verifying. */
  readonly rateBytesPerSecond: number
  readonly missedDatagrams: number
  readonly kernelDrops: number
  /** On the bench; null until admitted. */
  readonly number: number | null
  /** What stands in the way, as a sentence; empty when nothing does. */
  readonly note: string
}

export interface ReceiveResult {
  readonly outcome: 'verified'
  readonly imageId: string
  readonly imageBytes: number
  /** Chunk payload taken from the network in this run; what passed by unneeded does not count. */
  readonly receivedBytes: number
  /** Raw bytes that the target already held. */
  readonly keptBytes: number
  readonly missedDatagrams: number
  readonly kernelDrops: number
  readonly durationMs: number
  /** What the bench wants done now; null when it did not say. */
  readonly afterwards: Afterwards | null
}
