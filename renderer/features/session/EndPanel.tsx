import { BadgeCheck, CircleSlash, History, Sparkles, TriangleAlert } from 'lucide-react'
import { useMemo } from 'react'
import type { Receiver, Session } from '../../../shared/session.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { Banner } from '../../ui/Banner.tsx'
import { Button } from '../../ui/Button.tsx'
import { formatBytes, formatDuration } from '../../ui/format.ts'
import { advice, look } from './look.ts'
import { ending, machinesAgain } from './select.ts'

/** Longer lists than this are read on the tiles, sorted by what needs attention. */
const FAILURES_SHOWN = 4

/** How it went. Green only when every machine read its disk back and it matched. */
export function EndPanel({ session }: { readonly session: Session }) {
  const rows = useApp(state => state.receivers)
  const openRecord = useApp(state => state.openRecord)
  const showPage = useApp(state => state.showPage)
  const ask = useAsk()
  const receivers = useMemo(
    () => [...rows.values()].filter(row => row.sessionId === session.id),
    [session.id, rows],
  )
  const end = ending(session, receivers)
  const canRunAgain = machinesAgain(session, receivers).length > 0
  const icon = { done: BadgeCheck, bad: TriangleAlert, idle: CircleSlash }[end.tone]
  return (
    <Banner
      tone={end.tone}
      icon={icon}
      title={end.title.replace(/\.?$/, '.')}
      note={summary(session)}
      buttons={
        <>
          {!session.isRehearsal && (
            <Button
              icon={History}
              onClick={() => {
                openRecord(session.id)
                showPage('history')
              }}
            >
              Record
            </Button>
          )}
          {canRunAgain && (
            <Button
              icon={Sparkles}
              onClick={() => void ask('session:dismiss', { sessionId: session.id })}
            >
              Clear the bench
            </Button>
          )}
        </>
      }
    >
      {end.failures.length > 0 && (
        <ul className="mt-2 space-y-1">
          {end.failures.slice(0, FAILURES_SHOWN).map(row => (
            <li key={row.id}>
              <span className="font-medium">
                {row.number} {row.name}:
              </span>{' '}
              {reason(row)}
            </li>
          ))}
          {end.failures.length > FAILURES_SHOWN && (
            <li className="text-muted">
              and {end.failures.length - FAILURES_SHOWN} more, see the tiles.
            </li>
          )}
        </ul>
      )}
    </Banner>
  )
}

function summary(session: Session): string {
  const lasted =
    session.startedAtMs !== null && session.endedAtMs !== null
      ? ` in ${formatDuration(session.endedAtMs - session.startedAtMs)}`
      : ''
  return `${session.imageName}, ${formatBytes(session.imageBytes)}${lasted}. ${formatBytes(session.sentBytes)} sent, once for all machines.`
}

function reason(row: Receiver): string {
  if (row.fault) return row.fault.message
  const open = ['asking', 'joining', 'receiving', 'verifying'].includes(row.state)
  if (open) return 'Stopped before it had everything.'
  return `${look(row, 'ended').words}. ${advice(row, 'ended')}`.trim()
}
