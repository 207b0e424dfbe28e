/** What was found on a disk, and questions about it that several systems' rules ask. Pure. */
import type { PartitionRole } from './partitionRole.ts'
import type { Volume } from './volume.ts'

export interface FoundPart {
  readonly role: PartitionRole
  readonly name: string
  readonly isActive: boolean
  /** Null where nothing is recognised. */
  readonly volume: Volume | null
}

export interface FoundDisk {
  readonly hasTable: boolean
  readonly hasGrub: boolean
  /** Where there is no table, the disk as a whole if it is a file system. */
  readonly parts: readonly FoundPart[]
}

export function volumesOf(parts: readonly FoundPart[]): readonly Volume[] {
  return parts.flatMap(({ volume }) => (volume === null ? [] : [volume]))
}

export function hasRole(disk: FoundDisk, role: PartitionRole): boolean {
  return disk.parts.some(part => part.role === role)
}

/** Whether one of the names, in lower case, stands in the volume's root directory. */
export function hasAny({ names }: Volume, wanted: readonly string[]): boolean {
  return names !== null && names.some(name => wanted.includes(name.toLowerCase()))
}

/** Systems whose boot loaders lie on the disk, as their directories are called, in lower case. */
export function loadersOf(disk: FoundDisk): readonly string[] {
  return volumesOf(disk.parts).flatMap(({ loaders }) => loaders.map(name => name.toLowerCase()))
}

/** `Linux (Debian 12), ext4`, with what is known. */
export function sentence(system: string, detail: string, volumes: readonly Volume[]): string {
  const formats = new Set(volumes.map(volume => volume.format))
  return [detail === '' ? system : `${system} (${detail})`, ...formats].join(', ')
}
