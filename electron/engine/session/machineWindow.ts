/** What one machine took, lost and wrote lately. Pure. */
import type { Limiter } from '../../../shared/protocol/needReport.ts'

/** Counters are of this connection; they may fall back to zero with a new one. */
export interface MachineSample {
  readonly atMs: number
  readonly receivedDatagrams: number
  readonly missedDatagrams: number
  /** Of those missed, what its own system dropped before the socket was read; told at once. */
  readonly kernelDrops: number
  /** Stored bytes, verified and written. */
  readonly haveBytes: number
  /** Stored bytes that arrived and wait to be written. */
  readonly heldBytes: number
  readonly freeAssemblyKiB: number
  readonly limiter: Limiter | null
}

export interface MachineFigures {
  /** 0 to 1, of what was sent. */
  readonly loss: number
  /** 0 to 1, of what reached its card: dropped by its own system, in each of the last two steps at least. */
  readonly overflow: number
  /** What arrived, headers included. */
  readonly takenBitsPerSecond: number
  readonly writtenBitsPerSecond: number
  /** More arrives than it can unpack and write. */
  readonly isBacklogged: boolean
  /** Its memory is, nearly: what still arrives is thrown away. */
  readonly isFull: boolean
}

export interface MachineWindow {
  /** Null until there is half a second to look at. */
  step(sample: MachineSample): MachineFigures | null
}

const WINDOW_MS = 2_000
const LEAST_MS = 450
/** Fewer datagrams say nothing about a share of them. */
const LEAST_DATAGRAMS = 50
/** A full datagram with its headers, on the wire. */
export const WIRE_BITS = 8 * (1432 + 42)
/** Of the most that was ever free. */
const LITTLE_FREE = 0.25
/** Waiting for a machine that does not say what for: so many seconds of what it writes, and too much for a hiccup. */
const BACKLOG_SECONDS = 2
const BACKLOG_BYTES = 16 * 2 ** 20

export function createMachineWindow(): MachineWindow {
  let samples: MachineSample[] = []
  let mostFreeKiB = 0
  let overflows: Overflows = NO_OVERFLOW
  return {
    step(sample) {
      const last = samples.at(-1)
      const isNew = last !== undefined && sample.receivedDatagrams < last.receivedDatagrams
      if (isNew) samples = []
      overflows = last && !isNew ? nextOverflows(overflows, last, sample) : NO_OVERFLOW
      samples.push(sample)
      while (samples.length > 2 && sample.atMs - (samples[1]?.atMs ?? 0) >= WINDOW_MS) {
        samples.shift()
      }
      mostFreeKiB = Math.max(mostFreeKiB, sample.freeAssemblyKiB)
      const first = samples[0] ?? sample
      const spanMs = sample.atMs - first.atMs
      if (spanMs < LEAST_MS) return null
      const received = sample.receivedDatagrams - first.receivedDatagrams
      const missed = Math.max(0, sample.missedDatagrams - first.missedDatagrams)
      const writtenBytes = Math.max(0, sample.haveBytes - first.haveBytes)
      const total = received + missed
      const waits = Math.max(BACKLOG_BYTES, (BACKLOG_SECONDS * writtenBytes * 1000) / spanMs)
      const isFull = sample.freeAssemblyKiB < mostFreeKiB * LITTLE_FREE
      return {
        loss: total < LEAST_DATAGRAMS ? 0 : missed / total,
        overflow: Math.min(overflows.before, overflows.last),
        takenBitsPerSecond: (received * WIRE_BITS * 1000) / spanMs,
        writtenBitsPerSecond: (writtenBytes * 8 * 1000) / spanMs,
        isBacklogged: sample.limiter !== null || sample.heldBytes >= waits || isFull,
        isFull,
      }
    },
  }
}

interface Overflows {
  readonly before: number
  readonly last: number
}

const NO_OVERFLOW: Overflows = { before: 0, last: 0 }

/** A step without a report tells nothing. */
function nextOverflows(known: Overflows, last: MachineSample, sample: MachineSample): Overflows {
  const received = sample.receivedDatagrams - last.receivedDatagrams
  const dropped = Math.max(0, sample.kernelDrops - last.kernelDrops)
  const total = received + dropped
  return total === 0 ? known : { before: known.last, last: dropped / total }
}
