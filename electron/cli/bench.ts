/** A session and its machines as lines on a terminal. Pure. */
import type { Receiver, Session } from '../../shared/session.ts'
import {
  formatBits,
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate,
  formatShare,
} from './figures.ts'
import type { Output, Style } from './output.ts'
import { type Column, printable, renderBar, renderTable } from './table.ts'

export interface SessionRows {
  readonly session: Session
  readonly receivers: readonly Receiver[]
}

type Brush = Pick<Output, 'style' | 'width'>

const COLUMNS: readonly Column[] = [
  { title: '#', align: 'right' },
  { title: 'Machine', isFlexible: true },
  { title: 'Address' },
  { title: 'State', minWidth: 12 },
  { title: 'Progress' },
  { title: 'Rate', align: 'right', minWidth: 9 },
  { title: 'Left', align: 'right', minWidth: 5 },
  { title: 'Loss', align: 'right', minWidth: 5 },
]

const STATES: Readonly<Record<Receiver['state'], readonly [string, Style]>> = {
  asking: ['to be approved', 'yellow'],
  joining: ['joining', 'dim'],
  receiving: ['receiving', 'cyan'],
  verifying: ['reading back', 'cyan'],
  done: ['verified', 'green'],
  acknowledged: ['not verified', 'yellow'],
  lost: ['silent', 'yellow'],
  dropped: ['dropped', 'yellow'],
  refused: ['refused', 'red'],
  failed: ['failed', 'red'],
}

const BAR_WIDTH = 20
/** Below this many columns names matter more than addresses and long bars. */
const NARROW = 98
const NARROW_BAR_WIDTH = 12

/** The live view: what the session does, then a line per machine. */
export function renderBench(rows: SessionRows, brush: Brush): string[] {
  const { receivers } = rows
  const lines = ['', headline(rows, brush)]
  if (receivers.length > 0) lines.push('', ...renderMachines(rows, brush))
  return [...lines, '']
}

function renderMachines({ session, receivers }: SessionRows, brush: Brush): string[] {
  const isNarrow = brush.width < NARROW
  const barWidth = isNarrow ? NARROW_BAR_WIDTH : BAR_WIDTH
  const cells = receivers.map(receiver => {
    const [word, style] = stateOf(receiver, session)
    const fraction = fractionOf(receiver, session.imageBytes)
    const isMoving = session.state !== 'waiting' && isWorking(receiver)
    return [
      String(receiver.number),
      printable(receiver.name),
      ...(isNarrow ? [] : [receiver.address]),
      brush.style(style, word),
      `${renderBar(fraction, barWidth)} ${formatPercent(fraction).padStart(5)}`,
      isMoving ? formatRate(receiver.rateBytesPerSecond) : '',
      isMoving ? leftWord(receiver.leftMs) : '',
      formatShare(receiver.lossFraction),
    ]
  })
  const columns = isNarrow ? COLUMNS.filter(({ title }) => title !== 'Address') : COLUMNS
  const table = renderTable(columns, cells, brush.width - 3).map(line => `  ${line}`)
  return [brush.style('dim', table[0] ?? ''), ...table.slice(1)]
}

function headline({ session, receivers }: SessionRows, brush: Brush): string {
  const name = brush.style('bold', printable(session.name))
  const on = `on ${session.nic}`
  switch (session.state) {
    case 'waiting':
      return `  ${name} ${on}  ${session.waitingFor}`
    case 'paused':
      return `  ${name} ${on}  paused at ${formatPercent(session.fraction)}`
    case 'running': {
      if (receivers.length > 0 && receivers.every(receiver => receiver.endedAtMs !== null)) {
        return `  ${name} ${on}  every machine has ended; closing`
      }
      const parts = [
        formatPercent(session.fraction),
        formatBits(session.rateBitsPerSecond),
        `pass ${session.pass}`,
        ...(session.leftMs === null ? [] : [`${leftWord(session.leftMs)} left`]),
        ...(session.pacedBy === null ? [] : [brush.style('dim', session.pacedBy.sentence)]),
      ]
      return `  ${name} ${on}  ${parts.join('  ')}`
    }
    case 'interrupted':
    case 'ended':
      return `  ${name} ${on}  ${session.state}`
  }
}

