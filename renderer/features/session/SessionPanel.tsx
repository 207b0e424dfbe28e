/** The session: what, how far, how fast, how long, what holds it back, and what can be changed while it is at work. */
import { Plus, Square } from 'lucide-react'
import { memo, type ReactNode, useState } from 'react'
import type { Session } from '../../../shared/session.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { Bar } from '../../ui/Bar.tsx'
import { Button, IconButton } from '../../ui/Button.tsx'
import { Confirm } from '../../ui/Confirm.tsx'
import {
  formatBits,
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatShare,
} from '../../ui/format.ts'
import { SystemMark } from '../../ui/SystemMark.tsx'
import { describeStartRule, PolicyPicker, RateCapPicker } from '../plan/plan.ts'
import { RatePlot } from './RatePlot.tsx'
import { NEW_SESSION } from './select.ts'
import { useSteady } from './steady.ts'
import { WaitingControls } from './WaitingControls.tsx'

export function SessionPanel({ session }: { readonly session: Session }) {
  const isWaiting = session.state === 'waiting'
  const tone = session.state === 'paused' ? 'warn' : isWaiting ? 'idle' : 'active'
  return (
    <section
      aria-label="Session"
      data-tone={tone}
      className="shrink-0 rounded-xl border border-line bg-surface px-4 pt-3 pb-3.5"
    >
      <Plan session={useSteady(session)} />
      {!isWaiting && (
        <>
          <Bar className="mt-2.5" label="Session progress" fraction={session.fraction} />
          <div className="mt-2.5 flex flex-wrap items-center gap-x-6 gap-y-2">
            <Figures session={session} />
            <RatePlot session={session} />
          </div>
        </>
      )}
    </section>
  )
}

/** What does not move with every tick. */
const Plan = memo(function Plan({ session }: { readonly session: Session }) {
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-6 gap-y-2">
        <Holds imageId={session.imageId} />
        <h2 className="min-w-64 flex-1 text-xl leading-tight font-semibold text-balance break-words">
          {TITLES[session.state]} {session.imageName}
        </h2>
        <span className="flex flex-wrap gap-2">
          <RateCapPicker session={session} />
          {session.protocol === 'benchcast' && <PolicyPicker session={session} />}
          <StopButton session={session} />
          <AnotherSession />
        </span>
      </div>
      <p className="mt-1 text-muted">
        {subline(session)} <Pacing session={session} />
      </p>
      {session.state === 'waiting' && <WaitingControls session={session} />}
    </>
  )
})

/** Nothing for a rehearsal, whose image is in no catalog. */
function Holds({ imageId }: { readonly imageId: string }) {
  const content = useApp(state => state.images.find(one => one.id === imageId)?.content ?? null)
  if (content === null) return null
  return <SystemMark content={content} className="-mr-3 size-6 text-muted" />
}

const TITLES: Readonly<Record<Session['state'], string>> = {
  waiting: 'Bench open for',
  running: 'Imaging',
  paused: 'Paused:',
  interrupted: 'Interrupted:',
  ended: 'Ended:',
}

function Figures({ session }: { readonly session: Session }) {
  const { sentBytes, repairBytes, leftMs, pass } = session
  return (
    <dl className="grid grid-cols-[repeat(3,auto)] gap-x-6 gap-y-1 wide:flex">
      <Figure name="Done" width={5}>
        {formatPercent(session.fraction)}
      </Figure>
      <Figure name="Left" width={10}>
        {leftMs === null ? '–' : formatDuration(leftMs)}
      </Figure>
      <Figure name="Speed" width={9}>
        {session.state === 'paused' ? 'Paused' : formatBits(session.rateBitsPerSecond)}
      </Figure>
      <Figure name="Sent" width={8}>
        {formatBytes(sentBytes)}
      </Figure>
      <Figure name="Repair" width={6}>
        {formatShare(sentBytes === 0 ? 0 : Math.min(1, repairBytes / sentBytes))}
      </Figure>
      <Figure name="Pass" width={3}>
        {pass === 0 ? '–' : pass}
      </Figure>
    </dl>
  )
}

/** As wide as it ever gets, and nothing inside moves what is around it. */
function Figure({
  name,
  width,
  children,
}: {
  readonly name: string
  /** In digits. */
  readonly width: number
  readonly children: ReactNode
}) {
  return (
    <div>
      <dt className="text-sm text-muted">{name}</dt>
      <dd
        className="h-[1.25em] text-lg leading-tight font-semibold whitespace-nowrap tabular-nums contain-[layout_size_style]"
        style={{ width: `${width}ch` }}
      >
        {children}
      </dd>
    </div>
  )
}

/** Who sets the pace, always in words: nothing that the engine knows shows as silence. */
function Pacing({ session }: { readonly session: Session }) {
  const paced = session.pacedBy
  if (session.state === 'paused') return 'Nothing is sent while paused.'
  if (session.state === 'waiting' || paced === null) return null
  const isTrouble = paced.kind === 'silence'
  return (
    <span data-tone={isTrouble ? 'warn' : undefined} className={isTrouble ? 'text-tone' : ''}>
      {paced.sentence}.
    </span>
  )
}

/** Until there are tabs to choose among. */
function AnotherSession() {
  const isOnly = useApp(state => state.sessions.size === 1)
  const showSession = useApp(state => state.showSession)
  if (!isOnly) return null
  return (
    <IconButton
      icon={Plus}
      label="Open another session"
      className="size-9"
      onClick={() => showSession(NEW_SESSION)}
    />
  )
}

function StopButton({ session }: { readonly session: Session }) {
  const [isAsking, setIsAsking] = useState(false)
  const ask = useAsk()
  const isWaiting = session.state === 'waiting'
  const benchCloses = useApp(state => state.bootBench?.nic === session.nic)
  return (
    <>
      <Button icon={Square} onClick={() => setIsAsking(true)}>
        {isWaiting ? 'Close the bench' : 'Stop'}
      </Button>
      <Confirm
        title={isWaiting ? 'Close the bench?' : 'Stop the session?'}
        description={`${stopWarning(session)}${benchCloses ? ' Machines can still start over the network.' : ''}`}
        confirmLabel={isWaiting ? 'Close the bench' : 'Stop the session'}
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        onConfirm={() => void ask('session:stop', { sessionId: session.id })}
      />
    </>
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
    counts.asking > 0 ? `${counts.asking} asking` : null,
  ]
    .filter(part => part !== null)
    .join(' · ')
    .concat('.')
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
