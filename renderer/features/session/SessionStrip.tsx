import { Square } from 'lucide-react'
import { useState } from 'react'
import type { Session } from '../../../shared/session.ts'
import { useAsk } from '../../app/context.ts'
import { Bar } from '../../ui/Bar.tsx'
import { Button } from '../../ui/Button.tsx'
import { Confirm } from '../../ui/Confirm.tsx'
import {
  formatBits,
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
} from '../../ui/format.ts'
import { describeStartRule } from './select.ts'

/** The session in one line: what, how far, how fast, how long, and what holds it back. */
export function SessionStrip({ session }: { readonly session: Session }) {
  const [isAsking, setIsAsking] = useState(false)
  const ask = useAsk()
  const tone = session.state === 'paused' ? 'warn' : session.state === 'waiting' ? 'idle' : 'active'
  return (
    <section aria-label="Session" data-tone={tone} className="shrink-0">
      <div className="flex items-center gap-x-7 gap-y-2">
        <div className="min-w-0 flex-1">
          <h2 className="truncate text-xl font-semibold">
            {TITLES[session.state]} {session.imageName}
          </h2>
          <p className="line-clamp-2 text-muted" title={subline(session)}>
            {subline(session)}
          </p>
        </div>
        {session.state !== 'waiting' && (
          <dl className="flex shrink-0 gap-7">
            <Figure name="Done" value={formatPercent(session.fraction)} />
            <Figure
              name="Speed"
              value={session.state === 'paused' ? 'Paused' : formatBits(session.rateBitsPerSecond)}
            />
            <Figure
              name="Left"
              value={session.leftMs === null ? '–' : formatDuration(session.leftMs)}
            />
            <Figure name="Sent" value={formatBytes(session.sentBytes)} />
          </dl>
        )}
        <Button icon={Square} onClick={() => setIsAsking(true)}>
          {session.state === 'waiting' ? 'Close the bench' : 'Stop'}
        </Button>
      </div>
      {session.state !== 'waiting' && (
        <Bar className="mt-3" label="Session progress" fraction={session.fraction} />
      )}
      <Confirm
        title={session.state === 'waiting' ? 'Close the bench?' : 'Stop the session?'}
        description={stopWarning(session)}
        confirmLabel={session.state === 'waiting' ? 'Close the bench' : 'Stop the session'}
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        onConfirm={() => void ask('session:stop', { sessionId: session.id })}
      />
    </section>
  )
}

const TITLES: Readonly<Record<Session['state'], string>> = {
  waiting: 'Bench open for',
  running: 'Imaging',
  paused: 'Paused:',
  interrupted: 'Interrupted:',
  ended: 'Ended:',
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div className="text-right">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="text-lg leading-tight font-semibold whitespace-nowrap tabular-nums">
        {value}
      </dd>
    </div>
  )
}

function subline(session: Session): string {
  const { counts } = session
  const isStock = session.protocol === 'udpcast'
  if (session.state === 'waiting') {
    const start = session.waitingFor || `Starts ${describeStartRule(session.start).toLowerCase()}.`
    const late = isStock ? ' Nobody can join after the start.' : ''
    return `${formatCount(counts.joined, 'machine')} joined. ${start}.${late}`.replace('..', '.')
  }
  return [
    isStock
      ? `${formatCount(counts.joined, 'stock receiver')}, not verified, all at the slowest’s speed`
      : `${counts.verified} of ${formatCount(counts.joined, 'machine')} verified`,
    counts.failed > 0 ? `${counts.failed} failed` : null,
    counts.lost > 0 ? `${counts.lost} silent` : null,
    session.pass > 0 ? `pass ${session.pass}` : null,
    session.pacedBy === null ? null : session.pacedBy.sentence,
  ]
    .filter(part => part !== null)
    .join(' · ')
}

function stopWarning(session: Session): string {
  const open = session.counts.receiving
  if (session.state === 'waiting' || open === 0) {
    return 'Machines that wait are let go. Nothing has been written to them.'
  }
  if (session.protocol === 'udpcast') {
    return 'Machines that are not finished hold an incomplete image, and stock receivers must start over.'
  }
  const machines = open === 1 ? '1 machine is' : `${open} machines are`
  return `${machines} not finished and will hold an incomplete image. What they have is kept: a later session only sends the rest.`
}
