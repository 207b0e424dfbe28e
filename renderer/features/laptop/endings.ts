/** Which sessions ended just now, under the page's eyes: a page that loads later rings for nothing. */
import type { Session } from '../../../shared/session.ts'
import { isAllWell } from '../../../shared/sessionEnd.ts'

export interface Endings {
  /** Null: nothing ended. Otherwise whether every machine of what ended is well. */
  take(sessions: Iterable<Session>): boolean | null
}

export function createEndings(): Endings {
  let open = new Set<string>()
  return {
    take(sessions) {
      const rows = [...sessions]
      const ended = rows.filter(row => row.state === 'ended' && open.has(row.id))
      open = new Set(rows.filter(row => row.state !== 'ended').map(row => row.id))
      return ended.length === 0 ? null : ended.every(isAllWell)
    },
  }
}
