/**
 * Machines' rows on their way from the engine to one front end: whole the first time, then what changed. Hundreds of rows
 * come ten times a second, and of each only a few numbers move. Both ends of a connection keep what the other has, so
 * they stay in step only over a channel that loses and reorders nothing. Pure.
 */
import type { Events } from './ipc.ts'
import { receiverKey } from './session.ts'

type Changed = Events['session:changed']
type Row = Changed['receivers'][number]

/** `of`: the row's number on this connection. The first time everything has changed. */
interface SentRow {
  readonly of: number
  readonly changed: Partial<Row>
}

export interface SentChange {
  readonly sessions: Changed['sessions']
  readonly receivers: readonly SentRow[]
  readonly gone: Changed['gone']
}

export function createRowSender(): (change: Changed) => SentChange {
  const told = new Map<string, { readonly of: number; readonly row: Row }>()
  let last = 0
  return ({ sessions, receivers, gone }) => {
    const sent = receivers.map(row => {
      const key = receiverKey(row)
      const before = told.get(key)
      const of = before?.of ?? ++last
      told.set(key, { of, row })
      return { of, changed: before ? difference(before.row, row) : row }
    })
    for (const [key, { row }] of told) if (gone.includes(row.sessionId)) told.delete(key)
    return { sessions, receivers: sent, gone }
  }
}

export function createRowReceiver(): (sent: SentChange) => Changed {
  const known = new Map<number, Row>()
  return ({ sessions, receivers, gone }) => {
    const rows = receivers.map(({ of, changed }) => {
      const row = { ...known.get(of), ...changed } as Row
      known.set(of, row)
      return row
    })
    for (const [of, row] of known) if (gone.includes(row.sessionId)) known.delete(of)
    return { sessions, receivers: rows, gone: [...gone] }
  }
}

/** Rows have the same fields always; what is nested is compared and sent whole. */
function difference(before: Row, now: Row): Partial<Row> {
  const entries = Object.entries(now).filter(([name, value]) => {
    const old: unknown = before[name as keyof Row]
    return old !== value && (!isNested(value) || JSON.stringify(old) !== JSON.stringify(value))
  })
  return Object.fromEntries(entries)
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
