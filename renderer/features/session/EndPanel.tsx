import { BadgeCheck, CircleSlash, TriangleAlert } from 'lucide-react'
import { useMemo } from 'react'
import type { Receiver, Session } from '../../../shared/session.ts'
import { useApp } from '../../app/context.ts'
import { Banner } from '../../ui/Banner.tsx'
import { formatBytes, formatDuration } from '../../ui/format.ts'
import { advice, look } from './look.ts'
import { ending } from './select.ts'

/** Longer lists than this are read on the tiles, sorted by what needs attention. */
const FAILURES_SHOWN = 4

/** How it went. Green only when every machine read its disk back and it matched. */
export function EndPanel({ session }: { readonly session: Session }) {
  const rows = useApp(state => state.receivers)
  const end = useMemo(
    () =>
      ending(
        session,
        [...rows.values()].filter(row => row.sessionId === session.id),
      ),
    [session, rows],
  )
  const icon = { done: BadgeCheck, bad: TriangleAlert, idle: CircleSlash }[end.tone]
  return (
    <Banner tone={end.tone} icon={icon} title={end.title}>
      <p className="text-muted tabular-nums">{summary(session)}</p>
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
  const open = ['joining', 'receiving', 'verifying'].includes(row.state)
  if (open) return 'Stopped before it had everything.'
  return `${look(row, 'ended').words}. ${advice(row)}`.trim()
}
