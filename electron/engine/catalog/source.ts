/**
 * What an import reads: a raw image, or the one image inside a compressed file, told apart by content. Streams: nothing
 * is ever held but a few buffers and the decompressor's window.
 */
import { constants, readFileSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { CatalogError, causeOf, systemCode } from './catalogFault.ts'
import { unpack } from './unpack.ts'

export type SourceFormat = 'raw' | 'gzip' | 'xz' | 'bzip2' | 'zstd' | 'zip'

export interface Source {
  readonly format: SourceFormat
  /** Size of the file as it lies on the disk, compressed or not. */
  readonly totalBytes: number
  /** How much of it is in blocks of its own: less for a sparse file. */
  readonly allocatedBytes: number
  doneBytes(): number
  /** Fills `target`; fewer bytes only at the end of the image. Throws a CatalogError on bad content. */
  read(target: Uint8Array): Promise<number>
  /** Bytes at a place of the file, for estimates. */
  peek(target: Uint8Array, offsetBytes: number): Promise<number>
  close(): Promise<void>
}

/** Magic numbers: RFC 1952 §2.3.1, xz file format §2.1.1.1, RFC 8878 §3.1.1, APPNOTE 4.3.7 and (empty) 4.3.16. */
const MAGICS: readonly (readonly [SourceFormat, readonly (readonly number[])[]])[] = [
  ['gzip', [[0x1f, 0x8b, 0x08]]],
  ['xz', [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]]],
  [
    'zstd',
    [
      [0x28, 0xb5, 0x2f, 0xfd],
      ...Array.from({ length: 16 }, (_, i) => [0x50 + i, 0x2a, 0x4d, 0x18]),
    ],
  ],
  [
    'zip',
    [
      [0x50, 0x4b, 0x03, 0x04],
      [0x50, 0x4b, 0x05, 0x06],
    ],
  ],
]

const EXTENSIONS: Readonly<Record<string, SourceFormat>> = {
  gz: 'gzip',
  xz: 'xz',
  bz2: 'bzip2',
  zst: 'zstd',
  zip: 'zip',
}

export async function openSource(path: string): Promise<Source> {
  const stats = requireReadableKind(path)
  const handle = await openForReading(path)
  try {
    const totalBytes = stats.isBlockDevice() ? blockDeviceBytes(path, stats) : stats.size
    if (totalBytes === 0) throw new CatalogError({ code: 'image/empty', path, isInside: false })
    const head = new Uint8Array(16)
    const { bytesRead } = await handle.read(head, 0, head.length, 0)
    const format = stats.isBlockDevice() ? 'raw' : detectFormat(head.subarray(0, bytesRead))
    const named = formatByName(path)
    if (format === 'raw' && named !== 'raw' && !stats.isBlockDevice())
      throw new CatalogError({ code: 'image/not-as-named', path, format: named })
    const allocatedBytes = stats.isBlockDevice()
      ? totalBytes
      : Math.min(stats.size, (stats.blocks ?? Infinity) * 512)
    const content =
      format === 'raw'
        ? rawReader(handle, path, stats, totalBytes)
        : packedReader(handle, path, format)
    return {
      format,
      totalBytes,
      allocatedBytes,
      ...content,
      async peek(target, offsetBytes) {
        return (await handle.read(target, 0, target.length, offsetBytes)).bytesRead
      },
      async close() {
        await content.close()
        await handle.close()
      },
    }
  } catch (thrown) {
    await handle.close()
    throw readFault(thrown, path)
  }
}

export function detectFormat(head: Uint8Array): SourceFormat {
  const startsWith = (magic: readonly number[]) => magic.every((byte, i) => head[i] === byte)
  for (const [format, magics] of MAGICS) if (magics.some(startsWith)) return format
  // bzip2: "BZh", a level digit, then a block's or (empty file) the end's mark; "BZh" alone could open a raw image.
  const level = head[3] ?? 0
  const isBzip2 =
    startsWith([0x42, 0x5a, 0x68]) &&
    level >= 0x31 &&
    level <= 0x39 &&
    ((head[4] === 0x31 && head[5] === 0x41) || (head[4] === 0x17 && head[5] === 0x72))
  return isBzip2 ? 'bzip2' : 'raw'
}

