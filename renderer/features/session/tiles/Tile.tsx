import {
  BadgeCheck,
  Ban,
  CircleDashed,
  CircleX,
  Download,
  type LucideIcon,
  ScanSearch,
  TriangleAlert,
} from 'lucide-react'
import { memo } from 'react'
import type { Receiver } from '../../../../shared/session.ts'
import { formatDuration, formatShare, formatPercent, formatRate } from '../../../ui/format.ts'
import type { Density } from './layout.ts'
import { advice, look, type Look, type Phase, slowness, type Tone } from '../look.ts'

const ICONS: Readonly<Record<Tone, LucideIcon>> = {
  idle: CircleDashed,
  active: Download,
  verify: ScanSearch,
  done: BadgeCheck,
  warn: TriangleAlert,
  bad: CircleX,
}

export interface TileProps {
  readonly receiver: Receiver
  /** What the doctor found about it, and what to do; empty when nothing. */
  readonly finding: string
  readonly phase: Phase
  readonly density: Density
  readonly isOpen: boolean
  readonly onOpen: (id: string, tile: HTMLElement) => void
}

/**
 * One machine. The whole tile is a button that shows everything known about it and what can be done. Drawn ten times
 * a second for each machine at work: plain elements only.
 */
export const Tile = memo(function Tile(props: TileProps) {
  const { receiver, finding, phase, density, isOpen, onOpen } = props
  const seen = warned(look(receiver, phase), finding)
  const Body = BODIES[density]
  return (
    <button
      type="button"
      data-tone={seen.tone}
      data-state-name={receiver.state}
      aria-haspopup="dialog"
      aria-expanded={isOpen}
      aria-label={`Machine ${receiver.number}, ${receiver.name}: ${seen.words}, ${formatPercent(seen.fraction)}`}
      onClick={event => onOpen(receiver.id, event.currentTarget)}
      className="tone-line relative h-full w-full overflow-hidden rounded-xl border bg-surface text-left hover:border-tone aria-expanded:border-tone"
    >
      <span
        aria-hidden
        className="grow absolute inset-0 bg-[color-mix(in_oklab,var(--tone)_var(--fill),transparent)]"
        style={{ transform: `scaleX(${seen.fraction})` }}
      />
      <span
        aria-hidden
        className="grow absolute inset-x-0 bottom-0 h-1 bg-tone"
        style={{ transform: `scaleX(${seen.fraction})` }}
      />
      <Body receiver={receiver} finding={finding} seen={seen} phase={phase} />
    </button>
  )
})

interface BodyProps {
  readonly receiver: Receiver
  readonly finding: string
  readonly seen: Look
  readonly phase: Phase
}

const BODIES: Readonly<Record<Density, (props: BodyProps) => React.JSX.Element>> = {
  large: LargeBody,
  medium: MediumBody,
  compact: CompactBody,
  tiny: TinyBody,
}

function LargeBody({ receiver, finding, seen, phase }: BodyProps) {
  const trouble = advice(receiver) || finding || slowness(receiver)
  return (
    <span className="relative flex h-full flex-col px-4 pt-3.5 pb-4">
      <span className="flex items-start justify-between gap-3">
        <Number value={receiver.number} className="text-4xl" />
        {phase !== 'waiting' && <Percent seen={seen} className="text-3xl" />}
      </span>
      <span className="mt-2.5 flex items-baseline gap-2">
        <span className="truncate font-semibold">{receiver.name}</span>
        {receiver.name !== receiver.address && (
          <span className="ml-auto shrink-0 text-sm text-muted tabular-nums">
            {receiver.address}
          </span>
        )}
      </span>
      {trouble === '' && (
        <span className="block text-sm text-muted">
          <span className="block truncate">{receiver.model || receiver.mac}</span>
          <span className="block truncate">{place(receiver)}</span>
        </span>
      )}
      <span className="mt-auto block">
        <StateWords seen={seen} className="text-base font-semibold" />
        <span
          className={`text-sm tabular-nums ${trouble === '' ? 'block truncate text-muted' : 'line-clamp-4 leading-snug'}`}
          title={trouble}
        >
          {trouble || figures(receiver, phase)}
        </span>
      </span>
    </span>
  )
}

