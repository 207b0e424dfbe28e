import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MIB, sampleMib, writeSampleImage } from './sampleImage.ts'

let directory: string
beforeEach(() => (directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-sample-'))))
afterEach(() => fs.rmSync(directory, { recursive: true }))

describe('the sample image', () => {
  it('is the same bytes each time, and its hash is that of the file', async () => {
    const file = path.join(directory, 'sample.img')
    const sample = await writeSampleImage(file, 16, new AbortController().signal)
    const content = fs.readFileSync(file)
    expect(sample).toEqual({
      path: file,
      imageBytes: 16 * MIB,
      sha256Hex: 'ac238a121c4bf009f7e7b46b5fecd580830b40ce615cbc9e181c2cabc0e31cfa',
    })
    expect(createHash('sha256').update(content).digest('hex')).toBe(sample.sha256Hex)
    expect(content.length).toBe(16 * MIB)
  })

  it('begins like a disk and holds text, noise, repeats and emptiness', () => {
    const parts = Array.from({ length: 32 }, (_, at) => sampleMib(at))
    expect(parts[0]?.readUInt16LE(510)).toBe(0xaa55)
    const packed = parts.map(part => (part === null ? 0 : zstdCompressSync(part).length / MIB))
    expect(packed.filter(share => share === 0)).toHaveLength(8) // zeros
    expect(packed.filter(share => share > 0.01 && share < 0.5)).toHaveLength(6) // text
    expect(packed.filter(share => share > 0.99)).toHaveLength(17) // noise, and what repeats
    const kinds = new Set(parts.map(part => part?.toString('latin1') ?? ''))
    expect(kinds.size).toBe(32 - 7 - 3) // eight zeros are one, four repeats are one
  })

  it('stops when told to', async () => {
    const stopped = AbortSignal.abort(new Error('stopped'))
    await expect(writeSampleImage(path.join(directory, 'x'), 16, stopped)).rejects.toThrow(
      'stopped',
    )
  })
})
