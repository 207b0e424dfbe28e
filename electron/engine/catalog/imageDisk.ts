/**
 * An image's content at any place, for those who look at little of it: each chunk is found by itself, so that nothing is
 * read of an image's thousands of others, and an import can look at its own before it is finished.
 */
import type { Database } from 'better-sqlite3'
import { join } from 'node:path'
import { CHUNK_BYTES } from '../../../shared/protocol/limits.ts'
import { type Hashing, positionBytes } from '../../../shared/protocol/manifest.ts'
import { createDisk } from './content/content.ts'
import type { Disk } from './content/content.ts'
import { packDirectory } from './database.ts'
import { isDamaged } from './imageReader.ts'
import { createPackFiles, readStoredChunk } from './storedChunk.ts'

export interface ImageDisk extends Disk {
  /** False once something could not be read because it is damaged. */
  isSound(): boolean
  close(): Promise<void>
}

export interface DiskImage {
  /** Of its row in the table `images`. */
  readonly key: number
  readonly imageBytes: number
}

/** MiB in memory. Tables, directories and the records they name are seldom further apart. */
const CACHED_CHUNKS = 8

/** A hostile image may lead from one end to the other: unpacking so many takes a second or two. */
const MAX_CHUNKS = 512

interface Row {
  readonly file: string
  readonly packOffsetBytes: number
  readonly storedBytes: number
  readonly encoding: number
  readonly hashing: Hashing
  readonly hash: Uint8Array
}

export function openImageDisk(database: Database, directory: string, image: DiskImage): ImageDisk {
  const { key, imageBytes } = image
  const rows = database.prepare<[number, number], Row>(
    `SELECT file, offset_bytes AS packOffsetBytes, chunks.stored_bytes AS storedBytes, encoding, hashing, hash
     FROM positions JOIN chunks ON chunks.key = chunk_key JOIN packs ON packs.key = pack_key
       JOIN images ON images.key = image_key
     WHERE image_key = ? AND position = ?`,
  )
  const packs = createPackFiles()
  const zeros = new Uint8Array(CHUNK_BYTES)
  /** The least recently used first. */
  const cached = new Map<number, Uint8Array>()
  let chunks = 0
  let isSound = true

  async function load(position: number): Promise<Uint8Array | null> {
    const row = rows.get(key, position)
    if (row === undefined) return zeros
    if (chunks++ >= MAX_CHUNKS) return null
    const chunk = { ...row, packPath: join(packDirectory(directory), row.file) }
    const content = await readStoredChunk(chunk, packs, positionBytes(imageBytes, position))
    if (!isDamaged(content)) return content
    isSound = false
    return null
  }

  async function chunkAt(position: number): Promise<Uint8Array | null> {
    const chunk = cached.get(position) ?? (await load(position))
    if (chunk === null) return null
    cached.delete(position)
    cached.set(position, chunk)
    const [oldest] = cached.keys()
    if (cached.size > CACHED_CHUNKS && oldest !== undefined) cached.delete(oldest)
    return chunk
  }

  const disk = createDisk(imageBytes, async (offsetBytes, lengthBytes) => {
    const bytes = new Uint8Array(lengthBytes)
    for (let done = 0; done < lengthBytes;) {
      const at = offsetBytes + done
      const chunk = await chunkAt(Math.floor(at / CHUNK_BYTES))
      if (chunk === null) return null
      const inside = at % CHUNK_BYTES
      const part = chunk.subarray(inside, Math.min(inside + lengthBytes - done, CHUNK_BYTES))
      bytes.set(part, done)
      done += part.length
    }
    return bytes
  })
  return { ...disk, isSound: () => isSound, close: () => packs.close() }
}
