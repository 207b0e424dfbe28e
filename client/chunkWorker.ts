/**
 * Thread that keeps the disk away from the socket: checks and writes completed chunks, hashes whole targets, writes
 * zeros. One job at a time, in order; the descriptor is the process's own.
 */
import { hash } from 'node:crypto'
import { readSync, writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { zstdDecompressSync } from 'node:zlib'
import { CHUNK_BYTES, ZERO_CHUNK } from '../shared/protocol/limits.ts'
import { ENCODING, HASH_BYTES, positionBytes } from '../shared/protocol/manifest.ts'
import type { SharedManifest } from './shareManifest.ts'

export interface ChunkWorkerData {
  readonly shared: SharedManifest
  readonly fd: number | null
}

export type ChunkJob =
  | { readonly type: 'write'; readonly chunk: number; readonly bytes: Uint8Array }
  /** Compares positions first to before end with the manifest. */
  | { readonly type: 'scan'; readonly first: number; readonly end: number }
  /** Writes zeros at each position that does not read as zeros. */
  | { readonly type: 'zero'; readonly positions: readonly number[] }

export type ChunkJobDone =
  | { readonly type: 'write'; readonly chunk: number; readonly isGood: boolean }
  | { readonly type: 'scan'; readonly differing: readonly number[] }
  | { readonly type: 'zero' }
  | {
      readonly type: 'failed'
      readonly job: ChunkJob['type']
      readonly code: string
      readonly reason: string
    }

if (parentPort === null) throw new Error('chunkWorker runs as a thread')
const port = parentPort
const { shared, fd } = workerData as ChunkWorkerData
const { manifest } = shared
const buffer = Buffer.alloc(CHUNK_BYTES)
const zeros = Buffer.alloc(CHUNK_BYTES)

port.on('message', (job: ChunkJob) => {
  try {
    port.postMessage(run(job))
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException
    const failed: ChunkJobDone = {
      type: 'failed',
      job: job.type,
      code: error.code ?? '',
      reason: error.message,
    }
    port.postMessage(failed)
  }
})

function run(job: ChunkJob): ChunkJobDone {
  switch (job.type) {
    case 'write':
      return { type: 'write', chunk: job.chunk, isGood: writeChunk(job.chunk, job.bytes) }
    case 'scan':
      return { type: 'scan', differing: scan(job.first, job.end) }
    case 'zero':
      for (const position of job.positions) zeroPosition(position)
      return { type: 'zero' }
  }
}

/** False when the content is not the manifest's; nothing is written then. */
function writeChunk(chunk: number, stored: Uint8Array): boolean {
  const first = shared.firstPosition[chunk] ?? 0
  const end = shared.firstPosition[chunk + 1] ?? 0
  const rawBytes = positionBytes(manifest.imageBytes, shared.positionsOf[first] ?? 0)
  const raw = unpack(stored, manifest.encodings[chunk] === ENCODING.zstd, rawBytes)
  if (raw === null || !isChunk(raw, chunk)) return false
  for (let i = first; i < end; i++) writeAt(raw, (shared.positionsOf[i] ?? 0) * CHUNK_BYTES)
  return true
}

function unpack(stored: Uint8Array, isZstd: boolean, rawBytes: number): Uint8Array | null {
  if (!isZstd) return stored
  try {
    const raw = zstdDecompressSync(stored, { maxOutputLength: rawBytes })
    return raw.length === rawBytes ? raw : null
  } catch {
    return null // Forged or damaged on the way: asked for again.
  }
}

function isChunk(raw: Uint8Array, chunk: number): boolean {
  const expected = manifest.hashes.subarray(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES)
  return hash('sha256', raw, 'buffer').equals(expected)
}

function scan(first: number, end: number): number[] {
  const differing: number[] = []
  for (let position = first; position < end; position++) {
    const raw = readPosition(position)
    const chunk = manifest.positions[position] ?? ZERO_CHUNK
    const isSame = raw !== null && (chunk === ZERO_CHUNK ? isZero(raw) : isChunk(raw, chunk))
    if (!isSame) differing.push(position)
  }
  return differing
}

function zeroPosition(position: number): void {
  const raw = readPosition(position)
  if (raw !== null && isZero(raw)) return // Keeps holes and trimmed blocks as they are.
  const bytes = positionBytes(manifest.imageBytes, position)
  writeAt(zeros.subarray(0, bytes), position * CHUNK_BYTES)
}

function isZero(raw: Buffer): boolean {
  return raw.equals(zeros.subarray(0, raw.length))
}

/** A view of the thread's buffer; null when the target ends early. */
function readPosition(position: number): Buffer | null {
  if (fd === null) return null
  const bytes = positionBytes(manifest.imageBytes, position)
  for (let done = 0; done < bytes;) {
    const read = readSync(fd, buffer, done, bytes - done, position * CHUNK_BYTES + done)
    if (read === 0) return null
    done += read
  }
  return buffer.subarray(0, bytes)
}

function writeAt(bytes: Uint8Array, offset: number): void {
  if (fd === null) return
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, offset + done)
  }
}
