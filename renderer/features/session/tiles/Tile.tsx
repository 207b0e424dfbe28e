import {
  BadgeCheck,
  Ban,
  CircleDashed,
  CircleX,
  Download,
  Hand,
  type LucideIcon,
  Pause,
  Power,
  ScanSearch,
  TriangleAlert,
} from 'lucide-react'
import { memo } from 'react'
import type { Tone } from '../look.ts'
import type { Density } from './layout.ts'
import type { TileText } from './text.ts'

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
  Paused: Pause,
}

export interface TileProps extends TileText {
  readonly id: string
  readonly density: Density
  readonly lines: number
  readonly isOpen: boolean
  readonly onOpen: (key: string, tile: HTMLElement) => void
  /** The keyboard, which brings up no tooltip, is on this tile; null once it has left, or Escape was pressed. */
  readonly onKeyboard: (key: string | null) => void
}

/**
 * One machine. The whole tile is a button that shows everything known about it and what can be done.
 *
 * Up to ten times a second for each machine at work something on it changes, on a laptop that may draw without a graphics
 * card. So: plain elements in the flow, square bars of one colour, and nothing that is positioned, transformed or clipped
 * without need, since each of those costs its share of every frame. What changes most, figure and bar, is `still`: laid out
 * by itself.
 */
export const Tile = memo(function Tile(props: TileProps) {
  const { id, density, isOpen, onOpen, onKeyboard, tone, fill } = props
  const isDiskShown = props.size !== ''
  const Body = isDiskShown ? DiskBody : BODIES[density]
  return (
    <li className="tile-place">
      <button
        type="button"
        data-tone={tone}
        data-state-name={props.stateName}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        title={props.diskInFull || undefined}
        onClick={event => onOpen(id, event.currentTarget)}
        onFocus={event => event.currentTarget.matches(':focus-visible') && onKeyboard(id)}
        onBlur={() => onKeyboard(null)}
        onKeyDown={event => event.key === 'Escape' && onKeyboard(null)}
        className={`tile ${isDiskShown ? DISK_SPACE[density] : SPACE[density]} ${props.isInSession ? '' : 'border-dashed'}`}
      >
        <Body {...props} />
        {!isDiskShown && (
          <span
            aria-hidden
            className={`tile-bar block h-1 shrink-0 ${props.isMoving ? 'bg-sunken' : ''} ${density === 'large' ? 'mt-1.5' : 'mt-1'}`}
          >
            {props.isMoving && (
              <span className="still block h-full">
                <span className="block h-full bg-tone" style={{ width: `${fill}%` }} />
              </span>
            )}
          </span>
        )}
      </button>
    </li>
  )
})

const SPACE: Readonly<Record<Density, string>> = {
  large: 'px-4 pt-3 pb-3',
  medium: 'px-3 pt-1.5 pb-2',
  compact: 'px-2.5 pt-1.5 pb-2',
  tiny: 'px-2 pt-1 pb-1',
}

/** Four lines of text, where otherwise there are two. */
const DISK_SPACE: Readonly<Record<Density, string>> = {
  ...SPACE,
  compact: 'px-2 pt-1 pb-1.5',
  tiny: 'px-2 py-px',
}

const BODIES: Readonly<Record<Density, (props: TileProps) => React.JSX.Element>> = {
  large: LargeBody,
  medium: MediumBody,
  compact: CompactBody,
  tiny: TinyBody,
}

function LargeBody(props: TileProps) {
  return (
    <>
      <span className="flex items-center gap-2.5">
        <Number {...props} className="text-[3.25rem]" />
        <span className="min-w-0 flex-1 leading-tight">
          <span className="block truncate font-mono text-muted">{props.code}</span>
          <span className="block truncate font-semibold">{props.name}</span>
        </span>
        <Progress {...props} className="text-[2rem]" />
      </span>
      <Details {...props} />
      <span className="mt-auto block">
        <State {...props} className="text-base leading-tight font-semibold" />
        <Sentence {...props} />
      </span>
    </>
  )
}

function MediumBody(props: TileProps) {
  return (
    <>
      <span className="flex items-baseline justify-between gap-1.5">
        <Number {...props} className="text-[2rem]" />
        {props.isCodeOnTop && (
          <span className="min-w-0 flex-1 truncate font-mono text-sm text-muted">{props.code}</span>
        )}
        <Progress {...props} className="text-xl" />
      </span>
      <Details {...props} />
      <span className="mt-auto block">
        <State {...props} className="leading-tight font-semibold" />
        <Sentence {...props} />
      </span>
    </>
  )
}

function CompactBody(props: TileProps) {
  return (
    <>
      <span className="flex items-baseline justify-between">
        <Number {...props} className="text-[2.25rem]" />
        <Progress {...props} className="text-lg" />
      </span>
      <State {...props} className="mt-auto text-sm font-medium" />
    </>
  )
}

