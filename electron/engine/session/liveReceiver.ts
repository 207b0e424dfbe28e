/** One machine in a running session: its connection, its state, its figures. The session owns the clock. */
import type { Afterwards } from '../../../shared/bench.ts'
import type { Receiver } from '../../../shared/session.ts'
import type { Machine, Target } from '../../../shared/protocol/control.ts'
import type { Limiter, NeedReport } from '../../../shared/protocol/needReport.ts'
import type { Peer } from './controlServer.ts'
import { createSlowMeter, type SlowBecause, type SlowMeter } from './pacing.ts'
import type { SenderPace } from './pacingSession.ts'
import { createRateMeter, type RateMeter } from './rateMeter.ts'
import { isActive, isEnded, type ReceiverState } from './receiver.ts'

export interface LiveReceiver {
  readonly slot: number
  readonly number: number
  readonly machine: Machine
  readonly joinedAtMs: number
  /** Per chunk: see `CHUNK`. Progress is counted in stored bytes, the ones that travel. */
  readonly have: Uint8Array
  readonly meter: RateMeter
  readonly slowMeter: SlowMeter
  slowBecause: SlowBecause | null
  /** A straggler, by the policy's verdict. */
  isDeferred: boolean
  admittedAtMs: number
  peer: Peer | null
  address: string
  target: Target
  state: ReceiverState
  revision: number
  haveBytes: number
  /** Arrived, not yet verified and written. */
  heldBytes: number
  freeAssemblyKiB: number
  /** Counts reports: a silent machine has no news of why it is slow. */
  reports: number
  gaugedReports: number
  limiter: Limiter | null
  verifiedBytes: number
  receivedDatagrams: number
  missedDatagrams: number
  kernelDrops: number
  progressAtMs: number
  /** What it said it does, now that it is done. */
  afterwards: Afterwards | null
}

/** What a receiver told of a chunk. */
const CHUNK = { whole: 0, have: 1, held: 2 } as const

export function createLiveReceiver(
  place: { readonly slot: number; readonly number: number; readonly chunkCount: number },
  peer: Peer,
  nowMs: number,
): LiveReceiver {
  return {
    slot: place.slot,
    number: place.number,
    machine: peer.join.machine,
    joinedAtMs: nowMs,
    have: new Uint8Array(place.chunkCount),
    meter: createRateMeter(),
    slowMeter: createSlowMeter(),
    slowBecause: null,
    isDeferred: false,
    admittedAtMs: nowMs,
    peer: null,
    address: peer.address,
    target: peer.join.target,
    state: { state: 'joining', heardAtMs: nowMs },
    revision: 0,
    haveBytes: 0,
    heldBytes: 0,
    freeAssemblyKiB: 0,
    reports: 0,
    gaugedReports: 0,
    limiter: null,
    verifiedBytes: 0,
    receivedDatagrams: 0,
    missedDatagrams: 0,
    kernelDrops: 0,
    progressAtMs: nowMs,
    afterwards: null,
  }
}

/** A new connection starts its account anew: the first report tells what it holds. */
export function forgetHoldings(receiver: LiveReceiver): void {
  receiver.have.fill(0)
  receiver.haveBytes = 0
  receiver.heldBytes = 0
  receiver.limiter = null
  receiver.verifiedBytes = 0
  receiver.receivedDatagrams = 0
  receiver.missedDatagrams = 0
  receiver.kernelDrops = 0
  receiver.meter.reset()
}

