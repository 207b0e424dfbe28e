/**
 * Refuses an import that cannot fit, before it begins. How far an image will shrink cannot be known, so a raw one is
 * sampled; a compressed one needs about what it has now. Whatever the estimate says, a disk that fills up later is a
 * clean fault too.
 */
import { CHUNK_BYTES } from '../../../shared/protocol/limits.ts'
import { CatalogError } from './catalogFault.ts'
import { packChunk } from './packChunk.ts'
import { freeBytesAt } from './packs.ts'
import type { Source } from './source.ts'

/** 48 samples of 128 KiB: some 30 ms of work, and an error of about a tenth. */
const SAMPLES = 48
const SAMPLE_BYTES = 131_072

/** Images shorter than this are not worth sampling. */
const SMALL_BYTES = 64 * CHUNK_BYTES

/** Refuse only when even a tenth less than the estimate would not fit. */
const TOLERANCE = 0.9

export async function requireSpace(source: Source, directory: string): Promise<void> {
  const freeBytes = await freeBytesAt(directory)
  if (source.allocatedBytes <= freeBytes && source.format === 'raw') return
  const neededBytes = await estimateBytes(source)
  if (neededBytes * TOLERANCE > freeBytes)
    throw new CatalogError({ code: 'disk/full', path: directory, freeBytes, neededBytes })
}

async function estimateBytes(source: Source): Promise<number> {
  if (source.format !== 'raw' || source.totalBytes < SMALL_BYTES) return source.allocatedBytes
  const sample = new Uint8Array(SAMPLE_BYTES)
  const stepBytes = source.totalBytes / SAMPLES
  let rawBytes = 0
  let storedBytes = 0
  for (let i = 0; i < SAMPLES; i++) {
    const length = await source.peek(sample, Math.floor((i + Math.random()) * stepBytes))
    const bytes = sample.subarray(0, length)
    rawBytes += length
    if (bytes.some(byte => byte !== 0)) storedBytes += (await packChunk(bytes))?.length ?? length
  }
  return Math.ceil((source.totalBytes * storedBytes) / Math.max(1, rawBytes))
}
