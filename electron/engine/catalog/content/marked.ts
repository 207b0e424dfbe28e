/**
 * Formats of which a mark at a fixed place, and perhaps a label, is all that is asked. Sources: xfs_fs.h, btrfs's
 * on-disk format, f2fs_fs.h, Apple File System Reference (nx_superblock_t), Apple TN1150 (HFS+), cryptsetup's LUKS1 and
 * LUKS2 specifications, LVM2's label.h, mkswap(8); BitLocker by its boot sector's name.
 */
import type { Disk } from './disk.ts'
import { isAt, latin1, u16be, u32be, u64, utf16, utf8 } from './fields.ts'
import type { FoundVolume } from './volume.ts'

interface Mark {
  readonly format: string
  readonly ascii: string
  /** Where the mark may stand; the bytes read begin at `start` and marks count from there. */
  readonly places: readonly number[]
  readonly start: number
  readonly bytes: number
  /** Null where the rest does not fit the mark. */
  read?(bytes: Uint8Array): Omit<FoundVolume, 'format'> | null
}

const MARKS: readonly Mark[] = [
  { format: 'BitLocker', ascii: '-FVE-FS-', places: [3], start: 0, bytes: 512 },
  { format: 'LUKS', ascii: 'LUKS\u{ba}\u{be}', places: [0], start: 0, bytes: 512, read: readLuks },
  // The label stands in one of the first four sectors.
  { format: 'LVM', ascii: 'LVM2 001', places: [24, 536, 1048, 1560], start: 0, bytes: 2048 },
  {
    format: 'XFS',
    ascii: 'XFSB',
    places: [0],
    start: 0,
    bytes: 512,
    read: bytes => ({ label: utf8(bytes, 108, 12) }),
  },
  {
    format: 'Btrfs',
    ascii: '_BHRfS_M',
    places: [64],
    start: 65_536,
    bytes: 4096,
    read: bytes => ({ label: utf8(bytes, 299, 256) }),
  },
  {
    format: 'F2FS',
    ascii: '\u{10}\u{20}\u{f5}\u{f2}',
    places: [0],
    start: 1024,
    bytes: 2048,
    read: bytes => ({ label: utf16(bytes, 124, 512) }),
  },
  { format: 'APFS', ascii: 'NXSB', places: [32], start: 0, bytes: 4096, read: readApfs },
  { format: 'HFS+', ascii: 'H+', places: [0], start: 1024, bytes: 512, read: readHfsPlus },
  { format: 'HFS+', ascii: 'HX', places: [0], start: 1024, bytes: 512, read: readHfsPlus },
  // At the end of the first page: of 4 KiB, on some processors of 64 KiB.
  { format: 'swap', ascii: 'SWAPSPACE2', places: [4086], start: 0, bytes: 4096, read: readSwap },
  {
    format: 'swap',
    ascii: 'SWAPSPACE2',
    places: [65_526],
    start: 0,
    bytes: 65_536,
    read: readSwap,
  },
]

export async function readMarked(disk: Disk): Promise<FoundVolume | null> {
  for (const { format, ascii, places, start, bytes: length, read } of MARKS) {
    const bytes = await disk.read(start, length)
    if (bytes === null || !places.some(at => isAt(bytes, at, ascii))) continue
    const found = read ? read(bytes) : { label: '' }
    if (found) return { format, ...found }
  }
  return null
}

/** Version 1 has no label. */
function readLuks(bytes: Uint8Array): Omit<FoundVolume, 'format'> | null {
  const version = u16be(bytes, 6)
  if (version === 1) return { label: '' }
  return version === 2 ? { label: utf8(bytes, 24, 48) } : null
}

function readSwap(bytes: Uint8Array): Omit<FoundVolume, 'format'> {
  return { label: utf8(bytes, 1052, 16) }
}

const APFS = { blockBytes: 36, volumes: 184, mostVolumes: 100 } as const

/** macOS comes as a group: system, data, preboot, recovery, and memory's. A disk for files has one volume. */
const MAC_VOLUMES = 3

function readApfs(bytes: Uint8Array): Omit<FoundVolume, 'format'> | null {
  if (latin1(bytes, APFS.blockBytes, 4) === '\0\0\0\0') return null
  let volumes = 0
  while (volumes < APFS.mostVolumes && u64(bytes, APFS.volumes + volumes * 8) !== 0) volumes++
  return { label: '', isMacSystem: volumes >= MAC_VOLUMES }
}

/** TN1150: version 4, 5 for HFSX; finderInfo[0] is the folder that a Mac starts from. */
function readHfsPlus(bytes: Uint8Array): Omit<FoundVolume, 'format'> | null {
  const version = u16be(bytes, 2)
  if (version !== 4 && version !== 5) return null
  return { label: '', isMacSystem: u32be(bytes, 80) !== 0 }
}
