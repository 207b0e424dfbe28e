/**
 * What a disk image holds: which system starts from it, as told by its partitions, its file systems and a few names in
 * them. Reads little, writes nothing, and neither throws nor runs on, whatever the bytes say.
 */
import type { Content } from '../../../../shared/content.ts'
import { contentOf, contentOfMedium } from './decide.ts'
import type { FoundPart } from './found.ts'
import { limited, partOf } from './disk.ts'
import type { Disk } from './disk.ts'
import { ISO_OFFSET_BYTES, readIso9660 } from './iso9660.ts'
import { readPartitions } from './partitions.ts'
import type { PartitionTable } from './partitions.ts'
import { readVolume } from './volume.ts'

export { createDisk } from './disk.ts'
export type { Disk } from './disk.ts'

/** Higher whenever more is recognised: images that an earlier one has looked at are then looked at again. */
export const DETECTOR = 1

/** Systems have up to a dozen partitions, Android phones some seventy. */
const MAX_PARTS = 96
/** A usual disk takes some two hundred reads, and 2 MiB. */
const MAX_READS = 16_384
const MAX_BYTES = 128 * 2 ** 20

export async function identify(image: Disk): Promise<Content> {
  const disk = limited(image, MAX_READS, MAX_BYTES)
  const table = await readPartitions(disk)
  const iso = isMedium(table) ? await readIso9660(disk) : null
  if (iso !== null) return contentOfMedium(iso)
  const volume = table === null ? await readVolume(disk) : null
  const parts = table === null ? [] : await partsOf(disk, table)
  return contentOf({
    hasTable: table !== null,
    hasGrub: table?.hasGrub ?? false,
    parts: volume ? [{ role: 'other', name: '', isActive: false, volume }] : parts,
  })
}

async function partsOf(disk: Disk, { partitions }: PartitionTable): Promise<FoundPart[]> {
  const parts: FoundPart[] = []
  for (const { offsetBytes, sizeBytes, ...part } of partitions.slice(0, MAX_PARTS)) {
    parts.push({ ...part, volume: await readVolume(partOf(disk, offsetBytes, sizeBytes)) })
  }
  return parts
}

/**
 * The file system of a hybrid lies in one of its partitions or has none around it. A stick that was a medium once and
 * was then partitioned anew still has its descriptors, before the first partition.
 */
function isMedium(table: PartitionTable | null): boolean {
  return (
    table === null ||
    table.partitions.some(
      ({ offsetBytes, sizeBytes }) =>
        offsetBytes <= ISO_OFFSET_BYTES && ISO_OFFSET_BYTES < offsetBytes + sizeBytes,
    )
  )
}
