/**
 * Whether one machine is a straggler: much slower than the others, and not only for a moment. Pure.
 *
 *   keeping up ──slow──▶ suspect ──1 s──▶ straggler ──keeps up──▶ recovering ──3 s──▶ keeping up
 *        ▲───keeps up───────┘                ▲────────slow────────────┘
 */
import type { MachineFigures } from './machineWindow.ts'

export type Straggler =
  | { readonly state: 'keeping-up' }
  | { readonly state: 'suspect'; readonly sinceMs: number }
  /** `sentBitsPerSecond`: what it could not take. At less than that it shows nothing by keeping up. */
  | { readonly state: 'straggler'; readonly sentBitsPerSecond: number }
  | { readonly state: 'recovering'; readonly sinceMs: number; readonly sentBitsPerSecond: number }

export const KEEPING_UP: Straggler = { state: 'keeping-up' }

/** Longer than a switch or a disk hiccups. */
const SUSPECT_MS = 1_000
const RECOVER_MS = 3_000
/** A machine that writes this much of what the others write is not worth leaving behind. */
const MUCH_SLOWER = 0.75
/** Loss above the others': repair then costs everybody as much again. */
const FAR_MORE_LOSS = 0.05
/** Of the rate that was too much. */
const AS_FAST_AS_BEFORE = 0.75

/** `sentBitsPerSecond` and figures are of the same time. */
export function nextStraggler(
  straggler: Straggler,
  isSlow: boolean,
  sentBitsPerSecond: number,
  atMs: number,
): Straggler {
  switch (straggler.state) {
    case 'keeping-up':
      return isSlow ? { state: 'suspect', sinceMs: atMs } : straggler
    case 'suspect':
      if (!isSlow) return KEEPING_UP
      return atMs - straggler.sinceMs >= SUSPECT_MS
        ? { state: 'straggler', sentBitsPerSecond }
        : straggler
    case 'straggler':
      return isSlow || sentBitsPerSecond < straggler.sentBitsPerSecond * AS_FAST_AS_BEFORE
        ? straggler
        : { ...straggler, state: 'recovering', sinceMs: atMs }
    case 'recovering': {
      const { sentBitsPerSecond: before } = straggler
      if (isSlow || sentBitsPerSecond < before * AS_FAST_AS_BEFORE) {
        return { state: 'straggler', sentBitsPerSecond: before }
      }
      return atMs - straggler.sinceMs >= RECOVER_MS ? KEEPING_UP : straggler
    }
  }
}

export function isDeferred(straggler: Straggler): boolean {
  return straggler.state === 'straggler' || straggler.state === 'recovering'
}

/** Much slower than most others. Where most are slow nobody is, and alone nobody is. */
export function isMuchSlower(one: MachineFigures, others: readonly MachineFigures[]): boolean {
  if (others.length === 0) return false
  const loss = median(others.map(other => other.loss))
  if (one.loss > Math.max(loss + FAR_MORE_LOSS, loss * 2)) return true
  const written = median(others.map(other => other.writtenBitsPerSecond))
  return one.isBacklogged && one.writtenBitsPerSecond < written * MUCH_SLOWER
}

/** Of an even number the better of the two in the middle is as good: the lower. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}
