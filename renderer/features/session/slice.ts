/** The page's mirror of the engine's sessions and their machines, and how fast they went. */
import type { StateCreator } from 'zustand'
import {
  type Receiver,
  receiverKey,
  type Session,
  type TraceSample,
} from '../../../shared/session.ts'
import type { Batch } from '../../engine.ts'
import { joinedTrace, type Trace, traced } from './trace.ts'

export interface SessionSlice {
  readonly sessions: ReadonlyMap<string, Session>
  /** By session and machine: see `receiverKey`. */
  readonly receivers: ReadonlyMap<string, Receiver>
  /** Which session the bench shows; `new` plans the next one; null leaves it to `shownSession`. */
  readonly shownSessionId: string | null
  /** By session: once a second since this page knows of it, and before that what the engine kept. */
  readonly traces: ReadonlyMap<string, Trace>
  readonly traceLoaded: (sessionId: string, samples: readonly TraceSample[]) => void
  readonly showSession: (id: string | null) => void
  readonly sessionsChanged: (batch: Batch) => void
  readonly sessionsLoaded: (batch: Batch) => void
}

export const createSessionSlice: StateCreator<SessionSlice> = set => ({
  sessions: new Map(),
  receivers: new Map(),
  shownSessionId: null,
  traces: new Map(),
  traceLoaded: (sessionId, samples) =>
    set(state => ({
      traces: new Map(state.traces).set(
        sessionId,
        joinedTrace(samples, state.traces.get(sessionId) ?? []),
      ),
    })),
  showSession: id => set({ shownSessionId: id }),
  sessionsChanged: batch => set(state => merged(state, batch)),
  // After a restart the engine counts revisions anew: what was known before is forgotten, not compared.
  sessionsLoaded: batch =>
    set(state =>
      merged({ ...state, sessions: new Map(), receivers: new Map(), traces: new Map() }, batch),
    ),
})

type Mirror = Pick<SessionSlice, 'sessions' | 'receivers' | 'traces' | 'shownSessionId'>

function merged(state: Mirror, batch: Batch): Mirror {
  const gone = new Set(batch.gone)
  const sessions = new Map(state.sessions)
  for (const row of batch.sessions)
    if (isNewer(row, sessions.get(row.id))) sessions.set(row.id, row)
  for (const id of gone) sessions.delete(id)
  const receivers = new Map(state.receivers)
  for (const row of batch.receivers) {
    const key = receiverKey(row)
    if (isNewer(row, receivers.get(key))) receivers.set(key, row)
  }
  if (gone.size > 0) {
    for (const [key, row] of receivers) if (gone.has(row.sessionId)) receivers.delete(key)
  }
  const shown = state.shownSessionId
  const nowMs = Date.now()
  return {
    sessions,
    receivers,
    traces: traced(state.traces, batch.sessions, batch.gone, nowMs),
    shownSessionId: shown !== null && (shown === 'new' || sessions.has(shown)) ? shown : null,
  }
}

/** A reloaded list can trail newer events. */
function isNewer(row: { revision: number }, known: { revision: number } | undefined): boolean {
  return known === undefined || row.revision > known.revision
}
