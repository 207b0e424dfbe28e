/** The sessions that ended, in the catalog's database: one row each, written in the transaction that ends the session. */
import type { Database } from 'better-sqlite3'
import {
  type HistoryDetail,
  historyDetailSchema,
  type HistoryEntry,
  historyEntrySchema,
} from '../../../shared/history.ts'
import { parseJson } from '../../../shared/parseJson.ts'
import { storedPlan, storedReceivers } from '../session/session.ts'
import { searchText } from './historyEntry.ts'
import { HistoryError } from './historyError.ts'
import { toCsv } from './historyCsv.ts'

export { recordOf } from './historyEntry.ts'
export { HistoryError, type HistoryFault } from './historyError.ts'
export { toCsv } from './historyCsv.ts'

export interface HistoryQuery {
  readonly search: string
  readonly beforeMs: number | null
  readonly limit: number
}

export interface History {
  /** Within the caller's transaction, where there is one. A session is kept once: a second time changes nothing. */
  add(record: HistoryDetail): void
  list(query: HistoryQuery): HistoryEntry[]
  /** Fault session/not-in-history. */
  detail(sessionId: string): HistoryDetail
  /** All sessions or one. CSV has a row for each machine. */
  export(
    format: 'csv' | 'json',
    sessionId: string | null,
  ): { readonly fileName: string; readonly content: string }
  /** Where the history ends now, for `since`. */
  end(): number
  /** What was kept after that end, by whichever program, oldest first. */
  since(end: number): HistoryEntry[]
  /** After a session was kept. */
  onAdded(listener: (entry: HistoryEntry) => void): void
}

interface Row {
  readonly entry_json: string
  readonly plan_json: string
  readonly receivers_json: string
}

const COLUMNS = 'entry_json, plan_json, receivers_json'

export function createHistory(database: Database): History {
  const listeners: ((entry: HistoryEntry) => void)[] = []
  const insert = database.prepare<[string, number, string, string, string, string]>(
    `INSERT INTO history (session_id, ended_at_ms, search, entry_json, plan_json, receivers_json)
     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (session_id) DO NOTHING`,
  )
  const isTaken = database.prepare<[number]>('SELECT 1 FROM history WHERE ended_at_ms = ?')
  const page = database.prepare<[number, string, number], { entry_json: string }>(
    `SELECT entry_json FROM history WHERE ended_at_ms < ?
       AND NOT EXISTS (SELECT 1 FROM json_each(?) AS word WHERE instr(search, word.value) = 0)
     ORDER BY ended_at_ms DESC LIMIT ?`,
  )
  const one = database.prepare<[string], Row>(`SELECT ${COLUMNS} FROM history WHERE session_id = ?`)
  const all = database.prepare<[], Row>(`SELECT ${COLUMNS} FROM history ORDER BY ended_at_ms`)
  const last = database.prepare<[], { at: number | null }>('SELECT MAX(rowid) AS at FROM history')
  const later = database.prepare<[number], { entry_json: string }>(
    'SELECT entry_json FROM history WHERE rowid > ? ORDER BY rowid',
  )
  const entries = (rows: readonly { entry_json: string }[]): HistoryEntry[] =>
    rows.flatMap(row => historyEntrySchema.safeParse(parseJson(row.entry_json)).data ?? [])

  function detail(sessionId: string): HistoryDetail {
    const row = one.get(sessionId)
    const record = row ? parsed(row)[0] : undefined
    if (!record) throw new HistoryError({ code: 'session/not-in-history', session: sessionId })
    return record
  }

  return {
    add({ entry: given, plan, receivers }) {
      let endedAtMs = Math.round(given.endedAtMs)
      // Pages are told apart by it. Two in the same millisecond are rare; a thousand are not to be.
      while (isTaken.get(endedAtMs)) endedAtMs++
      const entry = { ...given, endedAtMs }
      const json = [entry, plan, receivers].map(value => JSON.stringify(value))
      const [entryJson = '', planJson = '', receiversJson = ''] = json
      const search = searchText({ entry, plan, receivers })
      const { changes } = insert.run(
        entry.sessionId,
        endedAtMs,
        search,
        entryJson,
        planJson,
        receiversJson,
      )
      if (changes > 0) for (const listener of listeners) listener(entry)
    },
    list({ search, beforeMs, limit }) {
      const words = search.toLowerCase().split(/\s+/).filter(Boolean)
      const before = beforeMs ?? Number.MAX_SAFE_INTEGER
      return entries(page.all(before, JSON.stringify(words), limit))
    },
    detail,
    end: () => last.get()?.at ?? 0,
    since: end => entries(later.all(end)),
    export(format, sessionId) {
      const records = sessionId === null ? all.all().flatMap(parsed) : [detail(sessionId)]
      const content =
        format === 'csv' ? toCsv(records) : `${JSON.stringify({ sessions: records }, null, 2)}\n`
      const what = sessionId === null ? 'history' : `session-${sessionId}`
      return { fileName: `benchcast-${what}.${format}`, content }
    },
    onAdded: listener => void listeners.push(listener),
  }
}

/** A row that does not parse was written by a later version: it is passed over, and stays. */
function parsed(row: Row): HistoryDetail[] {
  const record = {
    entry: parseJson(row.entry_json),
    plan: storedPlan(parseJson(row.plan_json)),
    receivers: storedReceivers(parseJson(row.receivers_json)),
  }
  const detail = historyDetailSchema.safeParse(record)
  return detail.success ? [detail.data] : []
}