function formatByName(path: string): SourceFormat {
  return EXTENSIONS[/\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? 'raw'
}

/** The fault of a failed read; a CatalogError passes through. */
export function readFault(thrown: unknown, path: string): CatalogError {
  if (thrown instanceof CatalogError) return thrown
  const code = systemCode(thrown)
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new CatalogError({ code: 'image/file-missing', path }, { cause: thrown })
  if (code === 'EACCES' || code === 'EPERM')
    return new CatalogError({ code: 'image/file-denied', path }, { cause: thrown })
  return new CatalogError(
    { code: 'image/read-failed', path, cause: causeOf(thrown) },
    { cause: thrown },
  )
}

/** `directory`, `socket` …; null for a file or a block device. */
export function specialKind(stats: Stats): string | null {
  if (stats.isFile() || stats.isBlockDevice()) return null
  if (stats.isDirectory()) return 'directory'
  if (stats.isFIFO()) return 'pipe'
  if (stats.isSocket()) return 'socket'
  return 'character device'
}

/** Size of a block device. Linux tells it in sectors of 512 bytes whatever the disk's own (Documentation/block/stat). */
export function blockDeviceBytes(path: string, stats: Stats): number {
  if (process.platform !== 'linux')
    throw new CatalogError({ code: 'image/special-file', path, kind: 'device' })
  // glibc's split of a device number: sys/sysmacros.h.
  const major = ((stats.rdev >>> 8) & 0xfff) | (Math.floor(stats.rdev / 2 ** 32) & 0xfffff000)
  const minor = (stats.rdev & 0xff) | ((stats.rdev >>> 12) & 0xffffff00)
  return Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'utf8')) * 512
}

function requireReadableKind(path: string): Stats {
  try {
    // Before opening: opening a pipe would wait for its other end.
    const stats = statSync(path)
    const kind = specialKind(stats)
    if (kind === 'directory') throw new CatalogError({ code: 'image/directory', path })
    if (kind !== null) throw new CatalogError({ code: 'image/special-file', path, kind })
    return stats
  } catch (thrown) {
    throw readFault(thrown, path)
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY)
  } catch (thrown) {
    throw readFault(thrown, path)
  }
}

type Content = Pick<Source, 'doneBytes' | 'read' | 'close'>

function rawReader(handle: FileHandle, path: string, stats: Stats, totalBytes: number): Content {
  let at = 0
  return {
    doneBytes: () => at,
    async read(target) {
      const start = at
      try {
        while (at - start < target.length) {
          const done = at - start
          const { bytesRead } = await handle.read(target, done, target.length - done, at)
          if (bytesRead === 0) break
          at += bytesRead
        }
        const isEnd = at - start < target.length || at === totalBytes
        if (isEnd) await requireUnchanged(handle, path, stats, at === totalBytes)
        return at - start
      } catch (thrown) {
        throw readFault(thrown, path)
      }
    },
    async close() {},
  }
}

/** A file still being copied would become an image that no machine starts from. */
async function requireUnchanged(
  handle: FileHandle,
  path: string,
  stats: Stats,
  isWhole: boolean,
): Promise<void> {
  if (stats.isBlockDevice()) {
    if (!isWhole)
      throw new CatalogError({ code: 'image/read-failed', path, cause: 'the disk ended early' })
    return
  }
  const now = await handle.stat()
  if (!isWhole || now.size !== stats.size || now.mtimeMs !== stats.mtimeMs)
    throw new CatalogError({ code: 'image/source-changed', path })
}

function packedReader(
  handle: FileHandle,
  path: string,
  format: Exclude<SourceFormat, 'raw'>,
): Content {
  const unpacking = unpack(handle, path, format)
  const parts = unpacking.content[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  return {
    doneBytes: () => unpacking.doneBytes(),
    async read(target) {
      let filled = 0
      try {
        while (filled < target.length) {
          if (rest.length === 0) {
            const next = await parts.next()
            if (next.done) break
            rest = next.value
          }
          const part = rest.subarray(0, target.length - filled)
          target.set(part, filled)
          filled += part.length
          rest = rest.subarray(part.length)
        }
        return filled
      } catch (thrown) {
        throw readFault(thrown, path)
      }
    },
    async close() {
      await parts.return?.().catch(() => {})
    },
  }
}
