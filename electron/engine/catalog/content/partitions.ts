/** The partitions of a disk, whichever table names them. */
import type { Disk } from './disk.ts'
import { readGpt } from './gpt.ts'
import { PROTECTIVE, readMbr, SECTOR_BYTES } from './mbr.ts'
import { roleOfGptType, roleOfMbrType } from './partitionRole.ts'
import type { PartitionRole } from './partitionRole.ts'

export interface Partition {
  readonly role: PartitionRole
  /** Only a GPT has names. */
  readonly name: string
  /** Marked for BIOS to start from. */
  readonly isActive: boolean
  readonly offsetBytes: number
  readonly sizeBytes: number
}

export interface PartitionTable {
  readonly hasGrub: boolean
  readonly partitions: readonly Partition[]
}

/** Null where the disk has none, and may be one file system as a whole. */
export async function readPartitions(disk: Disk): Promise<PartitionTable | null> {
  const mbr = await readMbr(disk)
  if (mbr === null) return null
  const isProtective = mbr.partitions.some(entry => entry.type === PROTECTIVE)
  const gpt = isProtective ? await readGpt(disk) : null
  const partitions =
    gpt?.map(entry => ({ ...entry, role: roleOfGptType(entry.type), isActive: false })) ??
    mbr.partitions.map(({ type, isActive, firstSector, sectors }) => ({
      role: roleOfMbrType(type),
      name: '',
      isActive,
      offsetBytes: firstSector * SECTOR_BYTES,
      sizeBytes: sectors * SECTOR_BYTES,
    }))
  return { hasGrub: mbr.hasGrub, partitions }
}
