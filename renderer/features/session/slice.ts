/** The page's mirror of the engine's sessions and machines, and what the technician has chosen for the next one. */
import type { StateCreator } from 'zustand'
import {
  BY_HAND,
  DEFAULT_POLICY,
  type Policy,
  type Receiver,
  type ReceiverProtocol,
  type Session,
  type StartRule,
} from '../../../shared/session.ts'
import type { Batch } from '../../engine.ts'

export interface SessionSlice {
  readonly sessions: ReadonlyMap<string, Session>
  /** By session and machine: see `receiverKey`. */
  readonly receivers: ReadonlyMap<string, Receiver>
  /** Which session the bench shows; null leaves it to `shownSession`. */
  readonly shownSessionId: string | null
  /** For the next session. */
  readonly startRule: StartRule
  readonly rateCapBitsPerSecond: number | null
  readonly protocol: ReceiverProtocol
  readonly policy: Policy
  readonly setProtocol: (protocol: ReceiverProtocol) => void
  readonly setPolicy: (policy: Policy) => void
  readonly setStartRule: (rule: StartRule) => void
  readonly setRateCap: (bitsPerSecond: number | null) => void
  readonly showSession: (id: string | null) => void
  readonly sessionsChanged: (batch: Batch) => void
  readonly sessionsLoaded: (batch: Batch) => void
}

export const createSessionSlice: StateCreator<SessionSlice> = set => ({
  sessions: new Map(),
  receivers: new Map(),
  shownSessionId: null,
  startRule: BY_HAND,
  rateCapBitsPerSecond: null,
  protocol: 'benchcast',
  policy: DEFAULT_POLICY,
  setProtocol: protocol => set({ protocol }),
  setPolicy: policy => set({ policy }),
  setStartRule: rule => set({ startRule: rule }),
  setRateCap: bitsPerSecond => set({ rateCapBitsPerSecond: bitsPerSecond }),
  showSession: id => set({ shownSessionId: id }),
  sessionsChanged: batch => set(state => merged(state, batch)),
  // After a restart the engine counts revisions anew: what was known before is forgotten, not compared.
  sessionsLoaded: batch =>
    set(state => merged({ ...state, sessions: new Map(), receivers: new Map() }, batch)),
})

export function receiverKey(row: Pick<Receiver, 'sessionId' | 'id'>): string {
  return `${row.sessionId}/${row.id}`
}

type Mirror = Pick<SessionSlice, 'sessions' | 'receivers' | 'shownSessionId'>

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
  return {
    sessions,
    receivers,
    shownSessionId: shown !== null && sessions.has(shown) ? shown : null,
  }
}

/** A reloaded list can trail newer events. */
function isNewer(row: { revision: number }, known: { revision: number } | undefined): boolean {
  return known === undefined || row.revision > known.revision
}
