import {
  BadgeCheck,
  Ban,
  CircleDashed,
  CircleX,
  Download,
  Hand,
  type LucideIcon,
  Power,
  ScanSearch,
  TriangleAlert,
} from 'lucide-react'
import { memo } from 'react'
import type { BenchMachine } from '../../../../shared/bench.ts'
import type { BootMachine } from '../../../../shared/boot.ts'
import type { Receiver } from '../../../../shared/session.ts'
import { formatPercent } from '../../../ui/format.ts'
import type { Look, Phase, Tone } from '../look.ts'
import { smallText, type TileText, tileText } from './text.ts'
import type { Density } from './layout.ts'

const ICONS: Readonly<Record<Tone, LucideIcon>> = {
  idle: CircleDashed,
  active: Download,
  verify: ScanSearch,
  done: BadgeCheck,
  warn: TriangleAlert,
  bad: CircleX,
}
/** Where the word says more than the tone. */
const WORD_ICONS: Readonly<Record<string, LucideIcon>> = {
  Dropped: Ban,
  Asks: Hand,
  Starting: Power,
}

/** The rows of one machine, each by itself: a tile is drawn again only when one of them is another object. */
export interface TileProps {
  readonly id: string
  readonly number: number | null
  readonly boot: BootMachine | null
  readonly machine: BenchMachine | null
  readonly receiver: Receiver | null
  /** What the doctor found about it, and what to do; empty when nothing. */
  readonly finding: string
  readonly phase: Phase
  readonly density: Density
  /** Room for more lines than the density needs. */
  readonly isTall: boolean
  readonly isOpen: boolean
  readonly onOpen: (key: string, tile: HTMLElement) => void
}

/**
 * One machine. The whole tile is a button that shows everything known about it and what can be done; what stands on it
 * is its name. Drawn ten times a second for each machine at work: plain elements only.
 */
export const Tile = memo(TileView, isDrawnAlike)

function TileView(props: TileProps) {
  const { id, number, boot, machine, receiver, finding, phase, density } = props
  const { isTall, isOpen, onOpen } = props
  const text = tileText({ key: id, number, boot, machine, receiver }, finding, phase)
  const { seen } = text
  const Body = BODIES[density]
  return (
    <button
      type="button"
      data-tone={seen.tone}
      data-state-name={receiver?.state ?? machine?.state ?? boot?.state}
      aria-haspopup="dialog"
      aria-expanded={isOpen}
      onClick={event => onOpen(id, event.currentTarget)}
      className={`tone-line relative h-full w-full overflow-hidden rounded-xl border bg-surface text-left hover:border-tone aria-expanded:border-tone ${
        receiver === null ? 'border-dashed' : ''
      }`}
    >
      {text.isMeasured && (
        <span
          aria-hidden
          className="grow absolute inset-0 bg-[color-mix(in_oklab,var(--tone)_var(--fill),transparent)]"
          style={{ transform: `scaleX(${seen.fraction})` }}
        />
      )}
      <span
        aria-hidden
        className="grow absolute inset-x-0 bottom-0 h-1 bg-tone"
        style={{ transform: `scaleX(${seen.fraction})` }}
      />
      <Body text={text} isTall={isTall} />
    </button>
  )
}

/** Rows change ten times a second; what stands on a small tile does much more rarely, and its fill by a pixel or two. */
function isDrawnAlike(before: TileProps, after: TileProps): boolean {
  const names = Object.keys(after) as (keyof TileProps)[]
  const changed = names.filter(name => before[name] !== after[name])
  if (changed.length === 0) return true
  const isSmall = after.density === 'compact' || after.density === 'tiny'
  if (!isSmall || changed.some(name => !ROWS.includes(name))) return false
  return drawnSmall(before) === drawnSmall(after)
}

const ROWS: readonly (keyof TileProps)[] = ['boot', 'machine', 'receiver']

function drawnSmall(props: TileProps): string {
  const { id, number, boot, machine, receiver, finding, phase } = props
  return smallText({ key: id, number, boot, machine, receiver }, finding, phase)
}

interface BodyProps {
  readonly text: TileText
  readonly isTall: boolean
}

const BODIES: Readonly<Record<Density, (props: BodyProps) => React.JSX.Element>> = {
  large: LargeBody,
  medium: MediumBody,
  compact: CompactBody,
  tiny: TinyBody,
}

