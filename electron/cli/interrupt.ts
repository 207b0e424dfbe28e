/** Ctrl-C: the first ends the command cleanly, the second at once. */

/** The parts of process that matter. */
export interface Signals {
  on(signal: NodeJS.Signals, listener: () => void): unknown
  off(signal: NodeJS.Signals, listener: () => void): unknown
  exit(code: number): void
}

export interface Interrupt {
  readonly signal: AbortSignal
  /** 128 plus the signal's number, as shells report it; null when there was none. */
  exitCode(): number | null
  close(): void
}

/** npm, its script runner and the terminal each pass one key press on: what comes together is one. */
const SAME_PRESS_MS = 500

const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** `onFirst` may tell the user what is happening now. */
export function watchInterrupt(
  signals: Signals,
  now: () => number,
  onFirst: () => void,
): Interrupt {
  const abort = new AbortController()
  let firstAtMs: number | null = null
  let code: number | null = null
  const listeners = Object.entries(CODES).map(([name, exitCode]) => {
    const listener = (): void => {
      if (firstAtMs === null) {
        firstAtMs = now()
        code = exitCode
        onFirst()
        abort.abort()
      } else if (now() - firstAtMs > SAME_PRESS_MS) signals.exit(exitCode)
    }
    signals.on(name as NodeJS.Signals, listener)
    return [name as NodeJS.Signals, listener] as const
  })
  return {
    signal: abort.signal,
    exitCode: () => code,
    close: () => {
      for (const [name, listener] of listeners) signals.off(name, listener)
    },
  }
}
