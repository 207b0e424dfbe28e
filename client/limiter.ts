/**
 * What holds a receiver up once everything sent has arrived: its disk, or its processor. Pure. PROTOCOL.md §6.1.
 *
 * It is asked over the last half to whole second: did complete chunks wait for a thread most of that time, and did the
 * threads spend it on writing, or on decoding, unpacking and hashing?
 */
import type { Limiter } from '../shared/protocol/needReport.ts'

/** Two of them are looked at: the one under way and the one before. */
const WINDOW_MS = 500

/** Chunks come in bursts, so some waiting is a matter of course; waiting most of the time is not. */
const LEAST_SHARE = 0.5

export interface LimiterWatch {
  /** How many complete chunks wait for a thread from now on. */
  waiting(chunks: number, nowMs: number): void
  /** A thread has dealt with a chunk. */
  spent(checkMs: number, writeMs: number): void
  limiter(nowMs: number): Limiter | null
}

interface Window {
  readonly fromMs: number
  waitedMs: number
  checkMs: number
  writeMs: number
}

export function createLimiterWatch(startMs: number): LimiterWatch {
  let before: Window | null = null
  let now = newWindow(startMs)
  let atMs = startMs
  let isWaiting = false
  /** A write that takes seconds is over too late to be counted: until then the last word holds. */
  let slowest: Limiter = 'disk'

  function advance(nowMs: number): void {
    if (isWaiting) now.waitedMs += nowMs - atMs
    atMs = nowMs
    if (nowMs - now.fromMs < WINDOW_MS) return
    if (now.checkMs + now.writeMs > 0) {
      slowest = now.writeMs >= now.checkMs ? 'disk' : 'decompression'
    }
    before = now
    now = newWindow(nowMs)
  }

  return {
    waiting(chunks, nowMs) {
      advance(nowMs)
      isWaiting = chunks > 0
    },
    spent(checkMs, writeMs) {
      now.checkMs += checkMs
      now.writeMs += writeMs
    },
    limiter(nowMs) {
      advance(nowMs)
      if (before === null) return null
      const share = (before.waitedMs + now.waitedMs) / (nowMs - before.fromMs)
      return share < LEAST_SHARE ? null : slowest
    },
  }
}

function newWindow(fromMs: number): Window {
  return { fromMs, waitedMs: 0, checkMs: 0, writeMs: 0 }
}
