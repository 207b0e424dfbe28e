/** A disk that fills up: a file system of the size asked for, where no space can be kept in advance. Needs root. */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'

export interface SmallDisk {
  /** Takes what room is left, so that whoever writes next gets none. */
  fill(): void
  free(): void
  unmount(): void
}

export function mountSmallDisk(directory: string, sizeBytes: number): SmallDisk {
  mkdirSync(directory, { recursive: true })
  const disk = `${directory}.ext2`
  writeFileSync(disk, '')
  truncateSync(disk, sizeBytes)
  // ext2 has no fallocate(2).
  execFileSync('mke2fs', ['-q', '-t', 'ext2', '-m', '0', '-N', '32', disk])
  execFileSync('mount', ['-o', 'loop', disk, directory])
  const ballast = path.join(directory, 'ballast')
  return {
    fill() {
      const file = openSync(ballast, 'w')
      try {
        for (const bytes of [2 ** 20, 4096, 1024]) {
          const piece = Buffer.alloc(bytes)
          while (writesAll(file, piece));
        }
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(ballast),
    unmount: () => void execFileSync('umount', ['--lazy', directory]),
  }
}

function writesAll(file: number, piece: Buffer): boolean {
  try {
    return writeSync(file, piece) === piece.length
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}