/** Takes a report's figures. Answers whether it names only chunks that exist. */
export function account(
  receiver: LiveReceiver,
  report: NeedReport,
  storedBytes: Uint32Array,
  nowMs: number,
): boolean {
  const count = storedBytes.length
  for (const entry of report.entries) {
    if (entry.kind === 'block') {
      if (entry.chunk >= count) return false
      continue
    }
    if (entry.firstChunk + entry.length > count) return false
    const now = CHUNK[entry.kind]
    for (let chunk = entry.firstChunk; chunk < entry.firstChunk + entry.length; chunk++) {
      const before = receiver.have[chunk]
      // Held is told before have; a repeat of it changes nothing.
      if (before === now || (before === CHUNK.have && now === CHUNK.held)) continue
      const bytes = storedBytes[chunk] ?? 0
      receiver.have[chunk] = now
      if (before === CHUNK.have) receiver.haveBytes -= bytes
      if (before === CHUNK.held) receiver.heldBytes -= bytes
      if (now === CHUNK.held) receiver.heldBytes += bytes
      if (now === CHUNK.have) {
        receiver.haveBytes += bytes
        receiver.progressAtMs = nowMs
      }
    }
  }
  // What it already held when it joined was not received: it must not look like speed.
  if (report.isFirst) receiver.meter.reset()
  receiver.meter.update(receiver.haveBytes, nowMs)
  receiver.receivedDatagrams = report.receivedDatagrams
  receiver.missedDatagrams = report.missedDatagrams
  receiver.kernelDrops = report.kernelDrops
  receiver.freeAssemblyKiB = report.freeAssemblyKiB
  receiver.reports++
  receiver.limiter = report.limiter
  return true
}

/** What holds it back now; each half second. */
export function gauge(receiver: LiveReceiver, sender: SenderPace, nowMs: number): void {
  if (receiver.state.state !== 'receiving') {
    receiver.slowMeter.reset()
    receiver.slowBecause = null
    return
  }
  if (receiver.reports === receiver.gaugedReports) return
  receiver.gaugedReports = receiver.reports
  const sample = { ...receiver, atMs: nowMs }
  receiver.slowBecause = receiver.slowMeter.step(sample, sender, receiver.machine.linkBitsPerSecond)
}

export function receiverRow(
  receiver: LiveReceiver,
  sessionId: string,
  image: { readonly storedBytes: number; readonly imageBytes: number },
  nowMs: number,
): Receiver {
  const { state, meter, machine } = receiver
  const datagrams = receiver.receivedDatagrams + receiver.missedDatagrams
  const isVerifying = state.state === 'verifying'
  const leftBytes = isVerifying
    ? image.imageBytes - receiver.verifiedBytes
    : image.storedBytes - receiver.haveBytes
  const rate = isActive(state) && state.state !== 'joining' ? meter.bytesPerSecond(nowMs) : 0
  return {
    sessionId,
    id: machine.id,
    revision: receiver.revision,
    number: receiver.number,
    name: machine.name,
    address: receiver.address,
    mac: machine.mac,
    model: [machine.maker, machine.model].filter(Boolean).join(' '),
    serial: machine.serial,
    target: receiver.target,
    state: state.state,
    isDeferred: receiver.isDeferred,
    haveBytes: receiver.haveBytes,
    totalBytes: image.storedBytes,
    verifiedBytes: state.state === 'done' ? image.imageBytes : receiver.verifiedBytes,
    rateBytesPerSecond: rate,
    leftMs: rate > 0 ? (leftBytes / rate) * 1000 : null,
    lostDatagrams: receiver.missedDatagrams,
    lossFraction: datagrams === 0 ? 0 : receiver.missedDatagrams / datagrams,
    silentMs: silentMs(state, nowMs),
    slowBecause: state.state === 'receiving' ? receiver.slowBecause : null,
    afterwards: receiver.afterwards,
    joinedAtMs: receiver.joinedAtMs,
    endedAtMs: isEnded(state) && 'atMs' in state ? state.atMs : null,
    fault: 'fault' in state ? state.fault : null,
  }
}

function silentMs(state: ReceiverState, nowMs: number): number {
  if (state.state === 'lost') return nowMs - state.sinceMs
  return isActive(state) ? Math.max(0, nowMs - state.heardAtMs) : 0
}
