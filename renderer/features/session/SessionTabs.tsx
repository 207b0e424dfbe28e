import { Plus } from 'lucide-react'
import { useApp } from '../../app/context.ts'
import { NEW_SESSION, orderSessions, shownSession } from './select.ts'

const STATES = {
  waiting: 'waiting',
  running: 'running',
  paused: 'paused',
  interrupted: 'interrupted',
  ended: 'ended',
} as const

/** Only there when there is a choice: several sessions, or one more that is being planned. */
export function SessionTabs() {
  const sessions = useApp(state => state.sessions)
  const shown = useApp(shownSession)
  const showSession = useApp(state => state.showSession)
  const isPlanning = shown === null
  if (sessions.size === 0 || (sessions.size === 1 && !isPlanning)) return null
  return (
    <nav aria-label="Sessions" className="flex shrink-0 flex-wrap gap-1">
      {orderSessions(sessions).map(session => (
        <button
          key={session.id}
          type="button"
          aria-current={session.id === shown?.id}
          onClick={() => showSession(session.id)}
          className={TAB}
        >
          {session.name}{' '}
          <span className="text-muted">
            {session.nic}, {STATES[session.state]}
          </span>
        </button>
      ))}
      <button
        type="button"
        aria-current={isPlanning}
        onClick={() => showSession(NEW_SESSION)}
        className={`${TAB} inline-flex items-center gap-1.5`}
      >
        <Plus aria-hidden className="size-4" /> New session
      </button>
    </nav>
  )
}

const TAB =
  'max-w-72 truncate rounded-lg px-3 py-1.5 hover:bg-sunken aria-[current=true]:bg-surface aria-[current=true]:font-medium aria-[current=true]:shadow-(--lift)'
