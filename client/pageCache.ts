/** Makes a read-back come from the disk, not from memory. Best effort: without it the read-back is still a read-back. */
import { fsyncSync } from 'node:fs'

const POSIX_FADV_DONTNEED = 4
const BLKFLSBUF = 0x1261 // ioctl: drop a block device's buffers, linux/fs.h

/** Syncs, then drops the cached pages of a file or device. False where the system offers no way. */
export async function dropPageCache(fd: number, kind: 'file' | 'device'): Promise<boolean> {
  fsyncSync(fd)
  if (process.platform !== 'linux') return false
  try {
    const { default: koffi } = await import('koffi')
    const libc = koffi.load('libc.so.6')
    if (kind === 'device') {
      const ioctl = libc.func('int ioctl(int fd, unsigned long request, long argument)')
      return ioctl(fd, BLKFLSBUF, 0) === 0
    }
    const advise = libc.func(
      'int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)',
    )
    return advise(fd, 0, 0, POSIX_FADV_DONTNEED) === 0
  } catch {
    return false // No FFI in this installation.
  }
}
