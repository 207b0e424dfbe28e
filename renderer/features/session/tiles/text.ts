/** Everything that stands on a machine's tile, as text. Pure. */
import type { Receiver } from '../../../../shared/session.ts'
import { formatDuration, formatRate, formatShare } from '../../../ui/format.ts'
import type { ShownMachine } from '../../bench/bench.ts'
import type { Look, Phase } from '../look.ts'
import { adviceAt, contentWords, diskName, identityOf, lookAt, remarkAt } from '../machineLook.ts'
import { isOnBench } from '../select.ts'
import { targetDisk } from '../target.ts'

export interface TileText {
  readonly number: number | null
  readonly code: string
  readonly name: string
  readonly address: string
  /** Model and serial; how it starts, as long as nothing better is known. */
  readonly model: string
  /** The disk that would be or is written, and before the start what is on it now. */
  readonly target: string
  readonly seen: Look
  /** What is wrong and what to do; empty when nothing is. */
  readonly trouble: string
  readonly remark: string
  readonly figures: string
  readonly shortFigures: string
  /** Its fraction is a share of the image, worth a figure. */
  readonly isMeasured: boolean
}

export function tileText(shown: ShownMachine, finding: string, phase: Phase): TileText {
  const { receiver } = shown
  const { name, code, address, model, serial } = identityOf(shown)
  const seen = warned(lookAt(shown, phase), finding)
  return {
    number: shown.number,
    code,
    name,
    address,
    model: [model, serial].filter(Boolean).join(' · '),
    target: targetLine(shown, phase),
    seen,
    trouble: adviceAt(shown) || finding,
    remark: remarkAt(shown),
    figures: receiver ? figures(receiver, phase) : '',
    shortFigures: receiver ? shortFigures(receiver, phase) : '',
    isMeasured: receiver !== null && phase !== 'waiting' && receiver.state !== 'asking',
  }
}

/**
 * All that a compact or tiny tile shows, for comparing: the same text is the same picture. Its fill moves by whole
 * percents, a pixel or two at that size, together with the figure.
 */
export function smallText(shown: ShownMachine, finding: string, phase: Phase): string {
  const { receiver, machine, boot } = shown
  const { tone, word, fraction } = warned(lookAt(shown, phase), finding)
  return [
    receiver?.state ?? machine?.state ?? boot?.state,
    machine?.code,
    tone,
    word,
    Math.floor(fraction * 100),
  ].join('|')
}

/** What the doctor found matters more than that it works so far. */
function warned(seen: Look, finding: string): Look {
  const isCalm = seen.tone === 'active' || seen.tone === 'idle'
  return finding !== '' && isCalm ? { ...seen, tone: 'warn' } : seen
}

function targetLine(shown: ShownMachine, phase: Phase): string {
  const disk = targetDisk(shown)
  if (disk === null) {
    const count = shown.machine?.hardware?.disks.length ?? null
    if (shown.receiver) return `→ ${shown.receiver.target.path}`
    return count === null ? '' : count === 1 ? '1 disk' : `${count} disks`
  }
  const now =
    phase === 'waiting' && disk.content !== null ? `. On it: ${contentWords(disk.content)}` : ''
  return `→ ${diskName(disk)}${now}`
}

function figures(receiver: Receiver, phase: Phase): string {
  if (phase === 'waiting') return isOnBench(receiver) ? 'Waits for the start' : ''
  if (phase === 'ended') return ''
  return [
    receiver.rateBytesPerSecond > 0 ? formatRate(receiver.rateBytesPerSecond) : null,
    receiver.leftMs === null ? null : `${formatDuration(receiver.leftMs)} left`,
    receiver.lossFraction > 0 ? `${formatShare(receiver.lossFraction)} lost` : null,
  ]
    .filter(part => part !== null)
    .join(' · ')
}

function shortFigures(receiver: Receiver, phase: Phase): string {
  if (phase !== 'running' || receiver.leftMs === null) return figures(receiver, phase)
  return `${formatDuration(receiver.leftMs)} left`
}
