/** When a waiting session starts, and what it says meanwhile. Pure. The first rule that holds wins. */
import { formatClockTime } from '../../../shared/clockTime.ts'
import type { StartRule } from '../../../shared/session.ts'
import { SessionError } from './fault.ts'

export interface Waiting {
  readonly openedAtMs: number
  /** Machines admitted and ready now. */
  readonly ready: number
  readonly firstJoinAtMs: number | null
  readonly lastJoinAtMs: number | null
}

export interface StartVerdict {
  readonly isDue: boolean
  /** A sentence for the screen. */
  readonly waitingFor: string
}

/** One rule: whether it holds, and what it waits for. */
interface Hope {
  readonly isDue: boolean
  readonly words: string
}

/** A time alone never starts a session that nobody joined: it then starts with the first machine. */
export function startVerdict(rule: StartRule, waiting: Waiting, nowMs: number): StartVerdict {
  const hopes = [
    byCount(rule, waiting),
    byTime(rule.afterMs, waiting.openedAtMs, waiting, nowMs),
    bySilence(rule, waiting, nowMs),
    byFirstJoin(rule, waiting, nowMs),
    byClock(rule, waiting, nowMs),
  ].filter(hope => hope !== null)
  const words = hopes.map(hope => hope.words).filter((word, at, all) => all.indexOf(word) === at)
  return {
    isDue: hopes.some(hope => hope.isDue),
    waitingFor:
      words.length === 0 ? 'Waiting for you to start it' : `Waiting for ${words.join(', or ')}`,
  }
}

/** A time that has passed is refused, unless it stood in the rule before. Fault session/start-in-past. */
export function checkStart(rule: StartRule, before: StartRule | null, nowMs: number): void {
  if (rule.atMs === null || rule.atMs === before?.atMs || rule.atMs > nowMs) return
  throw new SessionError({ code: 'session/start-in-past', time: formatClockTime(rule.atMs, nowMs) })
}

function byCount({ afterReceivers }: StartRule, { ready }: Waiting): Hope | null {
  if (afterReceivers === null) return null
  return { isDue: ready >= afterReceivers, words: moreMachines(afterReceivers - ready) }
}

function byTime(
  ms: number | null,
  sinceMs: number,
  { ready }: Waiting,
  nowMs: number,
): Hope | null {
  if (ms === null) return null
  const leftMs = sinceMs + ms - nowMs
  return {
    isDue: leftMs <= 0 && ready > 0,
    words: leftMs > 0 ? seconds(leftMs) : 'the first machine',
  }
}

function bySilence({ sinceLastJoinMs }: StartRule, waiting: Waiting, nowMs: number): Hope | null {
  if (sinceLastJoinMs === null) return null
  const { ready, lastJoinAtMs } = waiting
  const leftMs = lastJoinAtMs === null ? null : lastJoinAtMs + sinceLastJoinMs - nowMs
  const shownMs = leftMs === null || ready === 0 ? sinceLastJoinMs : leftMs
  return {
    isDue: leftMs !== null && leftMs <= 0 && ready > 0,
    words: `${seconds(shownMs)} without a new machine`,
  }
}

function byFirstJoin(rule: StartRule, waiting: Waiting, nowMs: number): Hope | null {
  const { afterFirstJoinMs } = rule
  if (afterFirstJoinMs === null) return null
  const { firstJoinAtMs } = waiting
  if (firstJoinAtMs === null) {
    return { isDue: false, words: `${seconds(afterFirstJoinMs)} after the first machine` }
  }
  return byTime(afterFirstJoinMs, firstJoinAtMs, waiting, nowMs)
}

function byClock({ atMs }: StartRule, { ready }: Waiting, nowMs: number): Hope | null {
  if (atMs === null) return null
  return {
    isDue: atMs <= nowMs && ready > 0,
    words: atMs > nowMs ? formatClockTime(atMs, nowMs) : 'the first machine',
  }
}

function moreMachines(count: number): string {
  return count === 1 ? '1 more machine' : `${count} more machines`
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1000))} s`
}
