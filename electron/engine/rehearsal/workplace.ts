/** The directory of one rehearsal, and those that killed processes left behind. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { RehearsalError } from './rehearsalError.ts'

const PREFIX = 'benchcast-rehearsal-'

/** What a rehearsal writes beyond its images: catalog, journals. */
const SPARE_BYTES = 64 * 2 ** 20

/** Makes an empty directory with room for `needBytes`. Throws RehearsalError disk/no-space. */
export function openWorkplace(needBytes: number, parent: string = temporaryDirectory()): string {
  sweep(parent)
  const stats = fs.statfsSync(parent)
  const freeBytes = stats.bavail * stats.bsize
  if (freeBytes < needBytes + SPARE_BYTES) {
    const fault = { code: 'disk/no-space', directory: parent, freeBytes } as const
    throw new RehearsalError({ ...fault, needBytes: needBytes + SPARE_BYTES })
  }
  return fs.mkdtempSync(path.join(parent, `${PREFIX}${process.pid}-`))
}

export async function removeWorkplace(directory: string): Promise<void> {
  await fs.promises.rm(directory, { recursive: true, force: true, maxRetries: 3 })
}

/**
 * Where many MiB may lie for a minute. Linux keeps /tmp in memory on many systems; /var/tmp is for what is large
 * (Filesystem Hierarchy Standard §5.15).
 */
function temporaryDirectory(): string {
  if (process.platform !== 'linux' || process.env.TMPDIR) return os.tmpdir()
  try {
    fs.accessSync('/var/tmp', fs.constants.W_OK)
    return '/var/tmp'
  } catch {
    return os.tmpdir() // Read-only systems and small containers have only this.
  }
}

/** Removes the directories of processes that no longer live. Those of other users are left alone. */
function sweep(parent: string): void {
  for (const name of fs.readdirSync(parent)) {
    const pid = Number(/^benchcast-rehearsal-(\d+)-/.exec(name)?.[1])
    if (!Number.isSafeInteger(pid) || isAlive(pid)) continue
    try {
      fs.rmSync(path.join(parent, name), { recursive: true, force: true })
    } catch {
      continue // Another user's: theirs to sweep.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // Somebody else's process.
  }
}
