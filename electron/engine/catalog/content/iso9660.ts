/**
 * A CD's or DVD's file system: ECMA-119 (ISO 9660), and whether it also has UDF (ECMA-167 §3/9.1). Images that are
 * written to sticks as they are ("hybrids") have one, with a partition table around it.
 */
import type { Disk } from './disk.ts'
import { isAt, latin1, u32, u8 } from './fields.ts'

export interface Iso9660 {
  readonly label: string
  /** Names in the root directory, in upper case and short. */
  readonly names: readonly string[]
  /** Some media show a notice here, and their content only by UDF. */
  readonly isUdf: boolean
}

/** Where the descriptors begin: the first 16 sectors are for boot code. */
export const ISO_OFFSET_BYTES = 32_768

const SECTOR_BYTES = 2048
const AT = { type: 0, id: 1, label: 40, labelBytes: 32, sectorBytes: 128, root: 156 } as const
const TYPE = { primary: 1, end: 255 } as const
const RECORD = { bytes: 0, sector: 2, size: 10, nameBytes: 32, name: 33 } as const
/** Primary, boot, a few supplementary ones, the end, and UDF's three behind them. */
const MAX_DESCRIPTORS = 16
const MAX_DIRECTORY_BYTES = 64 * 1024

export async function readIso9660(disk: Disk): Promise<Iso9660 | null> {
  let primary: Uint8Array | null = null
  let isUdf = false
  for (let index = 0; index < MAX_DESCRIPTORS; index++) {
    const bytes = await disk.read(ISO_OFFSET_BYTES + index * SECTOR_BYTES, SECTOR_BYTES)
    if (bytes === null) break
    if (isAt(bytes, AT.id, 'CD001')) {
      if (primary === null && u8(bytes, AT.type) === TYPE.primary) primary = bytes
    } else if (isAt(bytes, AT.id, 'NSR0')) isUdf = true
    else if (!isAt(bytes, AT.id, 'BEA01') && !isAt(bytes, AT.id, 'TEA01')) break
  }
  // Sectors of another size were never used.
  if (primary === null || u8(primary, AT.sectorBytes + 1) !== SECTOR_BYTES >> 8) return null
  const place = u32(primary, AT.root + RECORD.sector) * SECTOR_BYTES
  const length = Math.min(u32(primary, AT.root + RECORD.size), MAX_DIRECTORY_BYTES)
  const root = await disk.read(place, length)
  const label = latin1(primary, AT.label, AT.labelBytes).trimEnd()
  return { label, names: root === null ? [] : namesIn(root), isUdf }
}

/** Without version numbers. The first two entries are the directory itself and its parent. */
function namesIn(directory: Uint8Array): string[] {
  const names: string[] = []
  let at = 0
  while (at < directory.length) {
    const length = u8(directory, at + RECORD.bytes)
    if (length === 0) {
      // No record lies across two sectors.
      at = (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES
      continue
    }
    const nameBytes = u8(directory, at + RECORD.nameBytes)
    if (length < RECORD.name + nameBytes || at + length > directory.length) break
    const name = latin1(directory, at + RECORD.name, nameBytes)
    if (nameBytes > 1) names.push(name.replace(/\.?;\d+$/, '').toUpperCase())
    at += length
  }
  return names
}