function TinyBody(props: TileProps) {
  return (
    <>
      <span className="flex items-baseline justify-between">
        <Number {...props} className="text-[1.6rem]" />
        <Progress {...props} className="text-base" />
      </span>
      <State {...props} className="mt-auto text-[0.8rem] leading-none font-medium" />
    </>
  )
}

/** Before the start: where the figure and the bar will be, the disk. Of serials the end is left, which tells them apart. */
function DiskBody(props: TileProps) {
  const { density, number, size, serial, model, shortModel } = props
  const isTiny = density === 'tiny'
  return (
    <>
      <span className="flex items-center justify-between gap-1">
        <Number {...props} className={`shrink-0 ${numberSize(number ?? 0, isTiny)}`} />
        <span className={`min-w-0 text-right text-muted ${DISK_TEXT}`}>
          <span className="block whitespace-nowrap">{size}</span>
          <span className={`block [direction:rtl] ${CUT} ${isTiny ? '' : 'mt-0.5'}`}>
            <bdi>{serial}</bdi>
          </span>
        </span>
      </span>
      <span className={`mt-auto block text-muted ${DISK_TEXT} ${CUT}`}>
        <span aria-hidden={shortModel !== model}>{shortModel}</span>
        {shortModel !== model && <span className="text-[0px]">{model}</span>}
      </span>
      <State
        {...props}
        className={`leading-none font-medium ${isTiny ? 'text-[0.8rem]' : 'mt-1 text-sm'}`}
      />
    </>
  )
}

/** So that beside it four or five letters of the serial are left. */
function numberSize(number: number, isTiny: boolean): string {
  if (number > 99) return isTiny ? 'text-[1.2rem]' : 'text-[1.4rem]'
  if (isTiny) return 'text-[1.6rem]'
  return number > 9 ? 'text-[1.9rem]' : 'text-[2.25rem]'
}

const DISK_TEXT = 'text-[0.8rem] leading-none'
/** As `truncate`, which in lines this low also cuts off what hangs below the letters. */
const CUT = 'overflow-x-clip text-ellipsis whitespace-nowrap'

/**
 * As on the machine's own screen, which shows it once the bench has given one. What only screen readers say has no size:
 * hidden by its position, it would be one more layer for each tile.
 */
function Number({ number, className }: Pick<TileText, 'number'> & { readonly className: string }) {
  return (
    <span className={`${className} leading-none font-bold tabular-nums`}>
      {number === null ? (
        <span className="text-[0.6em] text-muted">
          New<span className="text-[0px]"> machine, </span>
        </span>
      ) : (
        <>
          <span className="text-[0px]">Machine </span>
          {number}
          <span className="text-[0px]">, </span>
        </>
      )}
    </span>
  )
}

/** How far, or that it is over. */
function Progress({
  percent,
  tone,
  className,
}: Pick<TileText, 'percent' | 'tone'> & { readonly className: string }) {
  const isOver = tone === 'done' || tone === 'bad'
  const Icon = ICONS[tone]
  return (
    <span
      className={`${className} shrink-0 leading-none font-semibold whitespace-nowrap text-tone tabular-nums`}
    >
      {isOver ? (
        <Icon aria-hidden className="inline size-[1em] align-[-0.12em]" />
      ) : (
        <span
          className="still block h-[1em] text-right"
          // A percent sign with its space is as wide as two figures, in some fonts a little more.
          style={{ width: percent === '' ? 0 : `${percent.length + 0.1}ch` }}
        >
          {percent}
        </span>
      )}
    </span>
  )
}

function State({
  state,
  word,
  tone,
  density,
  className,
}: TileProps & { readonly className: string }) {
  const Icon = WORD_ICONS[word] ?? ICONS[tone]
  const isOver = tone === 'done' || tone === 'bad'
  // What goes well needs no sign on a small tile, and what is over has a larger one above.
  const hasSign = density === 'large' || tone === 'warn' || tone === 'verify' || word in WORD_ICONS
  return (
    <span className={`flex items-center gap-1.5 text-tone ${className}`}>
      {hasSign && !isOver && <Icon aria-hidden className="size-[1.1em] shrink-0" />}
      <span className={`min-w-0 ${CUT}`}>{state}</span>
    </span>
  )
}

function Details({ details, diskInFull }: TileProps) {
  if (details === '') return null
  return (
    <span className="mt-1 block text-sm text-muted">
      {details.split('\n').map(line => (
        <span
          key={line}
          className="block truncate leading-[1.37]"
          title={diskInFull === '' ? line : undefined}
        >
          {line}
        </span>
      ))}
    </span>
  )
}

/** What is wrong and what to do, or what goes on: in full wherever it fits. */
function Sentence({ trouble, note, lines }: TileProps) {
  const text = trouble || note
  if (text === '') return null
  return (
    <span
      className={`line-clamp-2 text-sm leading-[1.37] tabular-nums ${trouble === '' ? 'text-muted' : ''}`}
      style={{ WebkitLineClamp: Math.max(1, lines) }}
      title={text}
    >
      {text}
    </span>
  )
}