function LargeBody({ text }: BodyProps) {
  const { name, address, seen, trouble } = text
  return (
    <span className="relative flex h-full flex-col px-4 pt-3 pb-3.5">
      <Head text={text} isRoomy number="text-4xl" code="text-lg" percent="text-3xl" />
      <span className="mt-1.5 flex items-baseline gap-2">
        <span className="truncate font-semibold">{name}</span>
        {name !== address && (
          <span className="ml-auto shrink-0 text-sm text-muted tabular-nums">{address}</span>
        )}
      </span>
      <span className="block text-sm text-muted">
        {trouble === '' && <span className="block truncate">{text.model}</span>}
        <span className="block truncate" title={text.target}>
          {text.target}
        </span>
      </span>
      <span className="mt-auto block">
        <State seen={seen} className="text-base font-semibold" />
        <span
          className={`text-sm tabular-nums ${trouble === '' ? 'line-clamp-2 text-muted' : 'line-clamp-4 leading-snug'}`}
          title={trouble}
        >
          {trouble || text.remark || text.figures || '\u00a0'}
        </span>
      </span>
    </span>
  )
}

function MediumBody({ text, isTall }: BodyProps) {
  const { seen, trouble } = text
  return (
    <span className="relative flex h-full flex-col px-3 pt-2 pb-2.5">
      <Head text={text} isRoomy number="text-[1.75rem]" code="text-sm" percent="text-xl" />
      <span className="mt-1 block truncate text-sm font-medium">{text.name}</span>
      {isTall && trouble === '' && (
        <span className="block text-sm text-muted">
          <span className="block truncate">{text.model}</span>
          <span className="block truncate">{text.target}</span>
        </span>
      )}
      <span className="mt-auto block">
        <State seen={seen} isShort className="font-semibold" />
        <span
          className={`text-sm tabular-nums ${trouble === '' ? (isTall ? 'line-clamp-2 text-muted' : 'block truncate text-muted') : isTall ? 'line-clamp-5 leading-snug' : 'line-clamp-2 leading-snug'}`}
          title={trouble}
        >
          {trouble || text.remark || text.shortFigures || '\u00a0'}
        </span>
      </span>
    </span>
  )
}

function CompactBody({ text }: BodyProps) {
  return (
    <span className="relative flex h-full flex-col justify-between px-2.5 pt-1.5 pb-2.5">
      <Head text={text} number="text-2xl" code="text-xs" percent="text-lg" />
      <State seen={text.seen} isShort className="text-sm font-medium" />
    </span>
  )
}

function TinyBody({ text }: BodyProps) {
  return (
    <span className="relative flex h-full flex-col justify-between px-2 pt-1 pb-1.5">
      <Head text={text} number="text-lg" code="text-[0.7rem]" percent="text-sm" />
      <State seen={text.seen} isShort className="text-[0.8rem] leading-tight font-medium" />
    </span>
  )
}

/** Number and code as on the machine's own screen; the percent where there is one. */
function Head({
  text: { number, code, seen, isMeasured },
  isRoomy = false,
  ...sizes
}: Pick<BodyProps, 'text'> & {
  /** Has room for code and percent side by side. */
  readonly isRoomy?: boolean
  readonly number: string
  readonly code: string
  readonly percent: string
}) {
  // A refused machine never had any.
  const hasPercent = isMeasured && !(seen.tone === 'bad' && seen.fraction === 0)
  return (
    <span className="flex items-start justify-between gap-1.5">
      <span className="flex min-w-0 items-baseline gap-1.5">
        <span className={`${sizes.number} leading-none font-bold tabular-nums`}>
          <span className="sr-only">{number === null ? 'New machine' : 'Machine '}</span>
          {number ?? <span aria-hidden>–</span>}
          <span className="sr-only">, </span>
        </span>
        {(!hasPercent || isRoomy) && (
          <span className={`${sizes.code} truncate font-mono leading-none text-muted`}>{code}</span>
        )}
      </span>
      {hasPercent && (
        <span
          className={`${sizes.percent} shrink-0 leading-none font-semibold whitespace-nowrap text-tone tabular-nums`}
        >
          {formatPercent(seen.fraction)}
        </span>
      )}
    </span>
  )
}

function State({
  seen,
  className,
  isShort = false,
}: {
  readonly seen: Look
  readonly className: string
  readonly isShort?: boolean
}) {
  const Icon = WORD_ICONS[seen.word] ?? ICONS[seen.tone]
  return (
    <span className={`flex min-w-0 items-center gap-1.5 text-tone ${className}`}>
      <Icon aria-hidden className="size-[1.1em] shrink-0" />
      <span className="truncate">{isShort ? seen.word : seen.words}</span>
    </span>
  )
}
