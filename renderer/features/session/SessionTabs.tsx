import { useApp } from '../../app/context.ts'
import { orderSessions, shownSession } from './select.ts'

const STATES = {
  waiting: 'waiting',
  running: 'running',
  paused: 'paused',
  interrupted: 'interrupted',
  ended: 'ended',
} as const

/** Only there when several sessions are. */
export function SessionTabs() {
  const sessions = useApp(state => state.sessions)
  const shown = useApp(shownSession)
  const showSession = useApp(state => state.showSession)
  if (sessions.size < 2) return null
  return (
    <nav aria-label="Sessions" className="flex shrink-0 flex-wrap gap-1">
      {orderSessions(sessions).map(session => (
        <button
          key={session.id}
          type="button"
          aria-current={session.id === shown?.id}
          onClick={() => showSession(session.id)}
          className="max-w-64 truncate rounded-lg px-3 py-1.5 hover:bg-sunken aria-[current=true]:bg-surface aria-[current=true]:font-medium aria-[current=true]:shadow-(--shadow)"
        >
          {session.name} <span className="text-muted">{STATES[session.state]}</span>
        </button>
      ))}
    </nav>
  )
}
