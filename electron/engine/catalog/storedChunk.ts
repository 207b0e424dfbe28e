/** One chunk as it lies in a pack file: read, unpacked and proven against its hash. */
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { ENCODING, type Hashing } from '../../../shared/protocol/manifest.ts'
import { hashChunk } from '../chunkHash/chunkHash.ts'
import { causeOf, systemCode } from './catalogFault.ts'

export interface StoredChunk {
  readonly packPath: string
  readonly packOffsetBytes: number
  readonly storedBytes: number
  /** One of ENCODING. */
  readonly encoding: number
  readonly hashing: Hashing
  /** Of its content, by `hashing`. */
  readonly hash: Uint8Array
}

export interface DamagedChunk {
  readonly packPath: string
  readonly packOffsetBytes: number
  readonly reason: string
}

export interface PackFiles {
  /** How many bytes there were. Throws the system's own error. */
  read(path: string, target: Uint8Array, offsetBytes: number): Promise<number>
  close(): Promise<void>
}

/** Pack files held open at once, far below any system's limit for a process. */
const MAX_OPEN_PACKS = 16

const unpackZstd = promisify(zstdDecompress)

/** The chunk, or why not: damage is a value here, because a verify goes on to find the rest. */
export async function readStoredChunk(
  chunk: StoredChunk,
  packs: PackFiles,
  rawBytes: number,
): Promise<Uint8Array | DamagedChunk> {
  const { packPath, packOffsetBytes } = chunk
  const stored = new Uint8Array(chunk.storedBytes)
  const damaged = (reason: string): DamagedChunk => ({ packPath, packOffsetBytes, reason })
  try {
    const bytesRead = await packs.read(packPath, stored, packOffsetBytes)
    if (bytesRead < stored.length) return damaged('the pack file ends too early')
  } catch (thrown) {
    return damaged(systemCode(thrown) === 'ENOENT' ? 'the pack file is missing' : causeOf(thrown))
  }
  let raw: Uint8Array = stored
  if (chunk.encoding === ENCODING.zstd) {
    try {
      raw = await unpackZstd(stored, { maxOutputLength: rawBytes, chunkSize: rawBytes + 64 })
    } catch {
      return damaged('the stored bytes do not unpack')
    }
  }
  const isEqual = raw.length === rawBytes && hashChunk(chunk.hashing, raw).equals(chunk.hash)
  return isEqual ? raw : damaged('the stored bytes have changed')
}

export function createPackFiles(): PackFiles {
  const files = new Map<string, { handle: Promise<FileHandle>; users: number }>()
  const closeIdle = async () => {
    for (const [path, file] of files) {
      if (files.size <= MAX_OPEN_PACKS) return
      if (file.users > 0) continue
      files.delete(path)
      await file.handle.then(
        handle => handle.close(),
        () => {},
      )
    }
  }
  return {
    async read(path, target, offsetBytes) {
      const file = files.get(path) ?? { handle: open(path, 'r'), users: 0 }
      files.set(path, file)
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
