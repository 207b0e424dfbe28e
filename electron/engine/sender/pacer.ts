/**
 * Token bucket over bytes on the wire, paid out in pieces. Time is an argument.
 *
 * A piece is at most 1 ms of the rate: more would overflow the shallow buffers of small switches. What a late sleep has
 * earned is kept and paid out in pieces closer to each other, never in one larger than that. With timers that wake each
 * 15.6 ms, as on Windows, there is nothing between two pieces: they are as long as it slept, up to 16 ms of the rate.
 */

/** Ethernet 14, IPv4 20, UDP 8: what a datagram costs beyond its payload, as a rate cap on a card counts it. */
export const WIRE_OVERHEAD_BYTES = 42

/** How finely the caller can wait: fractions of a millisecond, or whole ones and longer. */
export type Timers = 'fine' | 'coarse'

/**
 * Pieces, what lies between two, and the shortest sleep. A busy computer wakes a process up to `lateMs` late now and
 * then: what is later still is not made up for.
 */
const TIMERS = {
  fine: { pieceMs: 1, apartMs: 0.4, sleepMs: 0.5, lateMs: 20 },
  coarse: { pieceMs: 16, apartMs: 0, sleepMs: 1, lateMs: 16 },
} as const satisfies Record<Timers, object>
/** Saved up at most while nobody waits for tokens. */
const SAVED_MS = 1
/** A piece at low rates: a few datagrams, or each would need a wake-up of its own. */
const MIN_PIECE_BYTES = 4 * 1500

export interface Pacer {
  /** Bits per second on the wire; null sends as fast as the socket takes it. */
  setRate(bitsPerSecond: number | null): void
  /** Whether a datagram may go now. */
  mayStart(nowMs: number): boolean
  spend(payloadBytes: number): void
  /** Ms until it is worth asking again, fractions where timers are fine; 0 at once. */
  waitMs(nowMs: number): number
}

export function createPacer(
  rateBitsPerSecond: number | null,
  startMs: number,
  timers: Timers = process.platform === 'win32' ? 'coarse' : 'fine',
): Pacer {
  const { pieceMs, apartMs, sleepMs, lateMs } = TIMERS[timers]
  let bytesPerMs = rateBitsPerSecond === null ? null : rateBitsPerSecond / 8000
  let tokens = 0
  let filledAtMs = startMs
  /** Somebody sleeps until there are tokens, or for the next piece. */
  let isAwaited = false
  let pieceAtMs = -Infinity
  let pieceBytes = 0

  function fill(nowMs: number): void {
    if (bytesPerMs === null) return
    const passedMs = Math.max(0, nowMs - filledAtMs)
    filledAtMs = nowMs
    if (passedMs === 0) return
    const most = Math.max(bytesPerMs * (isAwaited ? lateMs : SAVED_MS), MIN_PIECE_BYTES)
    isAwaited = false
    // What a late sleep has earned is not taken back while it is being spent.
    tokens = Math.min(Math.max(most, tokens), tokens + passedMs * bytesPerMs)
  }

  return {
    setRate(bitsPerSecond) {
      bytesPerMs = bitsPerSecond === null ? null : bitsPerSecond / 8000
      tokens = Math.min(tokens, 0)
      pieceBytes = Math.min(pieceBytes, 0)
    },
    mayStart(nowMs) {
      if (bytesPerMs === null) return true
      fill(nowMs)
      if (tokens <= 0) return false
      const sinceMs = nowMs - pieceAtMs
      // A clock that steps back begins anew.
      if (sinceMs < 0 || (sinceMs > 0 && sinceMs >= apartMs)) {
        pieceAtMs = nowMs
        pieceBytes = Math.max(bytesPerMs * pieceMs, MIN_PIECE_BYTES)
      }
      return pieceBytes > 0
    },
    spend(payloadBytes) {
      if (bytesPerMs === null) return
      tokens -= payloadBytes + WIRE_OVERHEAD_BYTES
      pieceBytes -= payloadBytes + WIRE_OVERHEAD_BYTES
    },
    waitMs(nowMs) {
      fill(nowMs)
      if (bytesPerMs === null) return 0
      if (tokens > 0) {
        const untilMs = pieceBytes > 0 ? 0 : Math.max(0.01, pieceAtMs + apartMs - nowMs)
        isAwaited ||= untilMs > 0
        return untilMs
      }
      isAwaited = true
      return Math.max(sleepMs, (1 - tokens) / bytesPerMs)
    },
  }
}
