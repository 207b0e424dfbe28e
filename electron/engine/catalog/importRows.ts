/**
 * The rows of one import under way. Chunks are found and held in one statement, so an image deleted meanwhile never
 * takes away what this import already counts on.
 */
import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { CHUNK_BYTES } from '../../../shared/protocol/limits.ts'
import { HASH_BYTES, identityBytes } from '../../../shared/protocol/manifest.ts'
import type { Encoding, Hashing } from '../../../shared/protocol/manifest.ts'
import type { Content } from '../../../shared/content.ts'
import { createContentRows } from './contentRows.ts'

export interface NewChunk {
  readonly hash: Uint8Array
  readonly file: string
  readonly offsetBytes: number
  readonly storedBytes: number
  readonly rawBytes: number
  readonly encoding: Encoding
  readonly positions: readonly number[]
}

export interface ImportRows {
  /** Of its row in the table `images`. */
  readonly key: number
  /**
   * That of the images in the catalog, unfinished ones too: equal chunks are stored once, and the same file again mends
   * what is damaged. In a catalog without any, BLAKE3.
   */
  readonly hashing: Hashing
  addPack(file: string): void
  /** True when the catalog holds this chunk; the position then refers to it. */
  hold(hash: Uint8Array, position: number): boolean
  /** Returns how many bytes were new. A chunk that another import stored meanwhile is used instead of ours. */
  add(chunks: readonly NewChunk[]): number
  /** SHA-256 of the manifest's identity, hex. */
  identity(imageBytes: number): string
  /** Pack files that this image needs and that may not be on the disk yet. */
  packsToSync(): string[]
  /** Makes the image visible; false when an image with this identity exists (then this one is gone). */
  finish(finished: FinishedImport, nowMs: number): boolean
  discard(): void
}

export interface FinishedImport {
  /** See `identity`. */
  readonly id: string
  readonly imageBytes: number
  readonly zeroBytes: number
  /** Null where it could not be looked at. */
  readonly content: Content | null
}

export function createImportRows(
  database: Database,
  lock: string,
  name: string,
  sourceName: string,
): ImportRows {
  const sql = prepare(database)
  const started = sql.start.get(name, sourceName, lock, Date.now())
  if (!started) throw new Error('a row that was inserted is not returned')
  const { key: image, hashing } = started
  const contents = createContentRows(database)

  const add = database.transaction((chunks: readonly NewChunk[]) => {
    let newBytes = 0
    for (const { hash, file, offsetBytes, storedBytes, rawBytes, encoding, positions } of chunks) {
      const stored = sql.addChunk.run({ hash, file, offsetBytes, storedBytes, rawBytes, encoding })
      newBytes += stored.changes * storedBytes
      for (const position of positions) sql.hold.run(image, position, hash)
    }
    return newBytes
  })

  const finish = database.transaction((finished: FinishedImport, nowMs: number): boolean => {
    const { content, ...sizes } = finished
    if (sql.byId.get(sizes.id)) {
      sql.discard.run(image)
      return false
    }
    sql.release.run(image)
    sql.finish.run({ image, ...sizes, nowMs })
    if (content !== null) contents.keep(image, content)
    sql.mend.run()
    return true
  })

  return {
    key: image,
    hashing,
    addPack: file => void sql.addPack.run(file, image),
    hold(hash, position) {
      // Asked first without the write lock: most chunks of a new image are not known.
      return (
        sql.isKnown.get(hash) !== undefined && sql.hold.run(image, position, hash).changes === 1
      )
    },
    add: chunks => add.immediate(chunks),
    identity(imageBytes) {
      const none = new Uint8Array(0)
      const positions = new Uint32Array(0)
      const columns = { hashes: none, storedBytes: positions, encodings: none, positions }
      const hash = createHash('sha256').update(identityBytes({ imageBytes, hashing, ...columns }))
      const zeros = new Uint8Array(HASH_BYTES)
      let next = 0
      for (const row of sql.hashes.iterate(image)) {
        while (next++ < row.position) hash.update(zeros)
        hash.update(row.hash)
      }
      const count = Math.ceil(imageBytes / CHUNK_BYTES)
      while (next++ < count) hash.update(zeros)
      return hash.digest('hex')
    },
    packsToSync: () => sql.packsToSync.all(image).map(row => row.file),
    finish: (...values) => finish.immediate(...values),
    discard: () => void sql.discard.run(image),
  }
}

