/** What stands at the beginning of a partition, or of a disk without partitions: the first format that knows itself. */
import type { Disk } from './disk.ts'
import { readExfat } from './exfat.ts'
import { readExt } from './ext.ts'
import { readFat } from './fat.ts'
import { readMarked } from './marked.ts'
import { readNtfs } from './ntfs.ts'

export interface Volume {
  /** As people write it: NTFS, ext4, FAT32. */
  readonly format: string
  /** As it stands on the disk. */
  readonly label: string
  /** Names in the root directory; null where that was not read. */
  readonly names: readonly string[] | null
  /** Names in the directory EFI, where systems keep their boot loaders: FAT only. */
  readonly loaders: readonly string[]
  /** Name of the Linux distribution, from its os-release; empty where it has none. */
  readonly distribution: string
  /** Where Linux mounted it last; empty where that is not known. */
  readonly mountedAt: string
  /** Apple's formats say themselves whether macOS starts from them. */
  readonly isMacSystem: boolean
}

/** Null where nothing is recognised. */
export async function readVolume(disk: Disk): Promise<Volume | null> {
  const found =
    (await readNtfs(disk)) ??
    (await readExfat(disk)) ??
    (await readExt(disk)) ??
    (await readMarked(disk)) ??
    (await readFat(disk))
  return found && { ...NOTHING_MORE, ...found }
}

/** A format's reader tells what it has read; the rest is not known. */
export type FoundVolume = Pick<Volume, 'format' | 'label'> & Partial<Volume>

const NOTHING_MORE = {
  names: null,
  loaders: [],
  distribution: '',
  mountedAt: '',
  isMacSystem: false,
} as const
