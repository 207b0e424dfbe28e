/**
 * Thread that keeps the disk away from the socket: decodes, checks and writes completed chunks, hashes whole targets,
 * writes zeros. One job at a time, in order; descriptors are the process's own.
 */
import { readSync, writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { zstdDecompressSync } from 'node:zlib'
import { hashChunk } from '../electron/engine/chunkHash/chunkHash.ts'
import { reserveSpace } from '../electron/engine/libc/libc.ts'
import { createErasureCode, type ErasureCode } from '../shared/fec/fec.ts'
import { CHUNK_BYTES, ZERO_CHUNK } from '../shared/protocol/limits.ts'
import { ENCODING, HASH_BYTES, positionBytes } from '../shared/protocol/manifest.ts'
import type { SharedManifest } from './shareManifest.ts'
import { isAsSealed, seal, type Seals } from './seals.ts'
import { solve, type UnsolvedBlock } from './unsolved.ts'

export type ChunkRequest =
  | {
      readonly type: 'open'
      readonly target: number
      readonly shared: SharedManifest
      readonly seals: Seals
      readonly fd: number | null
      /** Rehearses a slow disk; null: as fast as it is. */
      readonly writeBytesPerSecond: number | null
    }
  | { readonly type: 'job'; readonly target: number; readonly job: ChunkJob }
  | { readonly type: 'close'; readonly target: number }

export type ChunkJob =
  /** `bytes` is shared memory: nothing is copied on the way here. */
  | {
      readonly type: 'write'
      readonly chunk: number
      readonly bytes: Uint8Array
      readonly unsolved: readonly UnsolvedBlock[]
    }
  /** Compares positions first to before end with the manifest. */
  | { readonly type: 'scan'; readonly first: number; readonly end: number }
  /** Reserves the space of positions first to before end, but for those of zeros. */
  | { readonly type: 'reserve'; readonly first: number; readonly end: number }
  /** Writes zeros at each position that does not read as zeros. */
  | { readonly type: 'zero'; readonly positions: readonly number[] }

export type ChunkJobDone =
  | {
      readonly type: 'write'
      readonly chunk: number
      readonly isGood: boolean
      readonly checkMs: number
      readonly writeMs: number
    }
  | { readonly type: 'scan'; readonly differing: readonly number[] }
  | { readonly type: 'reserve'; readonly isPossible: boolean }
  | { readonly type: 'zero' }
  | {
      readonly type: 'failed'
      readonly job: ChunkJob['type']
      readonly code: string
      readonly reason: string
    }

/** Every request is answered, in order. */
export type ChunkAnswer = ChunkJobDone | { readonly type: 'opened' } | { readonly type: 'closed' }

interface OpenedTarget {
  readonly shared: SharedManifest
  readonly seals: Seals
  readonly fd: number | null
  readonly writeBytesPerSecond: number | null
}

if (parentPort === null) throw new Error('chunkWorker runs as a thread')
const port = parentPort
const targets = new Map<number, OpenedTarget>()
const buffer = Buffer.alloc(CHUNK_BYTES)
/** Made before the first target is open: at the first loss many receivers on one computer would make theirs at once. */
let code: ErasureCode | null = null
const zeros = Buffer.alloc(CHUNK_BYTES)
/** Of zlib's own output buffers. */
const LEAST_PIECE_BYTES = 64
const sleeping = new Int32Array(new SharedArrayBuffer(4))

port.on('message', (request: ChunkRequest) => {
  if (request.type === 'open') {
    targets.set(request.target, request)
    code ??= createErasureCode()
    answer({ type: 'opened' })
  } else if (request.type === 'close') {
    targets.delete(request.target)
    answer({ type: 'closed' })
  } else answer(attempt(request.target, request.job))
})

function answer(message: ChunkAnswer): void {
  port.postMessage(message)
}

function attempt(id: number, job: ChunkJob): ChunkJobDone {
  const target = targets.get(id)
  if (target === undefined) throw new Error(`a job for target ${id}, which is not open`)
  try {
    return run(target, job)
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException
    return { type: 'failed', job: job.type, code: error.code ?? '', reason: error.message }
  }
}

function run(target: OpenedTarget, job: ChunkJob): ChunkJobDone {
  switch (job.type) {
    case 'write':
      return writeChunk(target, job)
    case 'scan':
      return { type: 'scan', differing: scan(target, job.first, job.end) }
    case 'reserve':
      return { type: 'reserve', isPossible: reserve(target, job.first, job.end) }
    case 'zero':
      for (const position of job.positions) zeroPosition(target, position)
      return { type: 'zero' }
  }
}

/** Not good when the content is not the manifest's; nothing is written then. */
function writeChunk(
  target: OpenedTarget,
  { chunk, bytes, unsolved }: ChunkJob & { readonly type: 'write' },
): ChunkJobDone {
  const { shared, writeBytesPerSecond } = target
  const { manifest } = shared
  const startMs = performance.now()
  if (unsolved.length > 0) solve((code ??= createErasureCode()), bytes, unsolved)
  const first = shared.firstPosition[chunk] ?? 0
  const end = shared.firstPosition[chunk + 1] ?? 0
  const rawBytes = positionBytes(manifest.imageBytes, shared.positionsOf[first] ?? 0)
  const raw = unpack(bytes, manifest.encodings[chunk] === ENCODING.zstd, rawBytes)
  const isGood = raw !== null && isChunk(shared, raw, chunk)
  const checkedMs = performance.now()
  if (isGood) {
    for (let i = first; i < end; i++) {
      writeAt(target, raw, (shared.positionsOf[i] ?? 0) * CHUNK_BYTES)
    }
    seal(target.seals, chunk, raw)
    if (writeBytesPerSecond !== null) {
      Atomics.wait(sleeping, 0, 0, ((end - first) * rawBytes * 1000) / writeBytesPerSecond)
    }
  }
  const writeMs = performance.now() - checkedMs
  return { type: 'write', chunk, isGood, checkMs: checkedMs - startMs, writeMs }
}

function unpack(stored: Uint8Array, isZstd: boolean, rawBytes: number): Uint8Array | null {
  if (!isZstd) return stored
  try {
    // One piece of the size that is expected: the default of 16 KiB would be put together from many.
    const chunkSize = Math.max(LEAST_PIECE_BYTES, rawBytes)
    const raw = zstdDecompressSync(stored, { maxOutputLength: rawBytes, chunkSize })
    return raw.length === rawBytes ? raw : null
  } catch {
    return null // Forged or damaged on the way: asked for again.
  }
}

function isChunk({ manifest }: SharedManifest, raw: Uint8Array, chunk: number): boolean {
  const expected = manifest.hashes.subarray(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES)
  return hashChunk(manifest.hashing, raw).equals(expected)
}

function scan(target: OpenedTarget, first: number, end: number): number[] {
  const { shared, seals } = target
  const differing: number[] = []
  for (let position = first; position < end; position++) {
    const raw = readPosition(target, position)
    const chunk = shared.manifest.positions[position] ?? ZERO_CHUNK
    const isSame =
      raw !== null &&
      (chunk === ZERO_CHUNK
        ? isZero(raw)
        : (isAsSealed(seals, chunk, raw) ?? isChunk(shared, raw, chunk)))
    if (!isSame) differing.push(position)
  }
  return differing
}

function reserve({ shared, fd }: OpenedTarget, first: number, end: number): boolean {
  const { positions, imageBytes } = shared.manifest
  const isZero = (position: number): boolean => positions[position] === ZERO_CHUNK
  for (let from = first; from < end;) {
    let to = from
    while (to < end && !isZero(to)) to++
    const offset = from * CHUNK_BYTES
    const bytes = Math.min(imageBytes, to * CHUNK_BYTES) - offset
    if (to > from && (fd === null || !reserveSpace(fd, offset, bytes))) return false
    from = to + 1
  }
  return true
}

function zeroPosition(target: OpenedTarget, position: number): void {
  const raw = readPosition(target, position)
  if (raw !== null && isZero(raw)) return // Keeps holes and trimmed blocks as they are.
  const bytes = positionBytes(target.shared.manifest.imageBytes, position)
  writeAt(target, zeros.subarray(0, bytes), position * CHUNK_BYTES)
}

function isZero(raw: Buffer): boolean {
  return raw.equals(zeros.subarray(0, raw.length))
}

/** A view of the thread's buffer; null when the target ends early. */
function readPosition({ shared, fd }: OpenedTarget, position: number): Buffer | null {
  if (fd === null) return null
  const bytes = positionBytes(shared.manifest.imageBytes, position)
  for (let done = 0; done < bytes;) {
    const read = readSync(fd, buffer, done, bytes - done, position * CHUNK_BYTES + done)
    if (read === 0) return null
    done += read
  }
  return buffer.subarray(0, bytes)
}

function writeAt({ fd }: OpenedTarget, bytes: Uint8Array, offset: number): void {
  if (fd === null) return
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, offset + done)
  }
}
