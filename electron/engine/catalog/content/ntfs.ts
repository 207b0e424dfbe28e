/**
 * NTFS: the label, and the names in the root directory. Microsoft publishes no specification; the layout is that of
 * the Linux kernel's fs/ntfs3/ntfs.h and of volumes made by Windows.
 */
import type { Disk } from './disk.ts'
import { isAt, isPowerOfTwo, u16, u32, u64, u8, utf16 } from './fields.ts'
import { decodeIndexNames, decodeRecord, decodeRuns, withFixups } from './ntfsRecord.ts'
import type { NtfsAttribute, NtfsRun } from './ntfsRecord.ts'
import type { FoundVolume } from './volume.ts'

export interface NtfsBoot {
  readonly sectorBytes: number
  readonly clusterBytes: number
  readonly recordBytes: number
  /** Of the master file table. */
  readonly offsetBytes: number
}

const AT = {
  name: 3,
  sectorBytes: 11,
  clusterSectors: 13,
  mftCluster: 48,
  recordClusters: 64,
  signature: 510,
} as const

/** Records that every volume has at the beginning of its table. */
const RECORD = { volume: 3, root: 5 } as const
const ATTRIBUTE = {
  volumeName: 0x60,
  indexRoot: 0x90,
  indexAllocation: 0xa0,
  bitmap: 0xb0,
} as const
const DIRECTORY_INDEX = '$I30'
const INDEX_ROOT = { blockBytes: 8, node: 16 } as const
const INDEX_BLOCK = { node: 24 } as const
const MAX_LABEL = 128

/** A root directory of some thousand names. Larger ones are read as far as this. */
const MAX_INDEX_BLOCKS = 128

export function decodeNtfsBoot(sector: Uint8Array): NtfsBoot | null {
  if (!isAt(sector, AT.name, 'NTFS    ') || u16(sector, AT.signature) !== 0xaa55) return null
  const sectorBytes = u16(sector, AT.sectorBytes)
  if (![512, 1024, 2048, 4096].includes(sectorBytes)) return null
  const clusterBytes = sectorBytes * sized(u8(sector, AT.clusterSectors), 1)
  const recordBytes = sized(u8(sector, AT.recordClusters), clusterBytes)
  // Up to 2 MiB a cluster since Windows 10 (1709); records are 1 KiB, on disks with 4 KiB sectors 4 KiB.
  if (!isPowerOfTwo(clusterBytes) || clusterBytes > 2 ** 21) return null
  if (!isPowerOfTwo(recordBytes) || recordBytes < 512 || recordBytes > 65_536) return null
  const offsetBytes = u64(sector, AT.mftCluster) * clusterBytes
  return { sectorBytes, clusterBytes, recordBytes, offsetBytes }
}

export async function readNtfs(disk: Disk): Promise<FoundVolume | null> {
  const sector = await disk.read(0, 512)
  const boot = sector === null ? null : decodeNtfsBoot(sector)
  if (boot === null) return null
  const label = (await readRecord(disk, boot, RECORD.volume)).find(
    attribute => attribute.type === ATTRIBUTE.volumeName,
  )
  const names = await readNames(disk, boot, await readRecord(disk, boot, RECORD.root))
  return {
    format: 'NTFS',
    label: label?.value ? utf16(label.value, 0, Math.min(label.value.length / 2, MAX_LABEL)) : '',
    names,
  }
}

/** Positive: so many units. Negative, as a signed byte: a power of two, of bytes or of units of one. */
function sized(value: number, unit: number): number {
  return value <= 0x80 ? value * unit : 2 ** (256 - value)
}

/** The attributes of one of the first records, which lie in one piece; none where it is not sound. */
async function readRecord(disk: Disk, boot: NtfsBoot, index: number): Promise<NtfsAttribute[]> {
  const { recordBytes, offsetBytes } = boot
  const bytes = await disk.read(offsetBytes + index * recordBytes, recordBytes)
  return bytes === null ? [] : decodeRecord(bytes)
}

/** Null where the directory cannot be read; names that only its missing parts hold are missing. */
async function readNames(
  disk: Disk,
  boot: NtfsBoot,
  record: readonly NtfsAttribute[],
): Promise<string[] | null> {
  const of = (type: number): NtfsAttribute | undefined =>
    record.find(one => one.type === type && one.name === DIRECTORY_INDEX)
  const root = of(ATTRIBUTE.indexRoot)?.value
  if (!root) return null
  const names = decodeIndexNames(root, INDEX_ROOT.node)
  const blockBytes = u32(root, INDEX_ROOT.blockBytes)
  const runs = decodeRuns(of(ATTRIBUTE.indexAllocation)?.runs ?? new Uint8Array())
  if (!isPowerOfTwo(blockBytes) || blockBytes < 512 || blockBytes > 65_536) return names
  // What was deleted stays in blocks that are not in use.
  const bitmap = of(ATTRIBUTE.bitmap)?.value ?? null
  for (const [block, offsetBytes] of blockPlaces(runs, boot, blockBytes).entries()) {
    if (bitmap !== null && (u8(bitmap, block >> 3) & (1 << (block & 7))) === 0) continue
    const bytes = await disk.read(offsetBytes, blockBytes)
    const sound = bytes && isAt(bytes, 0, 'INDX') ? withFixups(bytes) : null
    if (sound) names.push(...decodeIndexNames(sound, INDEX_BLOCK.node))
  }
  return names
}

/** Where each block of the index lies. One that is larger than a cluster and in two pieces is not found whole. */
function blockPlaces(
  runs: readonly NtfsRun[],
  { clusterBytes }: NtfsBoot,
  blockBytes: number,
): number[] {
  const places: number[] = []
  for (const { cluster, clusters } of runs) {
    const blocks = Math.floor((clusters * clusterBytes) / blockBytes)
    for (let block = 0; block < blocks && places.length < MAX_INDEX_BLOCKS; block++) {
      places.push(cluster * clusterBytes + block * blockBytes)
    }
  }
  return places
}
