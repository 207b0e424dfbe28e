import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CHUNK_BYTES, SYMBOL_BYTES } from '../../../shared/protocol/limits.ts'
import { openChunkReader } from './chunkReader.ts'

const CHUNKS = 200
const STORED = 3_000

let directory: string
let pack: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-reader-'))
  pack = path.join(directory, 'pack')
  const bytes = Buffer.alloc(CHUNKS * STORED)
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    bytes.fill(chunk + 1, chunk * STORED, (chunk + 1) * STORED)
  }
  fs.writeFileSync(pack, bytes)
})
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

function source(storedBytes = STORED) {
  return {
    packPaths: [pack],
    packIndex: new Uint32Array(CHUNKS),
    offsetBytes: Float64Array.from({ length: CHUNKS }, (_, chunk) => chunk * STORED),
    storedBytes: new Uint32Array(CHUNKS).fill(storedBytes),
  }
}

const isOf = (bytes: Uint8Array, chunk: number): boolean =>
  bytes.subarray(0, STORED).every(byte => byte === chunk + 1)

describe('reading chunks to send', () => {
  it('pads a chunk with zeros to whole symbols, also where other bytes lay before', () => {
    const reader = openChunkReader(source(), 0)
    for (let round = 0; round < 2; round++) {
      for (let chunk = 0; chunk < CHUNKS; chunk++) {
        const bytes = reader.read(chunk)
        expect(bytes).toHaveLength(3 * SYMBOL_BYTES)
        expect(isOf(bytes, chunk)).toBe(true)
        expect(bytes.subarray(STORED).every(byte => byte === 0)).toBe(true)
      }
    }
    reader.close()
  })

  it('leaves what was read as it was for as many reads as are promised', () => {
    const reader = openChunkReader(source(), 150)
    const first = reader.read(0)
    for (let chunk = 1; chunk <= 150; chunk++) reader.read(chunk)
    expect(isOf(first, 0)).toBe(true)
    reader.close()
  })

  it('uses memory again after that', () => {
    const reader = openChunkReader(source(), 10)
    const memories = new Set<ArrayBufferLike>()
    for (let chunk = 0; chunk < CHUNKS; chunk++) memories.add(reader.read(chunk).buffer)
    const bytes = [...memories].reduce((sum, memory) => sum + memory.byteLength, 0)
    expect(bytes).toBeLessThan(16 * (CHUNK_BYTES + SYMBOL_BYTES))
    reader.close()
  })

  it('keeps the chunk that is read again and again', () => {
    const reader = openChunkReader(source(), 0)
    const first = reader.read(7)
    for (let chunk = 20; chunk < CHUNKS; chunk++) {
      reader.read(chunk)
      expect(reader.read(7)).toBe(first)
    }
    expect(isOf(first, 7)).toBe(true)
    reader.close()
  })

  it('says which pack ends too soon', () => {
    const reader = openChunkReader(source(CHUNKS * STORED + 1), 0)
    expect(() => reader.read(0)).toThrow(`pack ${pack} ends inside chunk 0`)
    reader.close()
  })
})
