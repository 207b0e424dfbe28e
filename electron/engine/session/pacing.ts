/**
 * Why a machine is slow, from its reports. Pure: samples in, a reason with the figure that proves it out.
 *
 * Each reason looks at the last two seconds. One that stands goes only once its figure has fallen to half of what it
 * took to come, and another takes its place only when it has held for a second: a tile must not flicker.
 */
import { formatBits, formatBytes, formatRate, formatShare } from '../../../shared/figures.ts'
import type { Receiver } from '../../../shared/session.ts'
import type { Limiter } from '../../../shared/protocol/needReport.ts'
import { isAtCap, type SenderPace } from './pacingSession.ts'

export type SlowBecause = NonNullable<Receiver['slowBecause']>

/** Counters are of this connection; they may fall back to zero with a new one. */
export interface PacingSample {
  readonly atMs: number
  readonly receivedDatagrams: number
  /** Gaps in the sequence: what the network lost, and what the receiver's own kernel dropped. */
  readonly missedDatagrams: number
  readonly kernelDrops: number
  readonly haveBytes: number
  /** Arrived, waiting to be unpacked, checked and written. */
  readonly heldBytes: number
  readonly freeAssemblyKiB: number
  readonly limiter: Limiter | null
}

export interface PacingWindow {
  readonly spanMs: number
  readonly received: number
  readonly missed: number
  readonly kernelDrops: number
  readonly writtenBytes: number
  readonly heldBytes: number
  readonly freeAssemblyKiB: number
  /** The one that most samples named, and the share of samples that did. */
  readonly limiter: Limiter | null
  readonly limiterShare: number
  /** Of the machine's card; null where it did not say. */
  readonly linkBitsPerSecond: number | null
}

export interface SlowMeter {
  /** At most each `PACING_STEP_MS`, while the machine receives. */
  step(
    sample: PacingSample,
    sender: SenderPace,
    linkBitsPerSecond: number | null,
  ): SlowBecause | null
  /** It does not receive now: nothing slows it. */
  reset(): void
}

export const PACING_STEP_MS = 500
const WINDOW_MS = 2_000
/** Fewer datagrams say nothing about a share of them. */
const MIN_DATAGRAMS = 100
/** Repair costs as much again; less than this nobody notices. */
const LOSS = 0.02
const OVERFLOW = 0.01
/** Of the samples. */
const LIMITED = 0.5
/** Waiting for a receiver that cannot say what for: so many seconds of what it writes, and too much for a hiccup. */
const BACKLOG_SECONDS = 2
const BACKLOG_BYTES = 16 * 2 ** 20
/** Speeds of old ports and cables; what arrives over one is a little less. */
const OLD_LINKS = [10e6, 100e6] as const
const LINK_FILL = [0.82, 1.02] as const
const LINK_LOSS = 0.2
/** A full datagram with its headers. */
const WIRE_BITS = 8 * (1432 + 42)
/** What a standing reason's figure may fall to. */
const STAYS = 0.5
const SETTLE_MS = 1_000

export function createSlowMeter(): SlowMeter {
  let samples: PacingSample[] = []
  let settled = settle<SlowBecause>(null, null, 0)
  return {
    step(sample, sender, linkBitsPerSecond) {
      const last = samples.at(-1)
      const isNew = last !== undefined && sample.receivedDatagrams < last.receivedDatagrams
      samples = [...(isNew ? [] : samples), sample]
      while (samples.length > 2 && sample.atMs - (samples[1]?.atMs ?? 0) >= WINDOW_MS) {
        samples.shift()
      }
      const window = windowOf(samples, linkBitsPerSecond)
      const standing = settled.value?.reason ?? null
      const reason = window ? reasonFor(window, sender, standing) : null
      settled = settle(settled, reason, sample.atMs, one => one.reason)
      return settled.value
    },
    reset() {
      samples = []
      settled = settle<SlowBecause>(null, null, 0)
    },
  }
}

