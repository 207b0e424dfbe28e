/** What this machine is, for the technician and the log: SMBIOS by sysfs-class-dmi, memory, processor, disks, card. */
import { cpus, totalmem } from 'node:os'
import type { Disk, Hardware } from '../../shared/bench.ts'
import { formatBytes } from '../../shared/figures.ts'
import type { Machine } from '../../shared/protocol/control.ts'

export function readHardware(machine: Machine, disks: readonly Disk[]): Hardware {
  const processors = cpus()
  return {
    uuid: machine.uuid,
    cpu: processors[0]?.model.trim() ?? '',
    cpuThreads: processors.length,
    memoryBytes: totalmem(),
    linkBitsPerSecond: machine.linkBitsPerSecond,
    disks: [...disks],
  }
}

/** One line for each thing. */
export function describeHardware(machine: Machine, hardware: Hardware): string[] {
  const { linkBitsPerSecond: link } = hardware
  return [
    [machine.maker, machine.model, machine.serial].filter(Boolean).join(', ') || 'Unknown make',
    ...(hardware.uuid === '' ? [] : [`UUID ${hardware.uuid}`]),
    `${hardware.cpu || 'Unknown processor'}, ${formatBytes(hardware.memoryBytes)} of memory`,
    `Card ${machine.mac}${link === null ? '' : `, ${link / 1_000_000} Mbit/s`}`,
    ...hardware.disks.map(describeDisk),
  ]
}

export function describeDisk(disk: Disk): string {
  const medium = disk.isBootMedium ? ', the boot medium' : ''
  const kind = `${disk.bus}${disk.isRemovable ? ', removable' : ''}${medium}`
  const what = disk.content.length === 0 ? 'blank' : disk.content.join('; ')
  return `Disk ${disk.name}: ${disk.model || 'no name'}, ${formatBytes(disk.sizeBytes)}, ${kind}; ${what}`
}