/** What a session came to, for a result: one sentence, then who failed and why. */
export function summarise(rows: SessionRows): string[] {
  const { session, receivers } = rows
  const { joined, verified } = session.counts
  const failures = receivers
    .filter(receiver => receiver.state !== 'done')
    .map(receiver => `  Machine ${receiver.number}, ${printable(receiver.name)}: ${why(receiver)}`)
  const fault = session.fault ? [`  ${session.fault.message}`] : []
  if (joined === 0)
    return [`Session ${printable(session.name)} ended: no machine joined.`, ...fault]
  const count = verified === joined ? formatCount(joined, 'machine') : `${verified} of ${joined}`
  const sent = `${formatBytes(session.sentBytes)} sent`
  return [
    `Session ${printable(session.name)} ended: ${count} verified in ${formatDuration(durationOf(rows))}, ${sent}, ${formatShare(repairShare(session))} of it repair.`,
    ...fault,
    ...failures,
  ]
}

/** To the last machine's end: the session itself stays open some seconds longer, for machines that come back. */
export function durationOf({ session, receivers }: SessionRows): number {
  const ends = receivers.flatMap(receiver => receiver.endedAtMs ?? [])
  const endedAtMs =
    ends.length > 0 && ends.length === receivers.length ? Math.max(...ends) : session.endedAtMs
  const startedAtMs = session.startedAtMs ?? session.createdAtMs
  return Math.max(0, (endedAtMs ?? startedAtMs) - startedAtMs)
}

/** Full success: somebody came, and everybody who came was read back and matched. */
export function isFullSuccess({ counts, fault }: Session): boolean {
  return counts.joined > 0 && counts.verified === counts.joined && fault === null
}

export function repairShare({ sentBytes, repairBytes }: Session): number {
  return sentBytes > 0 ? repairBytes / sentBytes : 0
}

/** One line when a machine's state changes, for logs. */
export function describeChange(receiver: Receiver, session: Session): string {
  const name = `Machine ${receiver.number}, ${printable(receiver.name)} (${receiver.address})`
  return `${name}: ${receiver.fault ? why(receiver) : stateOf(receiver, session)[0]}`
}

export function describeSession(session: Session): string {
  if (session.state === 'waiting') return session.waitingFor
  if (session.state !== 'running') return `Session ${printable(session.name)} ${session.state}`
  const machines = formatCount(session.counts.joined, 'machine')
  return `Running: ${formatPercent(session.fraction)} of ${machines}, ${formatBits(session.rateBitsPerSecond)}`
}

/** Before the start a machine that could receive is ready to. */
function stateOf(receiver: Receiver, session: Session): readonly [string, Style] {
  if (session.state === 'waiting' && receiver.state === 'receiving') return ['ready', 'green']
  return STATES[receiver.state]
}

function isWorking({ state }: Receiver): boolean {
  return state === 'receiving' || state === 'verifying'
}

function why(receiver: Receiver): string {
  const [word] = STATES[receiver.state]
  return receiver.fault
    ? `${word}. ${printable(receiver.fault.message)}`
    : `${word} when the session ended`
}

/** Received while receiving, read back while reading back. */
function fractionOf(receiver: Receiver, imageBytes: number): number {
  const [done, total] =
    receiver.state === 'verifying'
      ? [receiver.verifiedBytes, imageBytes]
      : [receiver.haveBytes, receiver.totalBytes]
  if (total === 0) return receiver.state === 'done' ? 1 : 0
  return done / total
}

/** Whole seconds: tenths would flicker. Beyond a day nothing is known. */
function leftWord(ms: number | null): string {
  if (ms === null || ms > 86_400_000) return ''
  const seconds = Math.ceil(ms / 1000)
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000)
}