/** What hurts most first: a queue on the disk stops a machine, a few per cent of loss only costs as much again. */
export function reasonFor(
  window: PacingWindow,
  sender: SenderPace,
  standing: SlowBecause['reason'] | null = null,
): SlowBecause | null {
  const eased = (reason: SlowBecause['reason']): number => (reason === standing ? STAYS : 1)
  const total = window.received + window.missed
  const seconds = window.spanMs / 1000
  if (window.limiter !== null && window.limiterShare >= LIMITED * eased(window.limiter)) {
    return limited(window, window.limiter)
  }
  const writtenPerSecond = window.writtenBytes / seconds
  const backlog = Math.max(BACKLOG_BYTES, BACKLOG_SECONDS * writtenPerSecond) * eased('disk')
  if (window.heldBytes >= backlog) return limited(window, 'disk')
  if (total >= MIN_DATAGRAMS) {
    const drops = window.kernelDrops / total
    if (drops >= OVERFLOW * eased('socket-overflow') && drops * 2 >= window.missed / total) {
      return {
        reason: 'socket-overflow',
        sentence: `It is too busy: its own system dropped ${formatShare(drops)} of the packets before they could be taken.`,
      }
    }
    const loss = Math.max(0, window.missed - window.kernelDrops) / total
    const arrived = (window.received * WIRE_BITS) / seconds
    const link = window.linkBitsPerSecond ?? oldLink(arrived)
    if (link !== null && loss >= LINK_LOSS * eased('link') && sender.sentBitsPerSecond > link) {
      return {
        reason: 'link',
        sentence: `Its link carries ${formatBits(link)}, and ${formatBits(sender.sentBitsPerSecond)} are sent: ${formatShare(loss)} of the packets are lost.`,
      }
    }
    if (loss >= LOSS * eased('network-loss')) {
      return {
        reason: 'network-loss',
        sentence: `${formatShare(loss)} of the packets are lost on their way to it: check its cable and switch port.`,
      }
    }
  }
  const { capBitsPerSecond: cap } = sender
  if (cap !== null && isAtCap(sender, eased('cap'))) {
    return { reason: 'cap', sentence: `As fast as the cap of ${formatBits(cap)} lets it.` }
  }
  return null
}

/** Null before there are two samples to compare. */
export function windowOf(
  samples: readonly PacingSample[],
  linkBitsPerSecond: number | null,
): PacingWindow | null {
  const [first] = samples
  const last = samples.at(-1)
  if (!first || !last || last.atMs <= first.atMs) return null
  const disk = samples.filter(one => one.limiter === 'disk').length
  const unpacking = samples.filter(one => one.limiter === 'decompression').length
  const most = Math.max(disk, unpacking)
  return {
    spanMs: last.atMs - first.atMs,
    received: last.receivedDatagrams - first.receivedDatagrams,
    missed: Math.max(0, last.missedDatagrams - first.missedDatagrams),
    kernelDrops: Math.max(0, last.kernelDrops - first.kernelDrops),
    writtenBytes: Math.max(0, last.haveBytes - first.haveBytes),
    heldBytes: Math.min(...samples.map(one => one.heldBytes)),
    freeAssemblyKiB: last.freeAssemblyKiB,
    limiter: most === 0 ? null : disk >= unpacking ? 'disk' : 'decompression',
    limiterShare: most / samples.length,
    linkBitsPerSecond,
  }
}

export interface Settled<T> {
  readonly value: T | null
  /** What would take its place, and since when. */
  readonly rival: { readonly value: T | null; readonly sinceMs: number } | null
}

/** Hysteresis: a new kind of verdict counts once it has held for a second; the same kind renews its figures at once. */
export function settle<T>(
  before: Settled<T> | null,
  candidate: T | null,
  nowMs: number,
  kind: (value: T) => string = String,
): Settled<T> {
  if (before === null) return { value: candidate, rival: null }
  const isSame = (a: T | null, b: T | null): boolean =>
    a === null || b === null ? a === b : kind(a) === kind(b)
  if (isSame(before.value, candidate)) return { value: candidate, rival: null }
  const { rival } = before
  const sinceMs = rival && isSame(rival.value, candidate) ? rival.sinceMs : nowMs
  if (nowMs - sinceMs >= SETTLE_MS) return { value: candidate, rival: null }
  return { value: before.value, rival: { value: candidate, sinceMs } }
}

function limited(window: PacingWindow, by: Limiter): SlowBecause {
  const rate = formatRate(window.writtenBytes / (window.spanMs / 1000))
  const waits = window.heldBytes > 0 ? `, ${formatBytes(window.heldBytes)} wait` : ''
  return by === 'disk'
    ? { reason: 'disk', sentence: `Its disk takes no more: ${rate} get written${waits}.` }
    : {
        reason: 'decompression',
        sentence: `Its processor unpacks no faster: ${rate} get through${waits}.`,
      }
}

function oldLink(arrivedBitsPerSecond: number): number | null {
  const [least, most] = LINK_FILL
  const fits = (link: number): boolean =>
    arrivedBitsPerSecond >= link * least && arrivedBitsPerSecond <= link * most
  return OLD_LINKS.find(fits) ?? null
}