function prepare(database: Database) {
  return {
    // One statement: of imports that start together in an empty catalog, the later takes what the first did.
    start: database.prepare<
      [string, string, string, number],
      { readonly key: number; readonly hashing: Hashing }
    >(
      `INSERT INTO images (name, source_name, format, import_lock, created_at_ms, hashing)
       VALUES (?, ?, 'raw', ?, ?, coalesce((SELECT hashing FROM images ORDER BY key LIMIT 1), 'blake3'))
       RETURNING key, hashing`,
    ),
    addPack: database.prepare<[string, number]>(
      'INSERT INTO packs (file, writer_key) VALUES (?, ?)',
    ),
    isKnown: database.prepare<[Uint8Array]>(
      'SELECT 1 FROM chunks WHERE hash = ? AND is_damaged = 0',
    ),
    hold: database.prepare<[number, number, Uint8Array]>(
      `INSERT INTO positions (image_key, position, chunk_key)
       SELECT ?, ?, key FROM chunks WHERE hash = ? AND is_damaged = 0`,
    ),
    // A damaged chunk is mended by the good copy, for every image that holds it.
    addChunk: database.prepare<[Omit<NewChunk, 'positions'>]>(
      `INSERT INTO chunks (hash, pack_key, offset_bytes, stored_bytes, raw_bytes, encoding)
       VALUES (@hash, (SELECT key FROM packs WHERE file = @file), @offsetBytes, @storedBytes, @rawBytes, @encoding)
       ON CONFLICT (hash) DO UPDATE SET pack_key = excluded.pack_key, offset_bytes = excluded.offset_bytes,
         stored_bytes = excluded.stored_bytes, encoding = excluded.encoding, is_damaged = 0
       WHERE is_damaged = 1`,
    ),
    hashes: database.prepare<[number], { position: number; hash: Uint8Array }>(
      `SELECT position, hash FROM positions JOIN chunks ON chunks.key = chunk_key
       WHERE image_key = ? ORDER BY position`,
    ),
    packsToSync: database.prepare<[number], { file: string }>(
      `SELECT file FROM packs WHERE is_durable = 0 AND key IN (
         SELECT pack_key FROM positions JOIN chunks ON chunks.key = chunk_key WHERE image_key = ?)`,
    ),
    byId: database.prepare<[string]>('SELECT 1 FROM images WHERE id = ?'),
    release: database.prepare<[number]>(
      'UPDATE packs SET writer_key = NULL, is_durable = 1 WHERE writer_key = ?',
    ),
    finish: database.prepare<
      [{ image: number; id: string; imageBytes: number; zeroBytes: number; nowMs: number }]
    >(
      `UPDATE images SET id = @id, import_lock = NULL, image_bytes = @imageBytes, zero_bytes = @zeroBytes,
         created_at_ms = @nowMs, stored_bytes = (
           SELECT coalesce(sum(stored_bytes), 0) FROM chunks
           WHERE key IN (SELECT chunk_key FROM positions WHERE image_key = @image))
       WHERE key = @image`,
    ),
    // Images found damaged that hold no damaged chunk any more count as not verified.
    mend: database.prepare(
      `UPDATE images SET is_intact = NULL, verified_at_ms = NULL WHERE is_intact = 0 AND NOT EXISTS (
         SELECT 1 FROM positions JOIN chunks ON chunks.key = chunk_key
         WHERE image_key = images.key AND is_damaged = 1)`,
    ),
    discard: database.prepare<[number]>('DELETE FROM images WHERE key = ?'),
  }
}
