/**
 * The catalog's SQLite database: WAL so that readers never wait for an import, STRICT tables, numbered migrations.
 * Any number of processes and threads may open it; each has its own connection.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Database } from 'better-sqlite3'
import { CatalogError, causeOf, systemCode } from './catalogFault.ts'
import { sql as images } from './schema/0001-images.ts'
import { sql as sessions } from './schema/0002-sessions.ts'
import { sql as recordsOfSessions } from './schema/0003-records.ts'
import { sql as bench } from './schema/0004-bench.ts'
import { sql as contents } from './schema/0005-contents.ts'
import { sql as hashing } from './schema/0006-hashing.ts'

export const MIGRATIONS: readonly string[] = [
  images,
  sessions,
  recordsOfSessions,
  bench,
  contents,
  hashing,
]

/** Writes of other connections are short (one batch of chunks); deleting a large image takes some seconds. */
const BUSY_TIMEOUT_MS = 20_000

export function packDirectory(directory: string): string {
  return join(directory, 'packs')
}

export function importDirectory(directory: string): string {
  return join(directory, 'imports')
}

/**
 * Opens or makes the database, newest schema. `isDurable` false lets a power cut undo the last commits (never
 * corrupting): right for the rows of an unfinished import.
 */
export function openDatabase(directory: string, isDurable: boolean): Database {
  try {
    mkdirSync(packDirectory(directory), { recursive: true })
    mkdirSync(importDirectory(directory), { recursive: true })
    const database = new Sqlite(join(directory, 'catalog.db'), { timeout: BUSY_TIMEOUT_MS })
    try {
      database.pragma('journal_mode = WAL')
      database.pragma('foreign_keys = ON')
      database.pragma(`synchronous = ${isDurable ? 'FULL' : 'NORMAL'}`)
      migrate(database, directory)
      return database
    } catch (thrown) {
      database.close()
      throw thrown
    }
  } catch (thrown) {
    throw databaseFault(thrown, directory)
  }
}

/** The fault behind a failed statement: a full disk and a busy database have their own words. */
export function databaseFault(thrown: unknown, directory: string): CatalogError {
  if (thrown instanceof CatalogError) return thrown
  const code = systemCode(thrown)
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return new CatalogError({ code: 'catalog/busy', directory }, { cause: thrown })
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    const fault = { code: 'disk/full', path: directory, freeBytes: 0, neededBytes: null } as const
    return new CatalogError(fault, { cause: thrown })
  }
  const cause = UNUSABLE[code] ?? causeOf(thrown)
  return new CatalogError({ code: 'catalog/unusable', directory, cause }, { cause: thrown })
}

/** A failed statement as its fault; anything else as it came. */
export function databaseFaultOr(thrown: unknown, directory: string): unknown {
  const isSqlite = thrown instanceof Error && thrown.name === 'SqliteError'
  return isSqlite ? databaseFault(thrown, directory) : thrown
}

const UNUSABLE: Readonly<Record<string, string>> = {
  SQLITE_NOTADB: 'catalog.db is not a database',
  SQLITE_CORRUPT: 'catalog.db is damaged',
  SQLITE_CANTOPEN: 'catalog.db may not be opened',
  SQLITE_READONLY: 'catalog.db may not be written',
  SQLITE_READONLY_DIRECTORY: 'the folder may not be written',
  EEXIST: 'a file stands where the folder should be',
}

function migrate(database: Database, directory: string): void {
  const known = MIGRATIONS.length
  if (versionOf(database) === known) return
  // Immediate: of two programs that start together one migrates and the other then finds nothing to do.
  database
    .transaction(() => {
      const version = versionOf(database)
      if (version > known)
        throw new CatalogError({ code: 'catalog/newer', directory, version, known })
      for (const sql of MIGRATIONS.slice(version)) database.exec(sql)
      database.pragma(`user_version = ${known}`)
    })
    .immediate()
}

function versionOf(database: Database): number {
  return Number(database.pragma('user_version', { simple: true }))
}
