/** Inodes of ext2, ext3 and ext4, the blocks they name, and directories. Layout as in ext.ts. */
import { u16, u32, u8, utf8 } from './fields.ts'

export interface ExtInode {
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  readonly sizeBytes: number
  /** A short link is kept where others keep their blocks; null for everything else. */
  readonly inlineTarget: string | null
  readonly hasExtents: boolean
  /** Content that is inline or encrypted is not read. */
  readonly isPlain: boolean
  /** The 60 bytes that say where its blocks are. */
  readonly map: Uint8Array
}

const INODE = { mode: 0, size: 4, flags: 32, map: 40, mapBytes: 60, sizeHigh: 108 } as const
const KINDS: Readonly<Record<number, ExtInode['kind']>> = {
  0x4000: 'directory',
  0x8000: 'file',
  0xa000: 'link',
}
const FLAG = { encrypted: 0x800, extents: 0x8_0000, inline: 0x1000_0000 } as const

const EXTENTS = { magic: 0, entries: 2, depth: 6, first: 12, entryBytes: 12 } as const
const EXTENTS_MAGIC = 0xf30a
const LEAF = { block: 0, blocks: 4, startHigh: 6, start: 8 } as const
const INDEX = { child: 4, childHigh: 8 } as const
/** A tree may be wide: what is read here is small, and takes a node or two. */
const MAX_NODES = 32
/** Longer ones are set aside and hold zeros. */
const MAX_INITIALISED = 32_768

/** Of ext2 and ext3: the rest is named by blocks of numbers, of which the first suffices here. */
const DIRECT_BLOCKS = 12

const ENTRY = { inode: 0, bytes: 4, nameBytes: 6, name: 8, least: 8 } as const

type ReadBlock = (block: number) => Promise<Uint8Array | null>

export function decodeInode(bytes: Uint8Array): ExtInode {
  const kind = KINDS[u16(bytes, INODE.mode) & 0xf000] ?? 'other'
  const flags = u32(bytes, INODE.flags)
  const sizeBytes = u32(bytes, INODE.size) + u32(bytes, INODE.sizeHigh) * 2 ** 32
  const map = bytes.subarray(INODE.map, INODE.map + INODE.mapBytes)
  const hasExtents = (flags & FLAG.extents) !== 0
  const isShort = kind === 'link' && !hasExtents && sizeBytes < INODE.mapBytes
  return {
    kind,
    sizeBytes,
    inlineTarget: isShort ? utf8(map, 0, sizeBytes) : null,
    hasExtents,
    isPlain: (flags & (FLAG.encrypted | FLAG.inline)) === 0,
    map,
  }
}

/** The first `count` blocks of its content; 0 for a hole. Null where they cannot be known. */
export async function blocksOf(
  inode: ExtInode,
  count: number,
  read: ReadBlock,
): Promise<number[] | null> {
  if (!inode.isPlain) return null
  const blocks = Array.from({ length: count }, () => 0)
  if (inode.hasExtents) {
    let nodes = 0
    const readNode: ReadBlock = async block => (nodes++ < MAX_NODES ? read(block) : null)
    return (await fillFromExtents(inode.map, blocks, readNode)) ? blocks : null
  }
  const singles = count > DIRECT_BLOCKS ? await read(u32(inode.map, DIRECT_BLOCKS * 4)) : null
  const known = DIRECT_BLOCKS + (singles?.length ?? 0) / 4
  if (count > known) return null
  return blocks.map((_, at) =>
    at < DIRECT_BLOCKS || singles === null
      ? u32(inode.map, at * 4)
      : u32(singles, (at - DIRECT_BLOCKS) * 4),
  )
}

/** False where a node is not sound or cannot be read. */
async function fillFromExtents(
  node: Uint8Array,
  blocks: number[],
  read: ReadBlock,
): Promise<boolean> {
  const depth = u16(node, EXTENTS.depth)
  const entries = u16(node, EXTENTS.entries)
  if (u16(node, EXTENTS.magic) !== EXTENTS_MAGIC) return false
  if (EXTENTS.first + entries * EXTENTS.entryBytes > node.length) return false
  for (let entry = 0; entry < entries; entry++) {
    const at = EXTENTS.first + entry * EXTENTS.entryBytes
    // In order: what follows belongs to a part of the file that nobody asked for.
    if (u32(node, at + LEAF.block) >= blocks.length) break
    if (depth === 0) {
      fillFromLeaf(node, at, blocks)
      continue
    }
    const child = await read(
      u32(node, at + INDEX.child) + u16(node, at + INDEX.childHigh) * 2 ** 32,
    )
    if (child === null || !(await fillFromExtents(child, blocks, read))) return false
  }
  return true
}

function fillFromLeaf(node: Uint8Array, at: number, blocks: number[]): void {
  const first = u32(node, at + LEAF.block)
  const length = u16(node, at + LEAF.blocks)
  const start = u32(node, at + LEAF.start) + u16(node, at + LEAF.startHigh) * 2 ** 32
  if (length > MAX_INITIALISED) return
  const end = Math.min(blocks.length, first + length)
  for (let block = first; block < end; block++) blocks[block] = start + block - first
}

/** Names with their inodes. Entries fill their block: one that does not fit ends it. */
export function decodeDirectory(bytes: Uint8Array, blockBytes: number): Map<string, number> {
  const found = new Map<string, number>()
  for (let block = 0; block < bytes.length; block += blockBytes) {
    const end = Math.min(block + blockBytes, bytes.length)
    let at = block
    while (at + ENTRY.least <= end) {
      const length = u16(bytes, at + ENTRY.bytes)
      const nameBytes = u8(bytes, at + ENTRY.nameBytes)
      if (length < ENTRY.name + nameBytes || length % 4 !== 0 || at + length > end) break
      const inode = u32(bytes, at + ENTRY.inode)
      if (inode !== 0 && nameBytes > 0) found.set(utf8(bytes, at + ENTRY.name, nameBytes), inode)
      at += length
    }
  }
  found.delete('.')
  found.delete('..')
  return found
}
