/**
 * The machine's disks as sysfs and blkid(8) tell them, read only, and which of them an image may go to. A disk is
 * chosen by rule and never by guess: where two would do, none is taken.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'

export interface Disk {
  /** As in /dev. */
  readonly name: string
  readonly model: string
  readonly serial: string
  readonly sizeBytes: number
  readonly bus: 'nvme' | 'sata' | 'usb' | 'virtio' | 'mmc' | 'scsi'
  readonly isRemovable: boolean
  /** Cannot be written. */
  readonly isReadOnly: boolean
  /** What is on it now: the kind of partition table, then a line for each part; empty for a blank disk. */
  readonly content: readonly string[]
}

export type DiskChoice =
  | { readonly kind: 'one'; readonly disk: Disk }
  | { readonly kind: 'none' | 'several'; readonly reason: string }

const SECTOR_BYTES = 512 // sysfs counts these, whatever the disk's own sector is.

/** Whole disks only: no partitions, loops, memory disks, optical drives, card readers without a card. */
const DISK_NAME = /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/

/** Sorted by name. */
export function listDisks(sysfs = '/sys/block', identify = identifyContent): Disk[] {
  return namesIn(sysfs)
    .filter(name => DISK_NAME.test(name))
    .flatMap(name => {
      const disk = readDisk(sysfs, name, identify)
      return disk === null ? [] : [disk]
    })
}

/**
 * The one built-in disk that can be written. One that is too small is answered as well: the bench has to hear of it
 * from the refusal. Pure.
 */
export function chooseDisk(disks: readonly Disk[], imageBytes: number): DiskChoice {
  const fixed = disks.filter(disk => !disk.isRemovable && disk.bus !== 'usb' && !disk.isReadOnly)
  const large = fixed.filter(disk => disk.sizeBytes >= imageBytes)
  const candidates = large.length > 0 ? large : fixed
  const [only] = candidates
  if (only !== undefined && candidates.length === 1) return { kind: 'one', disk: only }
  if (only === undefined) {
    const reason =
      disks.length === 0
        ? 'This machine has no disk. Check its cables, and in the firmware that its controller is on.'
        : 'This machine has only removable or write-protected disks. They are left alone.'
    return { kind: 'none', reason }
  }
  const names = candidates.map(disk => disk.name).join(' and ')
  const reason = `This machine has several disks that would do: ${names}. Disconnect all but one.`
  return { kind: 'several', reason }
}

function readDisk(sysfs: string, name: string, identify: typeof identifyContent): Disk | null {
  const text = (file: string): string => readText(path.join(sysfs, name, file))
  const sectors = Number(text('size'))
  // A reader without a card shows a disk of no size.
  if (!Number.isSafeInteger(sectors) || sectors <= 0) return null
  return {
    name,
    model: [text('device/vendor'), text('device/model') || text('device/name')]
      .filter(part => part !== '' && part !== 'ATA' && !part.startsWith('0x'))
      .join(' '),
    serial: text('device/serial') || text('serial') || serialOfPage(path.join(sysfs, name)),
    sizeBytes: sectors * SECTOR_BYTES,
    bus: busOf(name, linkTarget(path.join(sysfs, name))),
    // A card in its slot says MMC's other name, and nothing of coming out.
    isRemovable: text('removable') === '1' || text('device/type') === 'SD',
    isReadOnly: text('ro') === '1',
    content: identify(name),
  }
}

/** The device's place in the tree of buses names them all; the one nearest to the disk counts. */
function busOf(name: string, place: string): Disk['bus'] {
  if (name.startsWith('nvme')) return 'nvme'
  if (name.startsWith('mmc')) return 'mmc'
  if (/\/usb\d+\//.test(place)) return 'usb'
  if (/\/ata\d+\//.test(place)) return 'sata'
  return /\/virtio\d+\//.test(place) ? 'virtio' : 'scsi'
}

/** SCSI's unit serial number (SPC-4 §7.8.14): four bytes of header, then text. */
function serialOfPage(directory: string): string {
  try {
    const page = readFileSync(path.join(directory, 'device/vpd_pg80'))
    return page.subarray(4).toString('latin1').replaceAll('\0', '').trim()
  } catch {
    return '' // No such page: not SCSI, or an old disk.
  }
}

/** Reads only. */
function identifyContent(name: string): string[] {
  const parts = namesIn(`/sys/block/${name}`).filter(part => part.startsWith(name))
  return [name, ...parts].flatMap(part => {
    const found = probe(`/dev/${part}`)
    const kind = found.get('PTTYPE') ?? found.get('TYPE')
    if (kind === undefined) return []
    const label = found.get('LABEL') ?? found.get('PART_ENTRY_NAME')
    return [`${part}: ${kind}${label === undefined ? '' : ` "${label}"`}`]
  })
}

function probe(device: string): ReadonlyMap<string, string> {
  try {
    const args = ['-p', '-o', 'export', device]
    const text = execFileSync('/usr/sbin/blkid', args, {
      encoding: 'utf8',
      timeout: 5_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const fields = text.split('\n').map(line => line.split('='))
    return new Map(fields.map(([key = '', value = '']) => [key, value]))
  } catch {
    return new Map() // Nothing known is on it, or it does not answer.
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch {
    return []
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}

function linkTarget(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return ''
  }
}
