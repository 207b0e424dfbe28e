/** ext2, ext3 and ext4: the kernel's Documentation/filesystems/ext4. Label, last mount, root directory, os-release. */
import type { Disk } from './disk.ts'
import { createExtFiles } from './extFiles.ts'
import type { ExtFiles } from './extFiles.ts'
import { u16, u32, utf8 } from './fields.ts'
import { distributionIn } from './osRelease.ts'
import type { FoundVolume } from './volume.ts'

export interface ExtSuper {
  readonly format: 'ext2' | 'ext3' | 'ext4'
  readonly label: string
  readonly mountedAt: string
  readonly blockBytes: number
  readonly inodes: number
  readonly inodesPerGroup: number
  readonly inodeBytes: number
  readonly descriptorBytes: number
  readonly firstDescriptorBlock: number
  /** Group descriptors lie in one piece, where they can be read. */
  readonly isPlain: boolean
}

const AT = {
  inodes: 0,
  firstDataBlock: 20,
  blockShift: 24,
  inodesPerGroup: 40,
  magic: 56,
  revision: 76,
  inodeBytes: 88,
  compatible: 92,
  incompatible: 96,
  readOnly: 100,
  label: 120,
  mountedAt: 136,
  descriptorBytes: 254,
} as const
const SUPER_OFFSET = 1024
const SUPER_BYTES = 1024
const MAGIC = 0xef53

const HAS_JOURNAL = 0x4
const INCOMPATIBLE = { journalDevice: 0x8, metaGroups: 0x10, wide: 0x80 } as const
/** What ext3 knows; anything else makes it ext4. */
const EXT3 = { incompatible: 0x2 | 0x4 | 0x10, readOnly: 0x1 | 0x2 | 0x4 } as const

export function decodeExtSuper(bytes: Uint8Array): ExtSuper | null {
  if (bytes.length < SUPER_BYTES || u16(bytes, AT.magic) !== MAGIC) return null
  const blockShift = u32(bytes, AT.blockShift)
  const inodesPerGroup = u32(bytes, AT.inodesPerGroup)
  const incompatible = u32(bytes, AT.incompatible)
  // Blocks are up to 64 KiB. A journal on a disk of its own has the same magic number.
  if (blockShift > 6 || inodesPerGroup === 0 || incompatible & INCOMPATIBLE.journalDevice)
    return null
  const isWide = (incompatible & INCOMPATIBLE.wide) !== 0
  return {
    format: formatOf(u32(bytes, AT.compatible), incompatible, u32(bytes, AT.readOnly)),
    label: utf8(bytes, AT.label, 16),
    mountedAt: utf8(bytes, AT.mountedAt, 64),
    blockBytes: 1024 << blockShift,
    inodes: u32(bytes, AT.inodes),
    inodesPerGroup,
    inodeBytes: u32(bytes, AT.revision) === 0 ? 128 : u16(bytes, AT.inodeBytes),
    descriptorBytes: isWide ? u16(bytes, AT.descriptorBytes) : 32,
    firstDescriptorBlock: u32(bytes, AT.firstDataBlock) + 1,
    isPlain: (incompatible & INCOMPATIBLE.metaGroups) === 0,
  }
}

export async function readExt(disk: Disk): Promise<FoundVolume | null> {
  const bytes = await disk.read(SUPER_OFFSET, SUPER_BYTES)
  const found = bytes === null ? null : decodeExtSuper(bytes)
  if (found === null) return null
  const { format, label, mountedAt } = found
  const files = createExtFiles(disk, found)
  const names = await files.list('/')
  return { format, label, mountedAt, names, distribution: await distribution(files) }
}

/** os-release(5): the second where the first is missing. */
async function distribution(files: ExtFiles): Promise<string> {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    const content = await files.read(path)
    const name = content === null ? '' : distributionIn(utf8(content, 0, content.length))
    if (name !== '') return name
  }
  return ''
}

function formatOf(compatible: number, incompatible: number, readOnly: number): ExtSuper['format'] {
  if ((incompatible & ~EXT3.incompatible) !== 0 || (readOnly & ~EXT3.readOnly) !== 0) return 'ext4'
  return (compatible & HAS_JOURNAL) === 0 ? 'ext2' : 'ext3'
}
