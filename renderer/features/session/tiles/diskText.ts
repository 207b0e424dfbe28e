/** The disk of a machine in the lines of its tile: which one would be written, and what is on it now. Pure. */
import type { Disk } from '../../../../shared/bench.ts'
import { formatBytes } from '../../../ui/format.ts'
import type { ShownMachine } from '../../bench/bench.ts'
import type { Phase } from '../look.ts'
import { contentWords, diskName } from '../machineLook.ts'
import { type TargetDisk, targetDisk } from '../target.ts'
import type { Layout } from './layout.ts'
import { broken, ending, shortened, widthOf } from './lines.ts'

export type Room = Pick<Layout, 'density' | 'lines' | 'lineLength'>

/** The disk that the machine would write, for as long as it has not begun; null after that, and where it is not known. */
export function diskAtStake(shown: ShownMachine, phase: Phase): TargetDisk | null {
  // Those that come late ask after it.
  const isLate = phase !== 'ended' && shown.receiver?.state === 'asking'
  return phase === 'waiting' || isLate ? targetDisk(shown) : null
}

export function diskInFull(disk: TargetDisk): string {
  const name = [diskName(disk), disk.serial && `serial ${disk.serial}`].filter(Boolean).join(', ')
  return disk.content === null ? name : `${name}. On it: ${contentWords(disk.content)}`
}

/** Which disk in one line, but before the start all of what matters then, in `lines`. */
export function targetLines(
  shown: ShownMachine,
  phase: Phase,
  room: Room,
  lines: number,
): string[] {
  const disk = targetDisk(shown)
  if (disk === null) {
    const disks = shown.machine?.hardware?.disks ?? null
    const path = shown.receiver?.target.path ?? ''
    if (path !== '') return [`→ ${ending(path, room.lineLength - widthOf('→ '))}`]
    return disks === null ? [] : [disksInBrief(disks)]
  }
  if (diskAtStake(shown, phase) === null) return [`→ ${diskName(disk)}`]
  const name = nameLines(disk, room.lineLength, lines)
  const beside = lines > LINES_OF_DISK ? 1 : 0
  return [...name, ...contentLines(disk, room.lineLength, lines - name.length - beside)]
}

/** Two for which disk, two for what is on it: where there are more, one is for the machine that it is in. */
const LINES_OF_DISK = 4
/** Where there are fewer there is none for what is on the disk. */
export const LINES_AT_STAKE = 3

/** "→ Samsung PM981a, 238 GiB" and its serial, which is beside the size where models are long or lines short. */
function nameLines(disk: TargetDisk, length: number, lines: number): string[] {
  const { serial } = disk
  const whole = `→ ${diskName(disk)}`
  if (widthOf(whole) <= length) {
    const label = 'Serial '
    return serial === '' ? [whole] : [whole, label + ending(serial, length - widthOf(label))]
  }
  const model = disk.model || disk.name
  const size = formatBytes(disk.sizeBytes)
  const arrowed = `→ ${model}`
  // That this is the disk says the size below it.
  const name = widthOf(arrowed) <= length ? arrowed : shortened(model, length)
  if (serial === '') return [name, size]
  const both = `${size}, serial ${serial}`
  if (widthOf(both) <= length) return [name, both]
  if (lines > LINES_OF_DISK + 1) return [name, `${size}, serial`, ending(serial, length)]
  return [name, `${size}, ${ending(serial, length - widthOf(`${size}, `))}`]
}

/** As many as it takes: what people keep is named first, and in the first of them. */
function contentLines({ content }: TargetDisk, length: number, lines: number): string[] {
  if (content === null || lines <= 0) return []
  const words = contentWords(content)
  const named = `On it: ${words}`
  // Up to the end of the first part, where there is another line for the others.
  const first = lines === 1 ? named : named.replace(/(?<=,) .*/, '')
  return broken(widthOf(first) <= length ? named : words, length, lines)
}

/** The only one is named before anything is to be written to it. */
function disksInBrief(disks: readonly Disk[]): string {
  const [disk] = disks
  if (disk === undefined || disks.length > 1) return `${disks.length} disks`
  return `1 disk, ${formatBytes(disk.sizeBytes)}: ${disk.model || disk.name}`
}
