/** Progress for whoever watches: at most ten a second, at once when the state changes, with a rate over two seconds. */
import type { ReceiveProgress } from './receiveOptions.ts'

const INTERVAL_MS = 100
const RATE_WINDOW_MS = 2_000

export interface Progress {
  /** `scannedBytes` drives the rate while the target is hashed. */
  tell(
    nowMs: number,
    now: Omit<ReceiveProgress, 'rateBytesPerSecond'> & { readonly scannedBytes: number },
  ): void
}

export function createProgress(
  listener: ((progress: ReceiveProgress) => void) | undefined,
): Progress {
  let samples: { readonly atMs: number; readonly bytes: number }[] = []
  let toldAtMs = 0
  let toldState = ''

  function rate(nowMs: number, bytes: number): number {
    samples = samples.filter(sample => nowMs - sample.atMs <= RATE_WINDOW_MS)
    samples.push({ atMs: nowMs, bytes })
    const [oldest] = samples
    if (oldest === undefined || nowMs === oldest.atMs) return 0
    return Math.max(0, ((bytes - oldest.bytes) * 1000) / (nowMs - oldest.atMs))
  }

  return {
    tell(nowMs, now) {
      if (listener === undefined) return
      const isChange = now.state !== toldState
      if (!isChange && nowMs - toldAtMs < INTERVAL_MS - 10) return
      if (isChange) samples = []
      toldAtMs = nowMs
      toldState = now.state
      const { scannedBytes, ...rest } = now
      const isHashing = now.state === 'verifying' || now.state === 'joining'
      const bytes = isHashing ? scannedBytes : now.haveBytes
      listener({ ...rest, rateBytesPerSecond: rate(nowMs, bytes) })
    },
  }
}
