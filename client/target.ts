/**
 * Where the image goes: a file, a block device, or nowhere. Refusals come before the first write; what is already
 * there is used when a journal or its size says that it may be this image.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { Target } from '../shared/protocol/control.ts'
import { type Manifest, positionBytes } from '../shared/protocol/manifest.ts'
import { ZERO_CHUNK } from '../shared/protocol/limits.ts'
import { describeDisk } from './disks.ts'
import { deviceBytes, deviceNumber, deviceUser } from './blockDevice.ts'
import { createJournal, type Journal, journalPath, readJournal, reopenJournal } from './journal.ts'
import { tryLock } from '../electron/engine/libc/libc.ts'
import { ReceiveError } from './receiveError.ts'
import type { ReceiveTarget } from './receiveOptions.ts'

export interface OpenTarget {
  readonly target: Target
  /** Null for the null target. */
  readonly fd: number | null
  /** Chunks that a journal says are on the target. */
  readonly journaled: readonly number[]
  /** Content of unknown worth is on the target: hash it first. */
  readonly needsScan: boolean
  /** Began as zeros: positions of zeros need no work. */
  readonly isZeroed: boolean
  /** A file that is ours from its beginning: space may be reserved in it. */
  readonly isReservable: boolean
}

const NOTHING_THERE = { journaled: [], needsScan: false, isZeroed: false, isReservable: false }

/** Here a name that does not exist is a disk misspelt, not a file to be made; /dev/shm is memory like /tmp. */
const DEVICE_FOLDERS = /^\/dev$|^\/dev\/(disk|mapper|block)(\/|$)/

/** What the target is, without touching it. Faults: disk/not-usable, disk/in-use. */
export function inspectTarget(target: ReceiveTarget): Target {
  if (target.kind === 'null') return { path: '', kind: 'memory', sizeBytes: null, disk: null }
  const path = resolve(target.path)
  const refuse = (reason: string): never => {
    throw new ReceiveError({ code: 'disk/not-usable', path, reason })
  }
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) {
    const directory = statSync(dirname(path), { throwIfNoEntry: false })
    if (!directory?.isDirectory()) return refuse(`the folder ${dirname(path)} does not exist`)
    if (DEVICE_FOLDERS.test(dirname(path)))
      return refuse(`there is no device of the name ${basename(path)}`)
    return { path, kind: 'file', sizeBytes: null, disk: null }
  }
  if (stat.isFile()) return { path, kind: 'file', sizeBytes: null, disk: null }
  if (!stat.isBlockDevice()) {
    return refuse(
      stat.isDirectory() ? 'it is a folder; name a file in it' : 'it is neither a file nor a disk',
    )
  }
  const number = deviceNumber(stat.rdev)
  const user = deviceUser(number)
  if (user !== null) throw new ReceiveError({ code: 'disk/in-use', path, by: user })
  const sizeBytes = deviceBytes(number)
  if (sizeBytes === null) return refuse('its size cannot be read; is a medium inserted?')
  return { path, kind: 'device', sizeBytes, disk: target.disk ?? describeDisk(path) }
}

/**
 * Opens the target for an image, refusing one that cannot hold it before anything is written. A file without a journal
 * of this image, and of another size, is emptied. Faults: disk/too-small, disk/no-space, disk/in-use, disk/not-usable.
 */
export function openTarget(target: Target, manifest: Manifest, imageId: string): OpenTarget {
  if (target.kind === 'memory') {
    return { ...NOTHING_THERE, target, fd: null, isZeroed: true }
  }
  return target.kind === 'device'
    ? openDevice(target, manifest)
    : openFile(target, manifest, imageId)
}

/** The journal of a file target, holding what is known now; null for other targets. */
export function startJournal(
  open: OpenTarget,
  imageId: string,
  held: readonly number[],
): Journal | null {
  if (open.target.kind !== 'file') return null
  const path = journalPath(open.target.path)
  const content = { chunks: held, isZeroed: open.isZeroed }
  return open.journaled.length > 0 && open.journaled.length === held.length
    ? reopenJournal(path, content)
    : createJournal(path, imageId, content)
}

function openDevice(target: Target, manifest: Manifest): OpenTarget {
  const { path, sizeBytes } = target
  const { imageBytes } = manifest
  if (sizeBytes !== null && sizeBytes < imageBytes) {
    throw new ReceiveError({ code: 'disk/too-small', path, targetBytes: sizeBytes, imageBytes })
  }
  // O_EXCL on a block device claims it: open(2). It fails while anything mounted or assembled holds it.
  const fd = open(path, constants.O_RDWR | constants.O_EXCL)
  return { ...NOTHING_THERE, target, fd, needsScan: true }
}

function openFile(target: Target, manifest: Manifest, imageId: string): OpenTarget {
  const { path } = target
  const { imageBytes } = manifest
  checkSpace(path, manifest)
  const fd = open(path, constants.O_RDWR | constants.O_CREAT)
  const stat = fstatSync(fd)
  if (!stat.isFile()) {
    closeSync(fd)
    throw new ReceiveError({
      code: 'disk/not-usable',
      path,
      reason: 'it is no regular file any more',
    })
  }
  if (!tryLock(fd)) {
    closeSync(fd)
    throw new ReceiveError({ code: 'disk/in-use', path, by: 'another receiver writes it' })
  }
  const isWholeSize = stat.size === imageBytes
  const journal = readJournal(journalPath(path), imageId, manifest.storedBytes.length)
  if (isWholeSize && journal !== null) {
    const { chunks, isZeroed } = journal
    return { ...NOTHING_THERE, target, fd, journaled: chunks, isZeroed, isReservable: isZeroed }
  }
  if (isWholeSize) return { ...NOTHING_THERE, target, fd, needsScan: true }
  try {
    ftruncateSync(fd, 0)
    ftruncateSync(fd, imageBytes) // A hole: reads as zeros.
    fsyncSync(fd)
  } catch (cause) {
    closeSync(fd)
    throw new ReceiveError({ code: 'disk/write-failed', path, reason: reasonOf(cause) }, { cause })
  }
  return { ...NOTHING_THERE, target, fd, isZeroed: true, isReservable: true }
}

/** What the file will take beyond what it takes already; positions of zeros take nothing. */
function checkSpace(path: string, manifest: Manifest): void {
  let needBytes = 0
  manifest.positions.forEach((chunk, position) => {
    if (chunk !== ZERO_CHUNK) needBytes += positionBytes(manifest.imageBytes, position)
  })
  const space = statfsSync(dirname(path))
  const allocatedBytes = (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512
  const freeBytes = space.bavail * space.bsize + allocatedBytes
  if (needBytes > freeBytes) {
    throw new ReceiveError({ code: 'disk/no-space', path, needBytes, freeBytes })
  }
}

function open(path: string, flags: number): number {
  try {
    return openSync(path, flags, 0o644)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'EBUSY') {
      throw new ReceiveError({ code: 'disk/in-use', path, by: 'another program' }, { cause })
    }
    const reason =
      code === 'EACCES' || code === 'EPERM' ? 'no permission to write it' : reasonOf(cause)
    throw new ReceiveError({ code: 'disk/not-usable', path, reason }, { cause })
  }
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
