/**
 * Directories, links and small files of ext2, ext3 and ext4, for reading a handful of them. Every step is bounded: what
 * is larger, deeper or longer than a system's own is not followed. Layout as in ext.ts.
 */
import type { Disk } from './disk.ts'
import type { ExtSuper } from './ext.ts'
import { blocksOf, decodeDirectory, decodeInode } from './extInode.ts'
import type { ExtInode } from './extInode.ts'
import { u32, utf8 } from './fields.ts'

export interface ExtFiles {
  /** Names in a directory; null where it is none or cannot be read. */
  list(path: string): Promise<string[] | null>
  /** The beginning of a file, whole if it is small. */
  read(path: string): Promise<Uint8Array | null>
}

const ROOT_INODE = 2
/** In a group's descriptor: the block where its inodes begin, and the high half of that. */
const DESCRIPTOR = { inodes: 8, inodesHigh: 40, least: 32, wide: 64 } as const

const MAX_FILE_BYTES = 4096
/** /usr/lib of a large system takes some 100 KiB. */
const MAX_DIRECTORY_BYTES = 512 * 1024
/** The kernel follows 40; an os-release takes one. */
const MAX_LINKS = 8
const MAX_NAMES = 32

export function createExtFiles(disk: Disk, sizes: ExtSuper): ExtFiles {
  const { blockBytes, inodeBytes, inodesPerGroup, descriptorBytes } = sizes
  const isReadable =
    sizes.isPlain &&
    inodeBytes >= 128 &&
    inodeBytes <= blockBytes &&
    descriptorBytes >= DESCRIPTOR.least

  async function inode(number: number): Promise<ExtInode | null> {
    if (!isReadable || number < 1 || number > sizes.inodes) return null
    const group = Math.floor((number - 1) / inodesPerGroup)
    const at = sizes.firstDescriptorBlock * blockBytes + group * descriptorBytes
    const descriptor = await disk.read(at, descriptorBytes)
    if (descriptor === null) return null
    const high = descriptorBytes >= DESCRIPTOR.wide ? u32(descriptor, DESCRIPTOR.inodesHigh) : 0
    const table = u32(descriptor, DESCRIPTOR.inodes) + high * 2 ** 32
    const index = (number - 1) % inodesPerGroup
    const bytes = await disk.read(table * blockBytes + index * inodeBytes, inodeBytes)
    return bytes === null ? null : decodeInode(bytes)
  }

  /** Up to so many bytes of its content, in whole blocks; null where a piece cannot be read. */
  async function content(of: ExtInode, mostBytes: number): Promise<Uint8Array | null> {
    const wanted = Math.min(of.sizeBytes, mostBytes)
    const readBlock = (block: number): Promise<Uint8Array | null> =>
      disk.read(block * blockBytes, blockBytes)
    const blocks = await blocksOf(of, Math.ceil(wanted / blockBytes), readBlock)
    if (blocks === null) return null
    const parts: Uint8Array[] = []
    for (const block of blocks) {
      const bytes = block === 0 ? new Uint8Array(blockBytes) : await readBlock(block)
      if (bytes === null) return null
      parts.push(bytes)
    }
    return Buffer.concat(parts).subarray(0, wanted)
  }

  async function entries(of: ExtInode): Promise<ReadonlyMap<string, number> | null> {
    const bytes = of.kind === 'directory' ? await content(of, MAX_DIRECTORY_BYTES) : null
    return bytes === null ? null : decodeDirectory(bytes, blockBytes)
  }

  async function target(link: ExtInode): Promise<string | null> {
    if (link.inlineTarget !== null) return link.inlineTarget
    const bytes = await content(link, MAX_FILE_BYTES)
    return bytes === null ? null : utf8(bytes, 0, bytes.length)
  }

  /** By names from the root; a link's target takes its place among them. */
  async function find(path: string): Promise<ExtInode | null> {
    const left = namesIn(path)
    /** The directories that lead to where we are: `..` goes back along them. */
    const way = [await inode(ROOT_INODE)]
    let links = 0
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const here = way.at(-1)
      if (!here || left.length > MAX_NAMES) return null
      if (name === '..') {
        if (way.length > 1) way.pop()
        continue
      }
      const next = await inode((await entries(here))?.get(name) ?? 0)
      if (next?.kind !== 'link') {
        way.push(next)
        continue
      }
      const to = links++ < MAX_LINKS ? await target(next) : null
      if (to === null) return null
      if (to.startsWith('/')) way.length = 1
      left.unshift(...namesIn(to))
    }
    return way.at(-1) ?? null
  }

  return {
    async list(path) {
      const directory = await find(path)
      const found = directory === null ? null : await entries(directory)
      return found && [...found.keys()]
    },
    async read(path) {
      const file = await find(path)
      return file?.kind === 'file' ? content(file, MAX_FILE_BYTES) : null
    },
  }
}

function namesIn(path: string): string[] {
  return path.split('/').filter(name => name !== '' && name !== '.')
}
