/**
 * The table in a disk's first sector, and its chain of logical partitions. Nothing but convention defines it; ours is
 * UEFI 2.10 §5.2.1, and for the chain what DOS did and fdisk does.
 */
import type { Disk } from './disk.ts'
import { isAt, u16, u32, u8 } from './fields.ts'

export const SECTOR_BYTES = 512

export interface MbrPartition {
  readonly type: number
  readonly isActive: boolean
  readonly firstSector: number
  readonly sectors: number
}

export interface Mbr {
  /** Those with sectors. One of type 0 is kept when it is active: that is how hybrid ISO images name themselves. */
  readonly partitions: readonly MbrPartition[]
  /** GRUB's boot code says its name in its messages. */
  readonly hasGrub: boolean
}

/** Says that the real table is a GPT. */
export const PROTECTIVE = 0xee

const AT = { table: 446, signature: 510 } as const
const ENTRY = { status: 0, type: 4, firstSector: 8, sectors: 12, bytes: 16 } as const
const ENTRIES = 4
const SIGNATURE = 0xaa55
const ACTIVE = 0x80

/** Extended partitions of CHS, LBA and Linux kind. */
const EXTENDED: readonly number[] = [0x05, 0x0f, 0x85]

/** Each holds one partition; a chain that is longer runs in a circle, or nobody made it for use. */
const MAX_LOGICAL = 60

/** Null where the sector is no table: a boot sector of a file system has the same signature. */
export function decodeMbr(sector: Uint8Array): Mbr | null {
  const entries = decodeEntries(sector)
  if (entries === null || entries.length === 0) return null
  return { partitions: entries, hasGrub: hasGrub(sector) }
}

/** The table of a disk with its logical partitions; extended ones are left out. */
export async function readMbr(disk: Disk): Promise<Mbr | null> {
  const sector = await disk.read(0, SECTOR_BYTES)
  const mbr = sector === null ? null : decodeMbr(sector)
  if (mbr === null) return null
  const partitions: MbrPartition[] = []
  for (const entry of mbr.partitions) {
    if (EXTENDED.includes(entry.type)) partitions.push(...(await readLogical(disk, entry)))
    else partitions.push(entry)
  }
  return { ...mbr, partitions }
}

/** The chain: of each sector's entries the first is a partition, the second where the next sector is. */
async function readLogical(disk: Disk, extended: MbrPartition): Promise<MbrPartition[]> {
  const found: MbrPartition[] = []
  let at = 0
  for (let link = 0; link < MAX_LOGICAL; link++) {
    const table = extended.firstSector + at
    const sector = await disk.read(table * SECTOR_BYTES, SECTOR_BYTES)
    const entries = sector === null ? null : decodeEntries(sector)
    if (entries === null) break
    const logical = entries.find(entry => !EXTENDED.includes(entry.type))
    if (logical) found.push({ ...logical, firstSector: table + logical.firstSector })
    const next = entries.find(entry => EXTENDED.includes(entry.type))
    // Always onwards: a chain that turns back would never end.
    if (!next || next.firstSector <= at) break
    at = next.firstSector
  }
  return found
}

function decodeEntries(sector: Uint8Array): MbrPartition[] | null {
  if (sector.length < SECTOR_BYTES || u16(sector, AT.signature) !== SIGNATURE) return null
  const found: MbrPartition[] = []
  for (let index = 0; index < ENTRIES; index++) {
    const at = AT.table + index * ENTRY.bytes
    const status = u8(sector, at + ENTRY.status)
    if (status !== 0 && status !== ACTIVE) return null
    const isActive = status === ACTIVE
    const type = u8(sector, at + ENTRY.type)
    const sectors = u32(sector, at + ENTRY.sectors)
    if (sectors === 0 || (type === 0 && !isActive)) continue
    found.push({ type, isActive, firstSector: u32(sector, at + ENTRY.firstSector), sectors })
  }
  return found
}

function hasGrub(sector: Uint8Array): boolean {
  for (let at = 0; at < AT.table - 4; at++) if (isAt(sector, at, 'GRUB')) return true
  return false
}
