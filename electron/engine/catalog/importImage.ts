/**
 * One import, in a thread of its own: reads, leaves out zeros, has chunks hashed, leaves out those the catalog holds,
 * has the rest packed, and appends them in the image's order. Nothing is visible until the last row is committed.
 */
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { CHUNK_BYTES, MAX_IMAGE_BYTES } from '../../../shared/protocol/limits.ts'
import { CatalogError } from './catalogFault.ts'
import { createChunkPool } from './chunkPool.ts'
import type { ChunkPool, PackedChunk } from './chunkPool.ts'
import { openDatabase, packDirectory } from './database.ts'
import { identifyImage } from './identifyImage.ts'
import { createImageRecords } from './imageRecords.ts'
import type { ImageRecord } from './imageRecords.ts'
import { lockNewImport } from './importLock.ts'
import type { ImportLock } from './importLock.ts'
import { createImportRows } from './importRows.ts'
import type { ImportRows, NewChunk } from './importRows.ts'
import { freeUnusedPacks } from './leftovers.ts'
import { createPackWriter, syncAndClose, syncDirectory, writeFault } from './packs.ts'
import type { PackWriter } from './packs.ts'
import { openSource } from './source.ts'
import type { Source } from './source.ts'
import { requireSpace } from './spaceNeeded.ts'
import type { ThreadContext } from './catalogThread.ts'

export interface ImportOrder {
  readonly task: 'import'
  readonly directory: string
  readonly path: string
  readonly name: string | null
}

export interface ImportOutcome {
  /** Read here, so that the caller has it even when it closed the catalog meanwhile. */
  readonly image: ImageRecord
  readonly isDuplicate: boolean
  readonly newStoredBytes: number
}

/** Rows wait for each other: one commit costs as much as a hundred rows. */
const BATCH_CHUNKS = 64

export async function importImage(
  order: ImportOrder,
  context: ThreadContext,
): Promise<ImportOutcome> {
  const source = await openSource(order.path)
  try {
    if (source.format === 'raw') requireSupportedSize(order.path, source.totalBytes)
    await requireSpace(source, order.directory)
    return await importSource(source, order, context)
  } finally {
    await source.close()
  }
}

/** Asked of a raw image before it is read, of a packed one as it grows. */
export function requireSupportedSize(path: string, imageBytes: number): void {
  if (imageBytes > MAX_IMAGE_BYTES)
    throw new CatalogError({ code: 'image/too-large', path, limitBytes: MAX_IMAGE_BYTES })
}

/** `disk.img.gz` is called "disk". */
export function nameOf(path: string): string {
  const file = basename(path)
  const name = file
    .replace(/\.(gz|xz|bz2|zst|zip)$/i, '')
    .replace(/\.(img|raw|dd|bin)$/i, '')
    .trim()
  return name === '' ? file : name
}

async function importSource(
  source: Source,
  { directory, path, name }: ImportOrder,
  context: ThreadContext,
): Promise<ImportOutcome> {
  const database = openDatabase(directory, false)
  let lock: ImportLock | null = null
  let writer: PackWriter | null = null
  let rows: ImportRows | null = null
  let isFinished = false
  try {
    lock = lockNewImport(directory)
    const started = createImportRows(database, lock.name, name ?? nameOf(path), basename(path))
    rows = started
    const pool = createChunkPool(
      started.hashing,
      source.format === 'xz' || source.format === 'zstd',
    )
    writer = createPackWriter(directory, lock.name, file => started.addPack(file))
    const read = await readAll(source, path, pool, rows, writer, context)
    context.report({ phase: 'finishing', ...progressOf(source, read.imageBytes) })
    const id = rows.identity(read.imageBytes)
    await writer.sync()
    await syncPacks(directory, rows)
    const { imageBytes, zeroBytes } = read
    const content = await identifyImage(database, directory, { key: rows.key, imageBytes })
    context.throwIfCancelled()
    database.pragma('synchronous = FULL')
    const isNew = rows.finish({ id, imageBytes, zeroBytes, content }, Date.now())
    isFinished = true
    if (!isNew) freeUnusedPacks(database, directory)
    const image = createImageRecords(database, directory).find(id)
    return { image, isDuplicate: !isNew, newStoredBytes: read.newStoredBytes }
  } finally {
    await writer?.close()
    try {
      if (!isFinished) {
        rows?.discard()
        freeUnusedPacks(database, directory)
      }
    } catch {
      // A disk so full that not even a row can be deleted: the image stays invisible, the next opening sweeps it.
    }
    database.close()
    lock?.release()
  }
}

interface ReadTotals {
  readonly imageBytes: number
  readonly zeroBytes: number
  readonly newStoredBytes: number
}

