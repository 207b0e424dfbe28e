/**
 * Everything that stands on a machine's tile, as plain values: a tile whose values are the same is not drawn again. Pure.
 */
import type { Receiver } from '../../../../shared/session.ts'
import {
  formatBytes,
  formatDuration,
  formatPercent,
  formatRate,
  formatShare,
} from '../../../ui/format.ts'
import type { ShownMachine } from '../../bench/bench.ts'
import type { Look, Phase, Tone } from '../look.ts'
import { adviceAt, contentWord, identityOf, lookAt, remarkAt } from '../machineLook.ts'
import { isOnBench } from '../select.ts'
import type { TargetDisk } from '../target.ts'
import { diskAtStake, diskInFull, LINES_AT_STAKE, type Room, targetLines } from './diskText.ts'
import { isSmall } from './layout.ts'
import { shortened } from './lines.ts'

export interface TileText {
  readonly number: number | null
  readonly code: string
  /** Otherwise it would be cut short there, and stands below. */
  readonly isCodeOnTop: boolean
  readonly name: string
  readonly tone: Tone
  /** What the row of the machine calls its state. */
  readonly stateName: string
  readonly isInSession: boolean
  /** One word, which also names the sign beside it. */
  readonly word: string
  /** As many words as the tile has room for. */
  readonly state: string
  /** Empty where nothing is measured, or where the sign says it all. */
  readonly percent: string
  /** Of the disk that would be erased, on small tiles before the start; the size as lsblk(8) tells it. */
  readonly size: string
  readonly serial: string
  readonly model: string
  /** As much of it as there is room for. */
  readonly shortModel: string
  /** All about that disk, for whom the tile shows too little of it. */
  readonly diskInFull: string
  /** 0 to 100 of the bar. */
  readonly fill: number
  /** It gets somewhere, and how far is worth a bar. */
  readonly isMoving: boolean
  /** What is wrong and what to do; empty when nothing is, and not drawn on small tiles. */
  readonly trouble: string
  /** What goes on, or how fast; empty on small tiles. */
  readonly note: string
  /** Name, model, disk: a line each, as many as the tile has room for. */
  readonly details: string
}

export function tileText(shown: ShownMachine, finding: string, phase: Phase, room: Room): TileText {
  const { receiver, machine, boot } = shown
  const { name, address, code } = identityOf(shown)
  const seen = warned(lookAt(shown, phase), finding)
  const isMute = isSmall(room.density)
  const isMeasured = receiver !== null && phase !== 'waiting' && receiver.state !== 'asking'
  const isSettled = seen.tone === 'done' || seen.tone === 'bad'
  const trouble = adviceAt(shown, phase) || finding
  const percent = isMeasured && !isSettled ? formatPercent(seen.fraction) : ''
  // A figure or the sign of the end stands there instead.
  const isCodeOnTop = room.density === 'large' || (percent === '' && !isSettled)
  const note = isMute || trouble !== '' ? '' : remarkAt(shown) || figures(receiver, phase, room)
  const lines = room.lines - linesOf(trouble || note, room)
  // Before the first write nothing matters more than what would be lost.
  const disk = isSettled ? null : diskAtStake(shown, phase)
  const isReady = seen.tone === 'idle' && seen.word === 'Ready'
  const isContentInState = isReady && (isMute || lines < LINES_AT_STAKE)
  const state = room.density === 'large' ? seen.words : seen.word
  return {
    number: shown.number,
    code,
    // An address would be cut short beside the number: it stands below.
    name: name === address ? '' : name,
    tone: seen.tone,
    stateName: receiver?.state ?? machine?.state ?? boot?.state ?? '',
    isInSession: receiver !== null,
    word: seen.word,
    state: isContentInState && disk?.content ? contentWord(disk.content) : state,
    percent,
    ...ofDisk(isMute ? disk : null, room),
    diskInFull: disk === null || room.density === 'large' ? '' : diskInFull(disk),
    // By whole percents where that is a pixel or two: the bar moves together with the figure.
    fill: Math.floor(seen.fraction * (isMute ? 100 : 1000)) / (isMute ? 1 : 10),
    isMoving: isMeasured || (receiver === null && machine === null),
    trouble,
    note,
    isCodeOnTop,
    details: isMute ? '' : details(shown, phase, room, lines, isCodeOnTop ? '' : code),
  }
}

type SmallDisk = Pick<TileText, 'size' | 'serial' | 'model' | 'shortModel'>

/** The text of lines, 0.875 rem, by that of a disk on a small tile. */
const SMALLER = 0.875 / 0.8

function ofDisk(disk: TargetDisk | null, { lineLength }: Room): SmallDisk {
  if (disk === null) return { size: '', serial: '', model: '', shortModel: '' }
  const size = formatBytes(disk.sizeBytes).replace('iB', '')
  const model = disk.model || disk.name
  return { size, serial: disk.serial, model, shortModel: shortened(model, lineLength * SMALLER) }
}

/** Words wrap earlier than letters. */
function linesOf(sentence: string, { lineLength }: Room): number {
  return Math.ceil((sentence.length * 1.08) / lineLength)
}

/** As many as there is room for beside the sentence: none of them matters more than that. */
function details(
  shown: ShownMachine,
  phase: Phase,
  room: Room,
  lines: number,
  code: string,
): string {
  const { receiver } = shown
  const { name, address, model, serial } = identityOf(shown)
  const lost = receiver && phase === 'running' && !receiver.slowBecause ? receiver.lossFraction : 0
  const isNameless = name === address
  const shownName = isNameless ? address : room.density === 'medium' ? name : ''
  const names = [code, shownName].filter(Boolean).join(' ')
  const disk = targetLines(shown, phase, room, lines)
  return [
    ...(diskAtStake(shown, phase) ? [...disk, names] : [names, ...disk]),
    lost > 0 ? `${formatShare(lost)} of its packets lost` : '',
    [model, serial].filter(Boolean).join(' · '),
    isNameless ? '' : address,
  ]
    .filter(Boolean)
    .slice(0, Math.max(0, lines))
    .join('\n')
}

/** What the doctor found matters more than that it works so far. */
function warned(seen: Look, finding: string): Look {
  const isCalm = seen.tone === 'active' || seen.tone === 'idle'
  return finding !== '' && isCalm ? { ...seen, tone: 'warn' } : seen
}

/** The disk's own, one for the machine, and this. */
const LINES_WITH_NOTE = LINES_AT_STAKE + 2

function figures(receiver: Receiver | null, phase: Phase, { density, lines }: Room): string {
  if (receiver === null || phase === 'ended') return ''
  // Elsewhere the line is needed for the disk, and that it is ready says as much.
  const isNoted = density === 'large' && lines >= LINES_WITH_NOTE && isOnBench(receiver)
  if (phase === 'waiting') return isNoted ? 'Waits for the start' : ''
  const { rateBytesPerSecond, leftMs } = receiver
  const rate = rateBytesPerSecond > 0 ? formatRate(rateBytesPerSecond) : ''
  const left = leftMs === null ? '' : `${formatDuration(leftMs)} left`
  return [density === 'large' || left === '' ? rate : '', left].filter(Boolean).join(' · ')
}
