/** Finds the rows that changed since the last look and numbers each change, so that late rows never win. Pure. */
import type { Events } from '../../shared/ipc.ts'
import { type Receiver, receiverKey, type Session } from '../../shared/session.ts'

export interface RowTracker {
  /** Null when nothing changed. */
  changes(rows: Rows): Events['session:changed'] | null
  /** The same rows with the revision that was last told. */
  stamp(rows: Rows): Rows
}

interface Rows {
  readonly sessions: Session[]
  readonly receivers: Receiver[]
}

interface Told {
  text: string
  revision: number
}

export function createRowTracker(): RowTracker {
  const sessions = new Map<string, Told>()
  const receivers = new Map<string, Told>()
  return {
    changes(rows) {
      const present = new Set(rows.sessions.map(row => row.id))
      const gone = [...sessions.keys()].filter(id => !present.has(id))
      for (const id of gone) sessions.delete(id)
      for (const key of receivers.keys()) {
        if (gone.includes(key.slice(0, key.indexOf('/')))) receivers.delete(key)
      }
      const batch = {
        sessions: rows.sessions.flatMap(row => changed(sessions, row.id, steady(row))),
        receivers: rows.receivers.flatMap(row => changed(receivers, receiverKey(row), steady(row))),
        gone,
      }
      const isEmpty = batch.sessions.length + batch.receivers.length + gone.length === 0
      return isEmpty ? null : batch
    },
    stamp: rows => ({
      sessions: rows.sessions.map(row => revised(row, sessions.get(row.id))),
      receivers: rows.receivers.map(row => revised(row, receivers.get(receiverKey(row)))),
    }),
  }
}

function revised<Row extends { revision: number }>(row: Row, told: Told | undefined): Row {
  return { ...row, revision: told?.revision ?? 0 }
}

function changed<Row extends { revision: number }>(
  told: Map<string, Told>,
  key: string,
  row: Row,
): Row[] {
  const text = JSON.stringify({ ...row, revision: 0 })
  const before = told.get(key)
  if (before?.text === text) return []
  const revision = (before?.revision ?? 0) + 1
  told.set(key, { text, revision })
  return [{ ...row, revision }]
}

/** Rounds what flickers below what anyone can read, so that an idle bench costs nothing. */
function steady<Row extends Session | Receiver>(row: Row): Row {
  const leftMs = row.leftMs === null ? null : Math.round(row.leftMs / 1000) * 1000
  if (!('silentMs' in row)) {
    return { ...row, leftMs, rateBitsPerSecond: Math.round(row.rateBitsPerSecond / 1e4) * 1e4 }
  }
  return {
    ...row,
    leftMs,
    silentMs: Math.floor(row.silentMs / 1000) * 1000,
    rateBytesPerSecond: Math.round(row.rateBytesPerSecond / 1e3) * 1e3,
  }
}
