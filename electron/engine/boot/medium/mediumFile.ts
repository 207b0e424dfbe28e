/**
 * Puts a medium where it is asked for. A file appears under its name only when it is whole, on the disk and read back; a
 * block device is written in place, and only while nobody uses it. What is there is never replaced unasked.
 */
import { createHash, randomBytes } from 'node:crypto'
import { constants, readFileSync, type Stats } from 'node:fs'
import { type FileHandle, open, rename, rm, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { BootError } from '../bootError.ts'
import type { Medium } from './mediumLayout.ts'

export interface MediumTarget {
  readonly toPath: string
  readonly replaces: boolean
  readonly signal?: AbortSignal
}

const PIECE_BYTES = 1024 * 1024
const SECTOR_BYTES = 512 // sysfs counts these.

/** Faults: `boot/medium-…`. Rejects with the signal's reason when it is aborted; a file is not there then. */
export async function writeMediumFile(medium: Medium, target: MediumTarget): Promise<void> {
  const { toPath, replaces } = target
  const stats = await statsOf(toPath)
  if (stats !== null && !stats.isFile() && !stats.isBlockDevice()) {
    const reason = stats.isDirectory()
      ? 'it is a folder; name a file in it'
      : 'it is neither a file nor a disk'
    throw new BootError({ code: 'boot/medium-unusable', path: toPath, reason })
  }
  const isDevice = stats?.isBlockDevice() === true
  if (stats !== null && !replaces) {
    throw new BootError({ code: 'boot/medium-exists', path: toPath, isDevice })
  }
  if (isDevice) await writeDevice(medium, target)
  else await writeFile(medium, target)
}

/** Null where nothing is. */
async function statsOf(toPath: string): Promise<Stats | null> {
  try {
    return await stat(toPath)
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return null
    throw faultFor(thrown, toPath)
  }
}

async function writeFile(medium: Medium, { toPath, signal }: MediumTarget): Promise<void> {
  const folder = path.dirname(toPath)
  const name = `.${path.basename(toPath)}.${randomBytes(4).toString('hex')}.part`
  const part = path.join(folder, name)
  try {
    const { bavail, bsize } = await statfs(folder)
    if (bavail * bsize < medium.bytes) throw noSpace(toPath, medium.bytes, bavail * bsize)
    const handle = await open(part, 'wx')
    const hash = await writeAndClose(handle, medium, signal)
    await requireSame(part, toPath, medium.bytes, hash)
    await rename(part, toPath)
    await syncFolder(folder)
  } catch (thrown) {
    await rm(part, { force: true }).catch(() => {})
    throw faultFor(thrown, toPath, medium.bytes)
  }
}

async function writeDevice(medium: Medium, { toPath, signal }: MediumTarget): Promise<void> {
  const name = path.basename(toPath)
  if (sysfsNumber(name, 'partition') !== null) {
    const reason = 'it is a partition, and machines start from whole disks; name the disk'
    throw new BootError({ code: 'boot/medium-unusable', path: toPath, reason })
  }
  const sectors = sysfsNumber(name, 'size')
  if (sectors !== null && sectors * SECTOR_BYTES < medium.bytes) {
    throw noSpace(toPath, medium.bytes, sectors * SECTOR_BYTES)
  }
  try {
    // O_EXCL claims a block device: open(2). It fails while anything mounted or assembled holds it or a part of it.
    const handle = await open(toPath, constants.O_RDWR | constants.O_EXCL)
    const hash = await writeAndClose(handle, medium, signal)
    // Closed by its last user, a device loses its cache: what is read now comes from the stick.
    await requireSame(toPath, toPath, medium.bytes, hash)
  } catch (thrown) {
    throw faultFor(thrown, toPath, medium.bytes)
  }
}

/** Answers the hash of what was written; it is on the disk then. */
async function writeAndClose(
  handle: FileHandle,
  { pieces }: Medium,
  signal: AbortSignal | undefined,
): Promise<string> {
  const hash = createHash('sha256')
  try {
    let at = 0
    for (const piece of pieces) {
      for (let from = 0; from < piece.length; from += PIECE_BYTES) {
        signal?.throwIfAborted()
        const bytes = piece.subarray(from, from + PIECE_BYTES)
        at += await writeAll(handle, bytes, at)
        hash.update(bytes)
      }
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return hash.digest('hex')
}

/** A write may be cut short by a full disk before one fails: write(2). */
async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<number> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
  return done
}

async function requireSame(
  from: string,
  toPath: string,
  bytes: number,
  wanted: string,
): Promise<void> {
  const handle = await open(from, 'r')
  const hash = createHash('sha256')
  try {
    const buffer = Buffer.alloc(PIECE_BYTES)
    for (let at = 0; at < bytes;) {
      const length = Math.min(buffer.length, bytes - at)
      const { bytesRead } = await handle.read(buffer, 0, length, at)
      if (bytesRead === 0) break
      hash.update(buffer.subarray(0, bytesRead))
      at += bytesRead
    }
  } finally {
    await handle.close()
  }
  if (hash.digest('hex') !== wanted) {
    throw new BootError({ code: 'boot/medium-differs', path: toPath })
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function sysfsNumber(name: string, file: string): number | null {
  try {
    return Number(readFileSync(`/sys/class/block/${name}/${file}`, 'utf8'))
  } catch {
    return null // No partition, or a name that is a link: writing tells.
  }
}

function faultFor(thrown: unknown, toPath: string, neededBytes = 0): unknown {
  if (thrown instanceof BootError || !(thrown instanceof Error) || thrown.name === 'AbortError') {
    return thrown
  }
  const because = (reason: string): BootError =>
    new BootError({ code: 'boot/medium-unusable', path: toPath, reason }, { cause: thrown })
  switch (codeOf(thrown)) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return noSpace(toPath, neededBytes, null)
    case 'ENOENT':
    case 'ENOTDIR':
      return because(`the folder ${path.dirname(toPath)} does not exist`)
    case 'EBUSY':
      return because('it or a part of it is in use, for example mounted; unmount it first')
    case 'EROFS':
      return because('it is write-protected')
    case 'EACCES':
    case 'EPERM':
      return because('this user may not write there')
    default:
      return because(thrown.message)
  }
}

function noSpace(toPath: string, neededBytes: number, freeBytes: number | null): BootError {
  return new BootError({ code: 'boot/medium-no-space', path: toPath, neededBytes, freeBytes })
}

function codeOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException).code ?? ''
}
