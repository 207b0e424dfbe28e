/** When a waiting session starts, and what it says meanwhile. Pure. The first rule that holds wins. */
import type { StartRule } from '../../../shared/session.ts'

export interface Waiting {
  readonly openedAtMs: number
  /** Machines admitted and ready now. */
  readonly ready: number
  readonly lastJoinAtMs: number | null
}

export interface StartVerdict {
  readonly isDue: boolean
  /** A sentence for the screen. */
  readonly waitingFor: string
}

/** A time alone never starts a session that nobody joined: it then starts with the first machine. */
export function startVerdict(rule: StartRule, waiting: Waiting, nowMs: number): StartVerdict {
  const hopes: string[] = []
  let isDue = false
  if (rule.afterReceivers !== null) {
    const missing = rule.afterReceivers - waiting.ready
    isDue ||= missing <= 0
    hopes.push(moreMachines(missing))
  }
  if (rule.afterMs !== null) {
    const leftMs = waiting.openedAtMs + rule.afterMs - nowMs
    isDue ||= leftMs <= 0 && waiting.ready > 0
    hopes.push(leftMs > 0 ? seconds(leftMs) : 'the first machine')
  }
  if (rule.sinceLastJoinMs !== null) {
    const leftMs =
      waiting.lastJoinAtMs === null ? null : waiting.lastJoinAtMs + rule.sinceLastJoinMs - nowMs
    isDue ||= leftMs !== null && leftMs <= 0 && waiting.ready > 0
    hopes.push(
      leftMs === null || waiting.ready === 0
        ? `${seconds(rule.sinceLastJoinMs)} without a new machine`
        : `${seconds(leftMs)} without a new machine`,
    )
  }
  const waitingFor =
    hopes.length === 0 ? 'Waiting for you to start it' : `Waiting for ${hopes.join(', or ')}`
  return { isDue, waitingFor }
}

function moreMachines(count: number): string {
  return count === 1 ? '1 more machine' : `${count} more machines`
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1000))} s`
}
