/** Where an image's chunks lie: its manifest, and for each chunk the pack file and the offset in it. */
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { CHUNK_BYTES, ZERO_CHUNK } from '../../../shared/protocol/limits.ts'
import { HASH_BYTES } from '../../../shared/protocol/manifest.ts'
import type { Hashing, Manifest } from '../../../shared/protocol/manifest.ts'
import { CatalogError } from './catalogFault.ts'
import { packDirectory } from './database.ts'

/** Plain arrays, so that it can be posted to another thread. Entry i of each column is the manifest's chunk i. */
export interface ImageLayout {
  readonly manifest: Manifest
  readonly packPaths: readonly string[]
  /** Index into packPaths. */
  readonly packIndex: Uint32Array
  readonly offsetBytes: Float64Array
}

interface Row {
  readonly position: number
  readonly chunk: number
  readonly hash: Uint8Array
  readonly pack: number
  readonly offset: number
  readonly stored: number
  readonly encoding: number
}

export function readLayout(database: Database, directory: string, imageId: string): ImageLayout {
  const image = database
    .prepare<[string], { key: number; bytes: number; hashing: Hashing }>(
      'SELECT key, image_bytes AS bytes, hashing FROM images WHERE id = ?',
    )
    .get(imageId)
  if (!image) throw new CatalogError({ code: 'image/not-found', name: imageId })
  const rows = database.prepare<[number], Row>(`
    SELECT position, chunk_key AS chunk, hash, pack_key AS pack, offset_bytes AS offset,
      stored_bytes AS stored, encoding
    FROM positions JOIN chunks ON chunks.key = chunk_key WHERE image_key = ? ORDER BY position`)
  const count = database
    .prepare<[number], { chunks: number }>(
      'SELECT count(DISTINCT chunk_key) AS chunks FROM positions WHERE image_key = ?',
    )
    .get(image.key)
  const columns = emptyColumns(count?.chunks ?? 0, Math.ceil(image.bytes / CHUNK_BYTES))
  const chunkIndex = new Map<number, number>()
  const packs = new Map<number, number>()
  for (const row of rows.iterate(image.key)) {
    let chunk = chunkIndex.get(row.chunk)
    if (chunk === undefined) {
      chunk = chunkIndex.size
      chunkIndex.set(row.chunk, chunk)
      if (!packs.has(row.pack)) packs.set(row.pack, packs.size)
      columns.hashes.set(row.hash, chunk * HASH_BYTES)
      columns.storedBytes[chunk] = row.stored
      columns.encodings[chunk] = row.encoding
      columns.packIndex[chunk] = packs.get(row.pack) ?? 0
      columns.offsetBytes[chunk] = row.offset
    }
    columns.positions[row.position] = chunk
  }
  const { packIndex, offsetBytes, ...manifest } = columns
  return {
    manifest: { imageBytes: image.bytes, hashing: image.hashing, ...manifest },
    packPaths: packPaths(database, directory, [...packs.keys()]),
    packIndex,
    offsetBytes,
  }
}

function emptyColumns(chunkCount: number, positionCount: number) {
  return {
    hashes: new Uint8Array(chunkCount * HASH_BYTES),
    storedBytes: new Uint32Array(chunkCount),
    encodings: new Uint8Array(chunkCount),
    positions: new Uint32Array(positionCount).fill(ZERO_CHUNK),
    packIndex: new Uint32Array(chunkCount),
    offsetBytes: new Float64Array(chunkCount),
  }
}

function packPaths(database: Database, directory: string, keys: readonly number[]): string[] {
  const file = database.prepare<[number], { file: string }>('SELECT file FROM packs WHERE key = ?')
  return keys.map(key => join(packDirectory(directory), file.get(key)?.file ?? ''))
}
