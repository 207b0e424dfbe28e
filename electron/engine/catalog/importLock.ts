/**
 * Says whether the process behind an unfinished import still lives. The lock is an empty SQLite file held exclusively:
 * the system drops it with the process, on every platform, so no process number can be mistaken for another.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Database } from 'better-sqlite3'
import { systemCode } from './catalogFault.ts'
import { importDirectory } from './database.ts'

export interface ImportLock {
  /** File name inside the catalog's imports folder; also the stem of the import's pack files. */
  readonly name: string
  release(): void
}

export function lockNewImport(directory: string): ImportLock {
  for (;;) {
    const name = randomBytes(8).toString('hex')
    const lock = tryLock(directory, name)
    // A sweeper may take and remove the file between its making and its locking: then it is not ours.
    if (lock && existsSync(join(importDirectory(directory), name))) return lock
  }
}

/** Null when a living import holds it. */
export function tryLock(directory: string, name: string): ImportLock | null {
  const path = join(importDirectory(directory), name)
  let database: Database | null = null
  try {
    database = new Sqlite(path, { timeout: 0 })
    database.pragma('journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
  } catch (thrown) {
    database?.close()
    if (systemCode(thrown).startsWith('SQLITE_BUSY')) return null
    throw thrown
  }
  const held = database
  return {
    name,
    release() {
      // Removed while still held, so nobody can lock it in between; Windows allows it only once closed.
      if (process.platform !== 'win32') rmSync(path, { force: true })
      held.close()
      rmSync(path, { force: true })
    },
  }
}
