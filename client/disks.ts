/** The machine's disks as sysfs and blkid(8) tell them, read only. Which one is written says shared/chooseDisk.ts. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import type { Disk } from '../shared/bench.ts'
import type { Target } from '../shared/protocol/control.ts'
import { holdsBootMedium } from './bootMedium.ts'

const SECTOR_BYTES = 512 // sysfs counts these, whatever the disk's own sector is.

/** Whole disks only: no partitions, loops, memory disks, optical drives, card readers without a card. */
const DISK_NAME = /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/

/** What of a disk is not in sysfs. */
export interface DiskContents {
  /** The kind of partition table, then a line for each part. */
  identify(name: string): string[]
  isBootMedium(name: string): boolean
}

/** As a join and a hello can carry them. */
const MAX_CONTENT = 64
const MAX_TEXT = 256

/** Sorted by name. */
export function listDisks(sysfs = '/sys/block', contents = contentsIn(sysfs, '/dev')): Disk[] {
  return namesIn(sysfs)
    .filter(name => DISK_NAME.test(name))
    .flatMap(name => {
      const disk = readDisk(sysfs, name, contents)
      return disk === null ? [] : [disk]
    })
}

/** Of a whole disk, by any of its names; null for a part of one, and for what is no disk of a machine. */
export function describeDisk(device: string): Target['disk'] {
  const name = path.basename(linkTarget(device))
  if (!DISK_NAME.test(name)) return null
  const sysfs = '/sys/block'
  const disk = readDisk(sysfs, name, contentsIn(sysfs, '/dev'))
  if (disk === null) return null
  const { model, serial, bus, content } = disk
  return { model, serial, bus, content }
}

/** Reads only. */
export function contentsIn(sysfs: string, devices: string): DiskContents {
  return {
    identify: name => identifyContent(name, sysfs, devices),
    isBootMedium: name => holdsBootMedium(path.join(devices, name)),
  }
}

function readDisk(sysfs: string, name: string, contents: DiskContents): Disk | null {
  const text = (file: string): string => readText(path.join(sysfs, name, file))
  const sectors = Number(text('size'))
  // A reader without a card shows a disk of no size.
  if (!Number.isSafeInteger(sectors) || sectors <= 0) return null
  return {
    name,
    model: [text('device/vendor'), text('device/model') || text('device/name')]
      .filter(part => part !== '' && part !== 'ATA' && !part.startsWith('0x'))
      .join(' ')
      .slice(0, MAX_TEXT),
    serial: serialOf(path.join(sysfs, name)).slice(0, MAX_TEXT),
    sizeBytes: sectors * SECTOR_BYTES,
    bus: busOf(name, linkTarget(path.join(sysfs, name))),
    // A card in its slot says MMC's other name, and nothing of coming out.
    isRemovable: text('removable') === '1' || text('device/type') === 'SD',
    isReadOnly: text('ro') === '1',
    isBootMedium: contents.isBootMedium(name),
    content: contents
      .identify(name)
      .slice(0, MAX_CONTENT)
      .map(line => line.slice(0, MAX_TEXT)),
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

function serialOf(directory: string): string {
  const told = readText(path.join(directory, 'device/serial'))
  return told || readText(path.join(directory, 'serial')) || serialOfPage(directory)
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

function identifyContent(name: string, sysfs: string, devices: string): string[] {
  const parts = namesIn(path.join(sysfs, name)).filter(part => part.startsWith(name))
  return [name, ...parts].flatMap(part => {
    const found = probe(path.join(devices, part))
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
