/**
 * Writes an image's content again, byte for byte. A file appears under its name only when it is whole and on the disk;
 * a block device is written in place. Damaged chunks end the export: never a wrong byte.
 */
import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CHUNK_BYTES, ZERO_CHUNK } from '../../../shared/protocol/limits.ts'
import { CatalogError, systemCode } from './catalogFault.ts'
import type { ThreadContext } from './catalogThread.ts'
import { openDatabase } from './database.ts'
import { readLayout } from './imageLayout.ts'
import type { ImageLayout } from './imageLayout.ts'
import { isDamaged, readImage } from './imageReader.ts'
import { freeBytesAt, syncDirectory, writeFault } from './packs.ts'
import { blockDeviceBytes, specialKind } from './source.ts'

export interface ExportOrder {
  readonly task: 'export'
  readonly directory: string
  readonly imageId: string
  readonly imageName: string
  readonly toPath: string
}

export interface ExportOutcome {
  readonly bytes: number
}

export async function exportImage(
  order: ExportOrder,
  context: ThreadContext,
): Promise<ExportOutcome> {
  const layout = layoutOf(order)
  const bytes = layout.manifest.imageBytes
  const { toPath } = order
  const stats = await statsOf(toPath)
  if (stats?.isBlockDevice()) {
    requireDeviceSize(toPath, stats, bytes)
    await writeDevice(layout, order, context)
    return { bytes }
  }
  const kind = stats ? specialKind(stats) : null
  if (kind === 'directory') throw new CatalogError({ code: 'disk/directory', path: toPath })
  if (kind !== null) throw new CatalogError({ code: 'disk/special-file', path: toPath, kind })
  await requireFreeSpace(toPath, layout)
  await writeFile(layout, order, context)
  return { bytes }
}

/** Null where nothing is yet. */
async function statsOf(path: string): Promise<Stats | null> {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null
  } catch (thrown) {
    throw await writeFault(thrown, path)
  }
}

function layoutOf({ directory, imageId }: ExportOrder): ImageLayout {
  const database = openDatabase(directory, true)
  try {
    return readLayout(database, directory, imageId)
  } finally {
    database.close()
  }
}

function requireDeviceSize(path: string, stats: Stats, neededBytes: number): void {
  const sizeBytes = blockDeviceBytes(path, stats)
  if (sizeBytes < neededBytes)
    throw new CatalogError({ code: 'disk/too-small', path, sizeBytes, neededBytes })
}

async function requireFreeSpace(toPath: string, { manifest }: ImageLayout): Promise<void> {
  // Zeros become holes.
  const chunks = manifest.positions.reduce((sum, chunk) => sum + (chunk === ZERO_CHUNK ? 0 : 1), 0)
  const neededBytes = Math.min(manifest.imageBytes, chunks * CHUNK_BYTES)
  const path = dirname(toPath)
  try {
    const freeBytes = await freeBytesAt(path)
    if (freeBytes < neededBytes)
      throw new CatalogError({ code: 'disk/full', path, freeBytes, neededBytes })
  } catch (thrown) {
    throw await writeFault(thrown, toPath)
  }
}

async function writeFile(
  layout: ImageLayout,
  order: ExportOrder,
  context: ThreadContext,
): Promise<void> {
  const { toPath } = order
  const part = join(dirname(toPath), `.${basename(toPath)}.${randomBytes(4).toString('hex')}.part`)
  try {
    const handle = await open(part, 'wx')
    try {
      await handle.truncate(layout.manifest.imageBytes)
      await writeContent(layout, order, context, handle, false)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(part, toPath)
    await syncDirectory(dirname(toPath))
  } catch (thrown) {
    await rm(part, { force: true }).catch(() => {})
    throw await writeFault(thrown, toPath)
  }
}

async function writeDevice(
  layout: ImageLayout,
  order: ExportOrder,
  context: ThreadContext,
): Promise<void> {
  try {
    const handle = await open(order.toPath, 'r+')
    try {
      await writeContent(layout, order, context, handle, true)
      await handle.datasync()
    } finally {
      await handle.close()
    }
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOSPC')
      throw await writeFault(new Error('it ended early'), order.toPath)
    throw await writeFault(thrown, order.toPath)
  }
}

async function writeContent(
  layout: ImageLayout,
  order: ExportOrder,
  context: ThreadContext,
  handle: FileHandle,
  isWritingZeros: boolean,
): Promise<void> {
  const zeros = new Uint8Array(CHUNK_BYTES)
  const sourceTotalBytes = layout.manifest.imageBytes
  for await (const { offsetBytes, rawBytes, content } of readImage(layout)) {
    context.throwIfCancelled()
    if (isDamaged(content))
      throw new CatalogError({
        code: 'image/damaged',
        name: order.imageName,
        offsetBytes,
        ...content,
      })
    if (content) await writeAll(handle, content, offsetBytes)
    else if (isWritingZeros) await writeAll(handle, zeros.subarray(0, rawBytes), offsetBytes)
    const done = offsetBytes + rawBytes
    context.report({
      phase: 'reading',
      sourceDoneBytes: done,
      imageDoneBytes: done,
      sourceTotalBytes,
    })
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, offsetBytes: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(
      bytes,
      done,
      bytes.length - done,
      offsetBytes + done,
    )
    done += bytesWritten
  }
}
