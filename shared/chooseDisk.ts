/**
 * Which of a machine's disks an image goes to: by rule or by the technician's word, and never by guess. Pure. Removable
 * disks, USB disks, write-protected ones and the medium the machine was started from are never written.
 */
import type { Disk, TargetRule } from './bench.ts'

export type DiskChoice =
  | { readonly kind: 'one'; readonly disk: Disk }
  | { readonly kind: 'none' | 'several'; readonly reason: string }

/** Why this disk is never written; null when it may be. */
export function neverWritten(disk: Disk): string | null {
  if (disk.isBootMedium) return 'the machine was started from it'
  if (disk.isRemovable) return 'it is removable'
  if (disk.bus === 'usb') return 'it is connected by USB'
  return disk.isReadOnly ? 'it is write-protected' : null
}

/**
 * One that is too small is answered as well where there is nothing better, and where it was chosen by hand: the bench
 * has to hear of it from the refusal, which comes before the first write.
 */
export function chooseDisk(
  disks: readonly Disk[],
  imageBytes: number,
  rule: TargetRule,
  chosenDisk: string | null,
): DiskChoice {
  if (chosenDisk !== null) return chosen(disks, chosenDisk)
  const fixed = disks.filter(disk => neverWritten(disk) === null)
  if (fixed.length === 0) return { kind: 'none', reason: nothingThere(disks) }
  if (rule === 'byHand') {
    const reason = `The technician chooses the disk, at this machine's tile: ${namesOf(fixed)}.`
    return { kind: 'several', reason }
  }
  const large = fixed.filter(disk => disk.sizeBytes >= imageBytes)
  const candidates = preferred(large.length > 0 ? large : fixed, rule)
  const [only] = candidates
  if (only !== undefined && candidates.length === 1) return { kind: 'one', disk: only }
  const reason = `This machine has several disks that would do: ${namesOf(candidates)}. Choose one at its tile, or disconnect the others.`
  return { kind: 'several', reason }
}

/** Those that the rule leaves: one, unless it cannot tell them apart. */
function preferred(disks: readonly Disk[], rule: TargetRule): readonly Disk[] {
  const nvme = disks.filter(disk => disk.bus === 'nvme')
  switch (rule) {
    case 'only':
    case 'byHand':
      return disks
    case 'smallest':
      return ofSize(disks, Math.min)
    case 'largest':
      return ofSize(disks, Math.max)
    case 'nvme':
      return ofSize(nvme.length > 0 ? nvme : disks, Math.min)
  }
}

function ofSize(disks: readonly Disk[], pick: (...sizes: number[]) => number): readonly Disk[] {
  const sizeBytes = pick(...disks.map(disk => disk.sizeBytes))
  return disks.filter(disk => disk.sizeBytes === sizeBytes)
}

function chosen(disks: readonly Disk[], name: string): DiskChoice {
  const disk = disks.find(each => each.name === name)
  if (disk === undefined) {
    const reason = `Disk ${name}, which was chosen for this machine, is not there any more. Check its cable, or choose another.`
    return { kind: 'none', reason }
  }
  const why = neverWritten(disk)
  if (why === null) return { kind: 'one', disk }
  return { kind: 'none', reason: `Disk ${name} was chosen, but ${why}: it is left alone.` }
}

function nothingThere(disks: readonly Disk[]): string {
  return disks.length === 0
    ? 'This machine has no disk. Check its cables, and in the firmware that its controller is on.'
    : 'This machine has only removable, USB or write-protected disks, or the medium it was started from. They are left alone.'
}

function namesOf(disks: readonly Disk[]): string {
  return disks.map(disk => disk.name).join(' and ')
}
