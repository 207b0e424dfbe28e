/** GUID partition table: UEFI 2.10 §5.3. Either copy will do whose header's checksum is right. */
import { crc32 } from 'node:zlib'
import type { Disk } from './disk.ts'
import { guid, isAt, u32, u64, utf16 } from './fields.ts'

export interface GptPartition {
  /** In lower case. */
  readonly type: string
  readonly name: string
  readonly offsetBytes: number
  readonly sizeBytes: number
}

export interface GptHeader {
  readonly firstEntrySector: number
  readonly entries: number
  readonly entryBytes: number
}

const HEADER = {
  signature: 0,
  headerBytes: 12,
  crc: 16,
  firstEntrySector: 72,
  entries: 80,
  entryBytes: 84,
  bytes: 92,
} as const
const ENTRY = { type: 0, firstSector: 32, lastSector: 40, name: 56, bytes: 128 } as const
const NAME_CHARACTERS = 36
const UNUSED = '00000000-0000-0000-0000-000000000000'

/** Disks count in one of these; an image does not say in which. */
const SECTOR_SIZES = [512, 4096]

/** Tables have 128 entries of 128 bytes; ChromeOS and hybrids differ a little. */
const MAX_ENTRIES = 512
const MAX_ENTRY_BYTES = 512

/** `sector` is a whole one: the checksum covers as much of it as the header says it is long. */
export function decodeGptHeader(sector: Uint8Array): GptHeader | null {
  if (!isAt(sector, HEADER.signature, 'EFI PART')) return null
  const headerBytes = u32(sector, HEADER.headerBytes)
  if (headerBytes < HEADER.bytes || headerBytes > sector.length) return null
  const covered = Uint8Array.from(sector.subarray(0, headerBytes))
  covered.fill(0, HEADER.crc, HEADER.crc + 4)
  if (crc32(covered) !== u32(sector, HEADER.crc)) return null
  const entries = u32(sector, HEADER.entries)
  const entryBytes = u32(sector, HEADER.entryBytes)
  if (entries > MAX_ENTRIES || entryBytes < ENTRY.bytes || entryBytes > MAX_ENTRY_BYTES) return null
  return { firstEntrySector: u64(sector, HEADER.firstEntrySector), entries, entryBytes }
}

export function decodeGptEntries(
  table: Uint8Array,
  { entryBytes }: Pick<GptHeader, 'entryBytes'>,
  sectorBytes: number,
): GptPartition[] {
  const found: GptPartition[] = []
  for (let at = 0; at + entryBytes <= table.length; at += entryBytes) {
    const type = guid(table, at + ENTRY.type)
    const first = u64(table, at + ENTRY.firstSector)
    const last = u64(table, at + ENTRY.lastSector)
    if (type === UNUSED || last < first) continue
    const name = utf16(table, at + ENTRY.name, NAME_CHARACTERS)
    const sizeBytes = (last - first + 1) * sectorBytes
    found.push({ type, name, offsetBytes: first * sectorBytes, sizeBytes })
  }
  return found
}

/** Null where there is none. */
export async function readGpt(disk: Disk): Promise<GptPartition[] | null> {
  for (const sectorBytes of SECTOR_SIZES) {
    const lastSector = Math.floor(disk.sizeBytes / sectorBytes) - 1
    for (const sector of [1, lastSector]) {
      const bytes = await disk.read(sector * sectorBytes, sectorBytes)
      const header = bytes === null ? null : decodeGptHeader(bytes)
      if (header === null) continue
      const { firstEntrySector, entries, entryBytes } = header
      const table = await disk.read(firstEntrySector * sectorBytes, entries * entryBytes)
      if (table !== null) return decodeGptEntries(table, header, sectorBytes)
    }
  }
  return null
}
