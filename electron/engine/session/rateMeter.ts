/** Speed of something that counts up, over the last seconds: steady enough to read, quick enough to believe. */

export interface RateMeter {
  update(total: number, nowMs: number): void
  /** 0 when nothing moved within the window. */
  bytesPerSecond(nowMs: number): number
  reset(): void
}

const WINDOW_MS = 2_000
const SAMPLE_MS = 100

export function createRateMeter(): RateMeter {
  let samples: { atMs: number; total: number }[] = []
  return {
    update(total, nowMs) {
      const last = samples.at(-1)
      if (last && nowMs - last.atMs < SAMPLE_MS) return
      samples.push({ atMs: nowMs, total })
      while (samples.length > 2 && nowMs - (samples[1]?.atMs ?? nowMs) > WINDOW_MS) samples.shift()
    },
    bytesPerSecond(nowMs) {
      const [first] = samples
      const last = samples.at(-1)
      if (!first || !last || first === last || nowMs - last.atMs > WINDOW_MS) return 0
      return (Math.max(0, last.total - first.total) / (nowMs - first.atMs)) * 1000
    },
    reset() {
      samples = []
    },
  }
}

/** What goes out and what is wanted, over the same time: while the rate is looked for it doubles from moment to moment. */
export interface PaceMeter {
  update(sentBytes: number, wantedBitsPerSecond: number, nowMs: number): void
  sentBitsPerSecond(nowMs: number): number
  wantedBitsPerSecond(nowMs: number): number
  /** Nothing is wanted for a while, or no longer nothing. */
  reset(): void
}

export function createPaceMeter(): PaceMeter {
  const sent = createRateMeter()
  const wanted = createRateMeter()
  let wantedBytes = 0
  let atMs: number | null = null
  return {
    update(sentBytes, wantedBitsPerSecond, nowMs) {
      wantedBytes += (wantedBitsPerSecond / 8) * ((nowMs - (atMs ?? nowMs)) / 1000)
      atMs = nowMs
      sent.update(sentBytes, nowMs)
      wanted.update(wantedBytes, nowMs)
    },
    sentBitsPerSecond: nowMs => sent.bytesPerSecond(nowMs) * 8,
    wantedBitsPerSecond: nowMs => wanted.bytesPerSecond(nowMs) * 8,
    reset() {
      atMs = null
      sent.reset()
      wanted.reset()
    },
  }
}
