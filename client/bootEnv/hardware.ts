/** What this machine is, for the technician and the log: SMBIOS by sysfs-class-dmi, memory, processor, disks, card. */
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { formatBytes } from '../../shared/figures.ts'
import type { Machine } from '../../shared/protocol/control.ts'
import { type Disk, listDisks } from './disks.ts'

export interface Hardware {
  readonly maker: string
  readonly model: string
  readonly serial: string
  /** SMBIOS UUID; empty where it cannot be read. */
  readonly uuid: string
  readonly cpu: string
  readonly cpuThreads: number
  readonly memoryBytes: number
  readonly disks: readonly Disk[]
  readonly mac: string
  readonly linkBitsPerSecond: number | null
}

export function readHardware(machine: Machine): Hardware {
  const processors = cpus()
  return {
    maker: machine.maker,
    model: machine.model,
    serial: machine.serial,
    uuid: readUuid(),
    cpu: processors[0]?.model.trim() ?? '',
    cpuThreads: processors.length,
    memoryBytes: totalmem(),
    disks: listDisks(),
    mac: machine.mac,
    linkBitsPerSecond: machine.linkBitsPerSecond,
  }
}

/** One line for each thing. */
export function describeHardware(hardware: Hardware): string[] {
  const { linkBitsPerSecond: link } = hardware
  return [
    [hardware.maker, hardware.model, hardware.serial].filter(Boolean).join(', ') || 'Unknown make',
    ...(hardware.uuid === '' ? [] : [`UUID ${hardware.uuid}`]),
    `${hardware.cpu || 'Unknown processor'}, ${formatBytes(hardware.memoryBytes)} of memory`,
    `Card ${hardware.mac}${link === null ? '' : `, ${link / 1_000_000} Mbit/s`}`,
    ...hardware.disks.map(describeDisk),
  ]
}

export function describeDisk(disk: Disk): string {
  const kind = `${disk.bus}${disk.isRemovable ? ', removable' : ''}`
  const what = disk.content.length === 0 ? 'blank' : disk.content.join('; ')
  return `Disk ${disk.name}: ${disk.model || 'no name'}, ${formatBytes(disk.sizeBytes)}, ${kind}; ${what}`
}

function readUuid(): string {
  try {
    return readFileSync('/sys/class/dmi/id/product_uuid', 'utf8').trim().toLowerCase()
  } catch {
    return ''
  }
}
