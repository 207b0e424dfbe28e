/**
 * The few calls of the C library that Node has no function for, through koffi. Best effort: elsewhere than on Linux,
 * or without the FFI, each answers that it did nothing.
 */
import { fsyncSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import type Koffi from 'koffi'

const POSIX_FADV_DONTNEED = 4
const BLKFLSBUF = 0x1261 // ioctl: drop a block device's buffers, linux/fs.h
const LOCK_EXCLUSIVE_NOW = 6 // flock(2): LOCK_EX | LOCK_NB
const MADVISE = 'int madvise(uintptr_t address, size_t bytes, int advice)'
const MADV_HUGEPAGE = 14
const MADV_POPULATE_WRITE = 23 // Since Linux 5.14.

/** Of x86_64, and of arm64 with pages of 4 KiB. */
export const LARGE_PAGE_BYTES = 2 * 1024 * 1024

/** Syncs, then drops the cached pages, so that reading back comes from the disk. Throws what fsync throws. */
export function dropPageCache(fd: number, kind: 'file' | 'device'): boolean {
  fsyncSync(fd)
  if (kind === 'device') {
    const ioctl = find('int ioctl(int fd, unsigned long request, long argument)')
    return ioctl !== null && ioctl(fd, BLKFLSBUF, 0) === 0
  }
  const advise = find('int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)')
  return advise !== null && advise(fd, 0, 0, POSIX_FADV_DONTNEED) === 0
}

/** False only when another open file holds the lock. It ends with the descriptor, whatever ends the process. */
export function tryLock(fd: number): boolean {
  const flock = find('int flock(int fd, int operation)')
  return flock === null || flock(fd, LOCK_EXCLUSIVE_NOW) === 0
}

/**
 * Reserves a file's space, which is not written by that and reads as zeros as before: fallocate(2). False where its file
 * system has no such thing. Throws ENOSPC.
 */
export function reserveSpace(fd: number, offset: number, bytes: number): boolean {
  const allocate = find('int fallocate(int fd, int mode, int64_t offset, int64_t length)')
  if (allocate === null) return false
  if (allocate(fd, 0, offset, bytes) === 0) return true
  if (loadKoffi().errno() !== constants.errno.ENOSPC) return false
  throw Object.assign(new Error('ENOSPC: no space left on device, fallocate'), { code: 'ENOSPC' })
}

/**
 * Memory that will be written from end to end: the kernel may give it in large pages, of 2 MiB on most processors, where
 * each small one would cost a fault of its own. madvise(2).
 */
export function adviseLargePages(buffer: ArrayBufferLike, offset: number, bytes: number): void {
  advise(buffer, offset, bytes, MADV_HUGEPAGE)
}

/** Gives memory its pages now, which stay as they are, rather than at their first use: madvise(2). */
export function populateMemory(buffer: ArrayBufferLike, offset: number, bytes: number): void {
  advise(buffer, offset, bytes, MADV_POPULATE_WRITE)
}

/** Where in a buffer its first large page begins: memory that grows from one to another has large ones alone. */
export function firstLargePage(buffer: ArrayBufferLike): number {
  return find(MADVISE) !== null ? -addressOf(buffer) & (LARGE_PAGE_BYTES - 1) : 0
}

function advise(buffer: ArrayBufferLike, offset: number, bytes: number, advice: number): void {
  find(MADVISE)?.(addressOf(buffer) + offset, bytes, advice)
}

type Call = (...args: readonly number[]) => number

/** Looked up once: that takes longer than the call. */
const found = new Map<string, Call | null>()

function find(prototype: string): Call | null {
  const known = found.get(prototype)
  if (known !== undefined) return known
  const call = lookUp(prototype)
  found.set(prototype, call)
  return call
}

function lookUp(prototype: string): Call | null {
  if (process.platform !== 'linux') return null
  try {
    return loadKoffi().load('libc.so.6').func(prototype)
  } catch {
    return null // No FFI in this installation, or another C library.
  }
}

function addressOf(buffer: ArrayBufferLike): number {
  return Number(loadKoffi().address(buffer))
}

let koffi: typeof Koffi | null = null

function loadKoffi(): typeof Koffi {
  return (koffi ??= createRequire(import.meta.url)('koffi') as typeof Koffi)
}
