/**
 * Frees what nobody uses: the rows and packs of imports whose process died, and packs without an image. Safe beside
 * living imports of any process: theirs are locked, and every decision is one transaction.
 */
import { readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { importDirectory, packDirectory } from './database.ts'
import { tryLock } from './importLock.ts'

/** On opening a catalog: as it would be had the dead imports never begun. */
export function sweepLeftovers(database: Database, directory: string): void {
  const dead = database.prepare<[string]>('DELETE FROM images WHERE import_lock = ?')
  const rows = database.prepare<[], { name: string }>(
    'SELECT import_lock AS name FROM images WHERE import_lock IS NOT NULL',
  )
  const names = new Set(rows.all().map(row => row.name))
  for (const file of readdirSync(importDirectory(directory))) {
    names.add(file.replace(/-(journal|wal|shm)$/, ''))
  }
  for (const name of names) {
    const lock = tryLock(directory, name)
    if (!lock) continue
    dead.run(name)
    lock.release()
    rmSync(join(importDirectory(directory), `${name}-journal`), { force: true })
  }
  freeUnusedPacks(database, directory)
  sweepFiles(database, directory)
}

/** Deletes packs that hold no chunk of any image. Returns the bytes given back to the disk. */
export function freeUnusedPacks(database: Database, directory: string): number {
  const unused = database.prepare<[], { key: number; file: string }>(`
    SELECT key, file FROM packs AS p WHERE writer_key IS NULL AND NOT EXISTS (
      SELECT 1 FROM chunks AS c JOIN positions AS q ON q.chunk_key = c.key WHERE c.pack_key = p.key)`)
  const dropChunks = database.prepare<[number]>('DELETE FROM chunks WHERE pack_key = ?')
  const dropPack = database.prepare<[number]>('DELETE FROM packs WHERE key = ?')
  const freed = database
    .transaction(() => {
      const packs = unused.all()
      for (const pack of packs) {
        dropChunks.run(pack.key)
        dropPack.run(pack.key)
      }
      return packs
    })
    .immediate()
  let freedBytes = 0
  for (const { file } of freed) freedBytes += removeFile(join(packDirectory(directory), file))
  return freedBytes
}

/** Files that lost their row to a crash between commit and unlink, and what a dead import wrote behind its last row. */
function sweepFiles(database: Database, directory: string): void {
  // Listed before asking: a row is always committed before its file is made.
  const files = readdirSync(packDirectory(directory))
  const row = database.prepare<[string], { key: number; writer: number | null }>(
    'SELECT key, writer_key AS writer FROM packs WHERE file = ?',
  )
  const end = database.prepare<[number], { bytes: number | null }>(
    'SELECT max(offset_bytes + stored_bytes) AS bytes FROM chunks WHERE pack_key = ?',
  )
  for (const file of files) {
    const path = join(packDirectory(directory), file)
    const pack = row.get(file)
    if (!pack) removeFile(path)
    else if (pack.writer === null) {
      const bytes = end.get(pack.key)?.bytes ?? 0
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > bytes) truncateSync(path, bytes)
    }
  }
}

function removeFile(path: string): number {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  rmSync(path, { force: true })
  return bytes
}
