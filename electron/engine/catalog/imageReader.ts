/**
 * An image's content again, position after position, each chunk proven against its hash. Some chunks ahead are read and
 * unpacked on the system's thread pool while one is being used.
 */
import { hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { CHUNK_BYTES, ZERO_CHUNK } from '../../../shared/protocol/limits.ts'
import { ENCODING, HASH_BYTES, positionBytes } from '../../../shared/protocol/manifest.ts'
import { causeOf, systemCode } from './catalogFault.ts'
import type { ImageLayout } from './imageLayout.ts'

export interface DamagedChunk {
  readonly packPath: string
  readonly packOffsetBytes: number
  readonly reason: string
}

export interface ImagePart {
  readonly position: number
  readonly offsetBytes: number
  readonly rawBytes: number
  /** Null for zeros; the chunk's content; or why that cannot be had. */
  readonly content: Uint8Array | DamagedChunk | null
}

/** Chunks under way at once: 8 MiB, and enough to keep the thread pool's four threads busy. */
const AHEAD = 8

/** Pack files held open at once, far below any system's limit for a process. */
const MAX_OPEN_PACKS = 16

const unpackZstd = promisify(zstdDecompress)

export async function* readImage(layout: ImageLayout): AsyncGenerator<ImagePart> {
  const { imageBytes, positions } = layout.manifest
  const packs = createPackFiles(layout.packPaths)
  const ahead: Promise<ImagePart>[] = []
  const start = (position: number): Promise<ImagePart> => {
    const offsetBytes = position * CHUNK_BYTES
    const rawBytes = positionBytes(imageBytes, position)
    const chunk = positions[position] ?? ZERO_CHUNK
    const part = { position, offsetBytes, rawBytes }
    if (chunk === ZERO_CHUNK) return Promise.resolve({ ...part, content: null })
    return readChunk(layout, packs, chunk, rawBytes).then(content => ({ ...part, content }))
  }
  try {
    for (let position = 0; position < positions.length; position++) {
      while (ahead.length < AHEAD && position + ahead.length < positions.length) {
        ahead.push(start(position + ahead.length))
      }
      const next = ahead.shift()
      if (next) yield await next
    }
  } finally {
    await Promise.allSettled(ahead)
    await packs.close()
  }
}

export function isDamaged(content: ImagePart['content']): content is DamagedChunk {
  return content !== null && 'reason' in content
}

/** The chunk, or why not: damage is a value here, because a verify goes on to find the rest. */
async function readChunk(
  layout: ImageLayout,
  packs: PackFiles,
  chunk: number,
  rawBytes: number,
): Promise<Uint8Array | DamagedChunk> {
  const index = layout.packIndex[chunk] ?? 0
  const packOffsetBytes = layout.offsetBytes[chunk] ?? 0
  const stored = new Uint8Array(layout.manifest.storedBytes[chunk] ?? 0)
  const damaged = (reason: string): DamagedChunk => {
    return { packPath: layout.packPaths[index] ?? '', packOffsetBytes, reason }
  }
  try {
    const bytesRead = await packs.read(index, stored, packOffsetBytes)
    if (bytesRead < stored.length) return damaged('the pack file ends too early')
  } catch (thrown) {
    return damaged(systemCode(thrown) === 'ENOENT' ? 'the pack file is missing' : causeOf(thrown))
  }
  let raw: Uint8Array = stored
  if (layout.manifest.encodings[chunk] === ENCODING.zstd) {
    try {
      raw = await unpackZstd(stored, { maxOutputLength: rawBytes, chunkSize: rawBytes + 64 })
    } catch {
      return damaged('the stored bytes do not unpack')
    }
  }
  const wanted = layout.manifest.hashes.subarray(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES)
  const isEqual = raw.length === rawBytes && hash('sha256', raw, 'buffer').equals(wanted)
  return isEqual ? raw : damaged('the stored bytes have changed')
}

interface PackFiles {
  read(index: number, target: Uint8Array, offsetBytes: number): Promise<number>
  close(): Promise<void>
}

function createPackFiles(paths: readonly string[]): PackFiles {
  const files = new Map<number, { handle: Promise<FileHandle>; users: number }>()
  const closeIdle = async () => {
    for (const [index, file] of files) {
      if (files.size <= MAX_OPEN_PACKS) return
      if (file.users > 0) continue
      files.delete(index)
      await file.handle.then(
        handle => handle.close(),
        () => {},
      )
    }
  }
  return {
    async read(index, target, offsetBytes) {
      const file = files.get(index) ?? { handle: open(paths[index] ?? '', 'r'), users: 0 }
      files.set(index, file)
      file.users++
      try {
        const handle = await file.handle
        let done = 0
        while (done < target.length) {
          const { bytesRead } = await handle.read(
            target,
            done,
            target.length - done,
            offsetBytes + done,
          )
          if (bytesRead === 0) break
          done += bytesRead
        }
        return done
      } finally {
        file.users--
        await closeIdle()
      }
    },
    async close() {
      for (const { handle } of files.values()) {
        await handle.then(
          opened => opened.close(),
          () => {},
        )
      }
    },
  }
}
