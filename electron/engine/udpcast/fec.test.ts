import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { mend, STOCK } from './fec.fixture.ts'
import { createParity, STRIPES } from './fec.ts'
import { BLOCK_BYTES } from './packet.ts'

function noise(sizeBytes: number, seed: number): Uint8Array {
  const random = seededRandom(seed)
  return Uint8Array.from({ length: sizeBytes }, () => random() * 256)
}

function cut(slice: Uint8Array, blockBytes: number): Map<number, Uint8Array> {
  const blocks = Math.ceil(slice.length / blockBytes)
  const at = (block: number): number => block * blockBytes
  return new Map(
    Array.from({ length: blocks }, (_, i) => [i, slice.subarray(at(i), at(i + 1))] as const),
  )
}

function parityOf(blocks: ReadonlyMap<number, Uint8Array>): Map<number, Uint8Array> {
  const parity = createParity()
  // What a slice before has left must not matter.
  parity.begin(1024)
  for (let block = 0; block < 20; block++) parity.add(block, noise(BLOCK_BYTES, block))
  parity.begin(blocks.size)
  for (const [number, block] of blocks) parity.add(number, block)
  return new Map(parity.numbers().map(number => [number, parity.block(number)]))
}

describe('parity', () => {
  it('is that of the stock sender, byte for byte', () => {
    const image = noise(STOCK.imageBytes, STOCK.seed)
    for (const { startByte, bytes, parity } of STOCK.slices) {
      const slice = image.subarray(startByte, startByte + bytes)
      const found = [...parityOf(cut(slice, STOCK.blockBytes)).values()]
      const hex = found.map(block =>
        Buffer.from(block.subarray(0, STOCK.blockBytes)).toString('hex'),
      )
      expect(hex).toEqual(parity.trim().split(/\s+/))
    }
  })

  it('mends any sixteen losses of each stripe, and no seventeenth', () => {
    const random = seededRandom(5)
    for (const count of [1, 7, 100, 1024]) {
      const slice = noise(count * BLOCK_BYTES, count)
      const blocks = cut(slice, BLOCK_BYTES)
      const parity = parityOf(blocks)
      expect(parity.size).toBe(Math.min(count, STRIPES) * 16)
      const kept = new Map(blocks)
      for (let stripe = 0; stripe < Math.min(count, STRIPES); stripe++) {
        const all = [
          ...[...blocks.keys()].map(number => ({ from: kept, number })),
          ...[...parity.keys()].map(number => ({ from: parity, number })),
        ].filter(({ number }) => number % STRIPES === stripe)
        for (let i = 0; i < 16; i++) {
          const [lost] = all.splice(Math.floor(random() * all.length), 1)
          lost?.from.delete(lost.number)
        }
      }
      const mended = mend(kept, parity, count, STRIPES)
      expect(mended?.size).toBe(count - kept.size)
      for (const [number, block] of mended ?? []) {
        expect(Buffer.compare(block, blocks.get(number)!), `block ${number}`).toBe(0)
      }
      const last = [...kept.keys()].find(number => !mended?.has(number))
      if (last === undefined) continue
      kept.delete(last)
      expect(mend(kept, parity, count, STRIPES)).toBeNull()
    }
  })

  it('fills a short block up with zeros', () => {
    const short = noise(5, 1)
    const full = new Uint8Array(BLOCK_BYTES)
    full.set(short)
    expect(parityOf(new Map([[0, short]]))).toEqual(parityOf(new Map([[0, full]])))
  })
})
