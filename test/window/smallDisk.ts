/** A disk that fills up: a file system in memory, of the size asked for. Needs root. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'

export interface SmallDisk {
  /** Takes what room is left, so that whoever writes next gets none. */
  fill(): void
  free(): void
  unmount(): void
}

export function mountSmallDisk(directory: string, sizeBytes: number): SmallDisk {
  mkdirSync(directory, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', directory])
  const ballast = path.join(directory, 'ballast')
  return {
    fill() {
      const file = openSync(ballast, 'w')
      try {
        for (const bytes of [2 ** 20, 4096]) {
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