function MediumBody({ receiver, finding, seen, phase }: BodyProps) {
  const trouble = advice(receiver) || finding || slowness(receiver)
  return (
    <span className="relative flex h-full flex-col px-3 pt-2 pb-2.5">
      <span className="flex items-start justify-between gap-2">
        <Number value={receiver.number} className="text-[1.75rem]" />
        {phase !== 'waiting' && <Percent seen={seen} className="text-xl" />}
      </span>
      <span className="mt-1 block truncate text-sm font-medium">{receiver.name}</span>
      <span className="mt-auto block">
        <StateWords seen={seen} isShort className="font-semibold" />
        <span
          className={`text-sm tabular-nums ${trouble === '' ? 'block truncate text-muted' : 'line-clamp-2 leading-snug'}`}
          title={trouble}
        >
          {trouble || timeLeft(receiver, phase)}
        </span>
      </span>
    </span>
  )
}

function CompactBody({ receiver, seen, phase }: BodyProps) {
  return (
    <span className="relative flex h-full flex-col justify-between px-2.5 pt-1.5 pb-2.5">
      <span className="flex items-center justify-between gap-1.5">
        <Number value={receiver.number} className="text-2xl" />
        {phase !== 'waiting' && <Percent seen={seen} className="text-lg" />}
      </span>
      <StateWords seen={seen} isShort className="text-sm font-medium" />
    </span>
  )
}

function TinyBody({ receiver, seen, phase }: BodyProps) {
  return (
    <span className="relative flex h-full flex-col justify-between px-2 pt-1 pb-1.5">
      <span className="flex items-center justify-between gap-1">
        <Number value={receiver.number} className="text-lg" />
        {phase !== 'waiting' && <Percent seen={seen} className="text-sm" />}
      </span>
      <StateWords seen={seen} isShort className="text-[0.8rem] leading-tight font-medium" />
    </span>
  )
}

function Number({ value, className }: { readonly value: number; readonly className: string }) {
  return <span className={`${className} leading-none font-bold tabular-nums`}>{value}</span>
}

/** A verified machine needs no figure: its icon and word say it; a refused one never had any. */
function Percent({ seen, className }: { readonly seen: Look; readonly className: string }) {
  if (seen.tone === 'bad' && seen.fraction === 0) return null
  return (
    <span
      className={`${className} shrink-0 leading-none font-semibold whitespace-nowrap text-tone tabular-nums`}
    >
      {formatPercent(seen.fraction)}
    </span>
  )
}

function StateWords({
  seen,
  className,
  isShort = false,
}: {
  readonly seen: Look
  readonly className: string
  readonly isShort?: boolean
}) {
  const Icon = seen.word === 'Dropped' ? Ban : ICONS[seen.tone]
  return (
    <span className={`flex min-w-0 items-center gap-1.5 text-tone ${className}`}>
      <Icon aria-hidden className="size-[1.1em] shrink-0" />
      <span className="truncate">{isShort ? seen.word : seen.words}</span>
    </span>
  )
}

/** What the doctor found matters more than that it works so far. */
function warned(seen: Look, finding: string): Look {
  const isCalm = seen.tone === 'active' || seen.tone === 'idle'
  return finding !== '' && isCalm ? { ...seen, tone: 'warn' } : seen
}

function place(receiver: Receiver): string {
  return [receiver.serial, receiver.target.path].filter(Boolean).join(' → ')
}

function figures(receiver: Receiver, phase: Phase): string {
  if (phase === 'waiting') return 'Waits for the start'
  if (phase === 'ended') return '\u00a0'
  return (
    [
      receiver.rateBytesPerSecond > 0 ? formatRate(receiver.rateBytesPerSecond) : null,
      receiver.leftMs === null ? null : `${formatDuration(receiver.leftMs)} left`,
      receiver.lossFraction > 0 ? `${formatShare(receiver.lossFraction)} lost` : null,
    ]
      .filter(part => part !== null)
      .join(' · ') || '\u00a0'
  )
}

function timeLeft(receiver: Receiver, phase: Phase): string {
  if (phase !== 'running' || receiver.leftMs === null) return figures(receiver, phase)
  return `${formatDuration(receiver.leftMs)} left`
}
