/** FAT12, FAT16 and FAT32: Microsoft's FAT specification (fatgen103). The root directory, and the directory EFI in it. */
import type { Disk } from './disk.ts'
import { decodeFatEntries } from './fatDirectory.ts'
import type { FatEntry } from './fatDirectory.ts'
import { isPowerOfTwo, latin1, u16, u32, u8 } from './fields.ts'
import type { FoundVolume } from './volume.ts'

export interface FatBoot {
  readonly format: 'FAT12' | 'FAT16' | 'FAT32'
  readonly clusterBytes: number
  readonly clusters: number
  readonly fatOffsetBytes: number
  /** Of FAT12 and FAT16, which have it apart from the clusters. */
  readonly rootOffsetBytes: number
  readonly rootBytes: number
  /** Of FAT32; 0 otherwise. */
  readonly rootCluster: number
  /** Where cluster 2 begins. */
  readonly dataOffsetBytes: number
  readonly label: string
}

const AT = {
  sectorBytes: 11,
  clusterSectors: 13,
  reservedSectors: 14,
  fats: 16,
  rootEntries: 17,
  sectors16: 19,
  media: 21,
  fatSectors16: 22,
  sectors32: 32,
  fatSectors32: 36,
  rootCluster: 44,
  signature: 510,
} as const

/** The label and what says that there is one, by size of the boot record's first part. */
const LABEL = { fat16: { mark: 38, text: 43 }, fat32: { mark: 66, text: 71 } } as const
const HAS_LABEL = 0x29
const NO_LABEL = 'NO NAME'

/** "This is the one and only way that FAT type is determined" (fatgen103). */
const MOST_CLUSTERS = { fat12: 4084, fat16: 65_524 } as const

/** Of the directories that are read, which hold a handful of names. */
const MAX_DIRECTORY_BYTES = 256 * 1024
const MAX_CLUSTERS = 512

export function decodeFatBoot(sector: Uint8Array): FatBoot | null {
  if (sector.length < 512 || u16(sector, AT.signature) !== 0xaa55) return null
  const sectorBytes = u16(sector, AT.sectorBytes)
  const clusterSectors = u8(sector, AT.clusterSectors)
  const reserved = u16(sector, AT.reservedSectors)
  const fats = u8(sector, AT.fats)
  const media = u8(sector, AT.media)
  if (![512, 1024, 2048, 4096].includes(sectorBytes) || !isPowerOfTwo(clusterSectors)) return null
  if (reserved === 0 || fats < 1 || fats > 2 || (media !== 0xf0 && media < 0xf8)) return null
  const rootEntries = u16(sector, AT.rootEntries)
  const isLarge = rootEntries === 0
  const fatSectors = u16(sector, AT.fatSectors16) || u32(sector, AT.fatSectors32)
  const sectors = u16(sector, AT.sectors16) || u32(sector, AT.sectors32)
  const rootSectors = Math.ceil((rootEntries * 32) / sectorBytes)
  const rootSector = reserved + fats * fatSectors
  const clusters = Math.floor((sectors - rootSector - rootSectors) / clusterSectors)
  if (fatSectors === 0 || clusters < 1 || isLarge !== clusters > MOST_CLUSTERS.fat16) return null
  const small = clusters > MOST_CLUSTERS.fat12 ? 'FAT16' : 'FAT12'
  return {
    format: isLarge ? 'FAT32' : small,
    clusterBytes: clusterSectors * sectorBytes,
    clusters,
    fatOffsetBytes: reserved * sectorBytes,
    rootOffsetBytes: rootSector * sectorBytes,
    rootBytes: rootEntries * 32,
    rootCluster: isLarge ? u32(sector, AT.rootCluster) : 0,
    dataOffsetBytes: (rootSector + rootSectors) * sectorBytes,
    label: labelOf(sector, isLarge),
  }
}

export async function readFat(disk: Disk): Promise<FoundVolume | null> {
  const sector = await disk.read(0, 512)
  const boot = sector === null ? null : decodeFatBoot(sector)
  if (boot === null) return null
  const { format, rootCluster, rootOffsetBytes, rootBytes } = boot
  const bytes =
    rootCluster > 0
      ? await readClusters(disk, boot, rootCluster)
      : await disk.read(rootOffsetBytes, rootBytes)
  if (bytes === null) return { format, label: boot.label }
  const root = decodeFatEntries(bytes)
  const efi = root.find(entry => entry.isDirectory && entry.name.toLowerCase() === 'efi')
  const loaders = efi ? await readDirectory(disk, boot, efi) : []
  return {
    format,
    // Programs that change the label may change only one of its two places.
    label: root.find(entry => entry.isLabel)?.name ?? boot.label,
    names: root.filter(entry => !entry.isLabel).map(entry => entry.name),
    loaders: loaders.filter(entry => entry.isDirectory).map(entry => entry.name),
  }
}

async function readDirectory(disk: Disk, boot: FatBoot, entry: FatEntry): Promise<FatEntry[]> {
  const bytes = await readClusters(disk, boot, entry.firstCluster)
  return bytes === null ? [] : decodeFatEntries(bytes)
}

/** A directory's clusters in order, as far as they can be followed; null where not even the first can be read. */
async function readClusters(
  disk: Disk,
  boot: FatBoot,
  firstCluster: number,
): Promise<Uint8Array | null> {
  const { clusterBytes, clusters, dataOffsetBytes } = boot
  const parts: Uint8Array[] = []
  let cluster = firstCluster
  for (let step = 0; step < MAX_CLUSTERS; step++) {
    if (cluster < 2 || cluster > clusters + 1) break
    const bytes = await disk.read(dataOffsetBytes + (cluster - 2) * clusterBytes, clusterBytes)
    if (bytes === null) break
    parts.push(bytes)
    if (parts.length * clusterBytes >= MAX_DIRECTORY_BYTES) break
    cluster = await nextCluster(disk, boot, cluster)
  }
  return parts.length === 0 ? null : Buffer.concat(parts)
}

/** 0 where the table cannot be read, which is no cluster; the marks for the end of a chain are beyond all clusters. */
async function nextCluster(disk: Disk, boot: FatBoot, cluster: number): Promise<number> {
  const { format, fatOffsetBytes } = boot
  if (format === 'FAT12') {
    const pair = await disk.read(fatOffsetBytes + Math.floor((cluster * 3) / 2), 2)
    if (pair === null) return 0
    return cluster % 2 === 0 ? u16(pair, 0) & 0xfff : u16(pair, 0) >> 4
  }
  const width = format === 'FAT16' ? 2 : 4
  const bytes = await disk.read(fatOffsetBytes + cluster * width, width)
  if (bytes === null) return 0
  return format === 'FAT16' ? u16(bytes, 0) : u32(bytes, 0) % 0x1000_0000
}

function labelOf(sector: Uint8Array, isLarge: boolean): string {
  const { mark, text } = isLarge ? LABEL.fat32 : LABEL.fat16
  const label = u8(sector, mark) === HAS_LABEL ? latin1(sector, text, 11).trimEnd() : ''
  return label === NO_LABEL ? '' : label
}
