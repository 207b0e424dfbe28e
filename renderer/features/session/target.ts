/** Which disk of a machine is written, as far as it is known. Pure. */
import type { Disk } from '../../../shared/bench.ts'
import type { Receiver } from '../../../shared/session.ts'
import { formatBytes } from '../../ui/format.ts'
import type { ShownMachine } from '../bench/bench.ts'

export interface TargetDisk extends Pick<Disk, 'name' | 'model' | 'serial' | 'sizeBytes'> {
  /** Null where the machine did not say. */
  readonly content: readonly string[] | null
}

/** What the machine has joined with, else what the technician chose; null while neither says. */
export function targetDisk({ receiver, machine }: ShownMachine): TargetDisk | null {
  const target = receiver?.target
  if (target?.disk) {
    const { model, serial, content } = target.disk
    return { name: diskOf(target.path), model, serial, sizeBytes: target.sizeBytes ?? 0, content }
  }
  const disks = machine?.hardware?.disks ?? []
  const joined = target ? diskOf(target.path) : null
  const name = joined ?? machine?.chosenDisk ?? null
  return disks.find(disk => disk.name === name) ?? null
}

function diskOf(path: string): string {
  return path.replace(/^\/dev\//, '')
}

/** Why this disk is never written; null for one that may be. The engine refuses by the same rules. */
export function whyNot(disk: Disk): string | null {
  if (disk.isBootMedium) return 'the medium it was started from'
  if (disk.isRemovable || disk.bus === 'usb') return 'removable'
  if (disk.isReadOnly) return 'read-only'
  return null
}

/** "/dev/sda, 32 GiB" for a target of which no more is known. */
export function plainTarget({ target: { path, kind, sizeBytes } }: Receiver): string {
  if (path === '') return ''
  const kinds = { file: 'file', device: 'disk', memory: 'memory' } as const
  return `${path} (${kinds[kind]}${sizeBytes === null ? '' : `, ${formatBytes(sizeBytes)}`})`
}