/** A chunk packed and waiting for its turn to be appended; null for a position that stores nothing. */
type Turn = { slot: number; hash: Uint8Array; rawBytes: number; packed: PackedChunk } | null

async function readAll(
  source: Source,
  path: string,
  pool: ChunkPool,
  rows: ImportRows,
  writer: PackWriter,
  context: ThreadContext,
): Promise<ReadTotals> {
  const zeros = Buffer.alloc(CHUNK_BYTES)
  /** Chunks of this image whose row is not yet committed, by hash: all positions that hold them. */
  const uncommitted = new Map<string, number[]>()
  const turns = new Map<number, Turn>()
  const batch: NewChunk[] = []
  let nextTurn = 0
  let isAppending = false
  let failure: { readonly thrown: unknown } | null = null
  let newStoredBytes = 0
  let underWay = 0
  let settled: (() => void) | null = null

  const fail = (thrown: unknown) => {
    failure ??= { thrown }
  }
  const commit = () => {
    if (batch.length === 0) return
    newStoredBytes += rows.add(batch)
    for (const chunk of batch) uncommitted.delete(keyOf(chunk.hash))
    batch.length = 0
  }
  const takeTurn = (position: number, turn: Turn) => {
    turns.set(position, turn)
    if (!isAppending) void appendTurns()
  }
  const appendTurns = async () => {
    isAppending = true
    for (let turn = turns.get(nextTurn); turn !== undefined; turn = turns.get(nextTurn)) {
      turns.delete(nextTurn++)
      if (turn === null) continue
      try {
        if (!failure) {
          const { hash, rawBytes } = turn
          const { stored, encoding } = turn.packed
          const place = await writer.append(stored)
          const storedBytes = stored.length
          const positions = uncommitted.get(keyOf(hash)) ?? []
          batch.push({ hash, rawBytes, storedBytes, encoding, positions, ...place })
          if (batch.length >= BATCH_CHUNKS) commit()
        }
      } catch (thrown) {
        fail(thrown)
      }
      pool.free(turn.slot)
      finishOne()
    }
    isAppending = false
  }
  const finishOne = () => {
    underWay--
    settled?.()
  }
  const work = async (slot: number, position: number, rawBytes: number) => {
    try {
      const hash = await pool.hash(slot, rawBytes)
      const key = keyOf(hash)
      const known = uncommitted.get(key)
      if (known) known.push(position)
      else if (!rows.hold(hash, position)) {
        uncommitted.set(key, [position])
        const packed = await pool.pack(slot, rawBytes)
        takeTurn(position, { slot, hash, rawBytes, packed })
        return
      }
    } catch (thrown) {
      fail(thrown)
    }
    pool.free(slot)
    takeTurn(position, null)
    finishOne()
  }

  let imageBytes = 0
  let zeroBytes = 0
  const read = async () => {
    for (let position = 0; !failure; position++) {
      const slot = await pool.take()
      context.throwIfCancelled()
      if (failure) return
      const bytes = pool.bytes(slot)
      const rawBytes = await source.read(bytes)
      if (rawBytes === 0) return
      imageBytes += rawBytes
      requireSupportedSize(path, imageBytes)
      if (zeros.compare(bytes, 0, rawBytes, 0, rawBytes) === 0) {
        zeroBytes += rawBytes
        pool.free(slot)
        takeTurn(position, null)
      } else {
        underWay++
        void work(slot, position, rawBytes)
      }
      context.report({ phase: 'reading', ...progressOf(source, imageBytes) })
      if (rawBytes < CHUNK_BYTES) return
    }
  }
  await read().catch(fail)
  // Whatever happened: no thread may still work on memory, files or rows that the caller closes next.
  while (underWay > 0) await new Promise<void>(resolve => (settled = resolve))
  const failed = failure as { readonly thrown: unknown } | null
  if (failed) throw failed.thrown
  if (imageBytes === 0) throw new CatalogError({ code: 'image/empty', path, isInside: true })
  commit()
  return { imageBytes, zeroBytes, newStoredBytes }
}

/** Chunks shared with an import that has not finished may lie in memory only; our image must not outlive them. */
async function syncPacks(directory: string, rows: ImportRows): Promise<void> {
  const packs = packDirectory(directory)
  try {
    for (const file of rows.packsToSync()) {
      await syncAndClose(await open(join(packs, file), 'r+'))
    }
    await syncDirectory(packs)
  } catch (thrown) {
    throw await writeFault(thrown, packs)
  }
}

function progressOf(source: Source, imageDoneBytes: number) {
  return {
    sourceDoneBytes: source.doneBytes(),
    sourceTotalBytes: source.totalBytes,
    imageDoneBytes,
  }
}

/** A hash as a map key: one character a byte. */
function keyOf(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('latin1')
}
