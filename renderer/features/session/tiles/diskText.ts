/** The disk of a machine in the lines of its tile: which one would be written, and what is on it now. Pure. */
import type { Disk } from '../../../../shared/bench.ts'
import { formatBytes } from '../../../ui/format.ts'
import type { ShownMachine } from '../../bench/bench.ts'
import type { Phase } from '../look.ts'
import { contentWords, diskName } from '../machineLook.ts'
import { targetDisk } from '../target.ts'
import type { Layout } from './layout.ts'

export type Room = Pick<Layout, 'density' | 'lines' | 'lineLength'>

/** What is on the disk has a line of its own where there are many. */
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
    if (path !== '') return [`→ ${ending(path, Math.floor(room.lineLength * PATH_SHARE))}`]
    return disks === null ? [] : [disksInBrief(disks)]
  }
  const name = `→ ${diskName(disk)}`
  if (phase !== 'waiting' || disk.content === null) return [name]
  const now = `On it: ${contentWords(disk.content)}`
  if (room.density === 'medium') return broken(`${name}. ${now}`, room.lineLength, lines)
  const spare = lines - LINES_BESIDE_DISK
  const told = [name, ...broken(now, room.lineLength, Math.max(1, spare - 1))]
  if (disk.serial !== '' && told.length < spare) told.push(`Serial ${disk.serial}`)
  return told
}

/** The only one is named before anything is to be written to it. */
function disksInBrief(disks: readonly Disk[]): string {
  const [disk] = disks
  if (disk === undefined || disks.length > 1) return `${disks.length} disks`
  return `1 disk, ${formatBytes(disk.sizeBytes)}: ${disk.model || disk.name}`
}

/** Over as many lines as there are, between the parts of a disk; the last line is cut where it is drawn. */
function broken(text: string, length: number, lines: number): string[] {
  const done: string[] = []
  let line = ''
  for (const part of text.split(/(?<=, )/)) {
    if (line !== '' && line.length + part.length > length && done.length < lines - 1) {
      done.push(line.trimEnd())
      line = ''
    }
    line += part
  }
  return [...done, line]
}

/** Of a line's letters: those of paths are wider than most, and what is too long would lose its end after all. */
const PATH_SHARE = 0.75

/** Files are told apart by how their paths end. */
function ending(path: string, length: number): string {
  return path.length <= length ? path : `…${path.slice(1 - length)}`
}

/** Of a large tile, for its model. */
const LINES_BESIDE_DISK = 1
