/** Token bucket over bytes on the wire. Time is an argument. */

/** Ethernet 14, IPv4 20, UDP 8: what a datagram costs beyond its payload, as a rate cap on a card counts it. */
export const WIRE_OVERHEAD_BYTES = 42

/**
 * Largest burst: 2 ms of the rate, at least eight datagrams. Timers here wake each millisecond at best; more would
 * overflow the shallow buffers of small switches.
 */
const BURST_MS = 2
/**
 * After a sleep that took longer, as much as it took, up to this: Windows wakes a process each 15.6 ms, a busy computer
 * each 5 or 10. With 2 ms alone the rate would be an eighth of what was asked.
 */
const LATE_BURST_MS = 16
const MIN_BURST_BYTES = 8 * 1500

export interface Pacer {
  /** Bits per second on the wire; null sends as fast as the socket takes it. */
  setRate(bitsPerSecond: number | null): void
  /** Whether a datagram may go now. */
  mayStart(nowMs: number): boolean
  spend(payloadBytes: number): void
  /** Ms until it is worth asking again; 0 at once, else at least 1: timers are no finer. */
  waitMs(nowMs: number): number
}

export function createPacer(rateBitsPerSecond: number | null, startMs: number): Pacer {
  let bytesPerMs = rateBitsPerSecond === null ? null : rateBitsPerSecond / 8000
  let tokens = 0
  let filledAtMs = startMs
  /** Somebody sleeps until there are tokens. */
  let isAwaited = false

  function fill(nowMs: number): void {
    if (bytesPerMs === null) return
    const passedMs = Math.max(0, nowMs - filledAtMs)
    const sleptMs = isAwaited ? Math.min(passedMs, LATE_BURST_MS) : 0
    if (passedMs > 0) isAwaited = false
    const burst = Math.max(bytesPerMs * Math.max(BURST_MS, sleptMs), MIN_BURST_BYTES)
    // What a late sleep has earned is not taken back while it is being spent.
    tokens = Math.min(Math.max(burst, tokens), tokens + passedMs * bytesPerMs)
    filledAtMs = nowMs
  }

  return {
    setRate(bitsPerSecond) {
      bytesPerMs = bitsPerSecond === null ? null : bitsPerSecond / 8000
      tokens = Math.min(tokens, 0)
    },
    mayStart(nowMs) {
      fill(nowMs)
      return bytesPerMs === null || tokens > 0
    },
    spend(payloadBytes) {
      if (bytesPerMs !== null) tokens -= payloadBytes + WIRE_OVERHEAD_BYTES
    },
    waitMs(nowMs) {
      fill(nowMs)
      if (bytesPerMs === null || tokens > 0) return 0
      isAwaited = true
      return Math.max(1, (1 - tokens) / bytesPerMs)
    },
  }
}
