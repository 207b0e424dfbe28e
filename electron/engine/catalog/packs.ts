/**
 * Pack files: stored chunks one after another, only ever appended to, by one import each. Where a chunk lies is in the
 * database; a pack has no structure of its own.
 */
import { open, statfs } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { CatalogError, causeOf, systemCode } from './catalogFault.ts'
import { packDirectory } from './database.ts'

/** Deleting frees whole packs, so small is good; a sender holds each open, so few is good. 1 TB stored: 1000 packs. */
export const PACK_BYTES = 2 ** 30

/** Left free on the disk, so that the database can still be written when the packs no longer can. */
const RESERVE_BYTES = 24 * 2 ** 20
const CHECK_SPACE_EVERY_BYTES = 16 * 2 ** 20

export interface PackPlace {
  readonly file: string
  readonly offsetBytes: number
}

export interface PackWriter {
  /** Appends. One call at a time; the bytes may be reused once it resolves. */
  append(bytes: Uint8Array): Promise<PackPlace>
  /** All appended bytes are on the disk when it resolves. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** `onPack` is told a file's name before the file exists, so that no file is ever unknown to the database. */
export function createPackWriter(
  directory: string,
  stem: string,
  onPack: (file: string) => void,
): PackWriter {
  const packs = packDirectory(directory)
  const closing: Promise<void>[] = []
  let current: { handle: FileHandle; file: string; bytes: number } | null = null
  let count = 0
  let sinceCheckBytes = CHECK_SPACE_EVERY_BYTES

  async function place(bytes: number) {
    if (current && current.bytes + bytes > PACK_BYTES) {
      const { handle } = current
      current = null
      // Full packs reach the disk while the next one fills.
      const closed = syncAndClose(handle)
      closed.catch(() => {})
      closing.push(closed)
    }
    if (!current) {
      const file = `${stem}-${String(count++).padStart(4, '0')}.pack`
      onPack(file)
      current = { handle: await open(join(packs, file), 'wx'), file, bytes: 0 }
    }
    return current
  }

  return {
    async append(bytes) {
      try {
        sinceCheckBytes += bytes.length
        if (sinceCheckBytes >= CHECK_SPACE_EVERY_BYTES) {
          sinceCheckBytes = 0
          await requireReserve(directory)
        }
        const pack = await place(bytes.length)
        const offsetBytes = pack.bytes
        for (let done = 0; done < bytes.length;) {
          const left = bytes.subarray(done)
          const { bytesWritten } = await pack.handle.write(left, 0, left.length, offsetBytes + done)
          done += bytesWritten
        }
        pack.bytes += bytes.length
        return { file: pack.file, offsetBytes }
      } catch (thrown) {
        throw await writeFault(thrown, packs)
      }
    },
    async sync() {
      try {
        await Promise.all(closing)
        await current?.handle.datasync()
        await syncDirectory(packs)
      } catch (thrown) {
        throw await writeFault(thrown, packs)
      }
    },
    async close() {
      await Promise.allSettled(closing)
      await current?.handle.close()
      current = null
    },
  }
}

/** Makes new names in a folder survive a power cut. Windows has no such call and needs none. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The file's bytes are on the disk when it resolves; it is closed even when they are not. */
export async function syncAndClose(handle: FileHandle): Promise<void> {
  try {
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

export async function freeBytesAt(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}

/** The fault of a failed write to `path`, a file or its folder. */
export async function writeFault(thrown: unknown, path: string): Promise<CatalogError> {
  if (thrown instanceof CatalogError) return thrown
  const code = systemCode(thrown)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const freeBytes = await freeBytesAt(path).catch(() => 0)
    const fault = { code: 'disk/full', path, freeBytes, neededBytes: null } as const
    return new CatalogError(fault, { cause: thrown })
  }
  const fault = { code: 'disk/write-failed', path, cause: causeOf(thrown) } as const
  return new CatalogError(fault, { cause: thrown })
}

async function requireReserve(directory: string): Promise<void> {
  const freeBytes = await freeBytesAt(directory)
  if (freeBytes < RESERVE_BYTES)
    throw new CatalogError({ code: 'disk/full', path: directory, freeBytes, neededBytes: null })
}
