/** Follows one session to its end and tells of it: a live table, log lines, or JSON. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '../../shared/session.ts'
import { describeChange, describeSession, renderBench, type SessionRows } from './bench.ts'
import type { JsonEvent, Output } from './output.ts'

export interface FollowOptions {
  readonly output: Output
  /** The rows now; null once the session is gone. */
  readonly rows: () => Promise<SessionRows | null>
  /** Drawn below the table. */
  readonly hint: (session: Session) => string
}

/** Redrawn as often as the engine tells of changes. */
const LOOK_EVERY_MS = 100
/** JSON rows that only move on, and lines in a log. */
const JSON_EVERY_MS = 500
const LOG_EVERY_MS = 5_000

/** Answers the last rows, once the session has ended. */
export async function followSession(options: FollowOptions): Promise<SessionRows | null> {
  const { output, rows, hint } = options
  const report = output.isJson
    ? createJsonReport(output, Date.now)
    : output.isLive
      ? createLiveReport(output, hint)
      : createLogReport(output, Date.now)
  let last: SessionRows | null = null
  for (;;) {
    const current = await rows()
    if (current === null) return last
    last = current
    report(current)
    if (current.session.state === 'ended') return current
    await sleep(LOOK_EVERY_MS)
  }
}

type Report = (rows: SessionRows) => void

function createLiveReport(output: Output, hint: FollowOptions['hint']): Report {
  return rows => {
    const lines = (): string[] => {
      const text = hint(rows.session)
      return [...renderBench(rows, output), ...(text === '' ? [] : [`  ${text}`])]
    }
    if (rows.session.state === 'ended') output.settle(renderBench(rows, output))
    else output.draw(lines)
  }
}

/** At once when a state changes or a machine comes; otherwise at most each five seconds. */
function createLogReport(output: Output, now: () => number): Report {
  const changes = new Map<string, string>()
  let told = ''
  let toldAtMs = 0
  return ({ session, receivers }) => {
    for (const receiver of receivers) {
      const change = describeChange(receiver, session)
      if (changes.get(receiver.id) === change) continue
      changes.set(receiver.id, change)
      output.note(change)
    }
    const text = describeSession(session)
    const isDue = told === '' || session.state === 'ended' || now() - toldAtMs >= LOG_EVERY_MS
    if (!isDue || text === told) return
    told = text
    toldAtMs = now()
    output.note(text)
  }
}

/** A row goes out when its state changed at once, when anything else changed after half a second. */
export function createJsonReport(output: Pick<Output, 'event'>, now: () => number): Report {
  const told = new Map<string, { state: string; text: string; atMs: number }>()
  function tell(event: JsonEvent, id: string, state: string): void {
    const before = told.get(id)
    const text = JSON.stringify(event)
    const isNews = before?.state !== state
    if (before && !isNews && (before.text === text || now() - before.atMs < JSON_EVERY_MS)) return
    told.set(id, { state, text, atMs: now() })
    output.event(event)
  }
  return ({ session, receivers }) => {
    const { revision: _, ...row } = session
    // `ended` is the caller's: only it knows whether that was a success.
    if (session.state !== 'ended') tell({ event: 'session', ...row }, session.id, session.state)
    for (const { revision: _, ...receiver } of receivers) {
      tell({ event: 'receiver', ...receiver }, receiver.id, receiver.state)
    }
  }
}
