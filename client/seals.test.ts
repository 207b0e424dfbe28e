import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { CHUNK_BYTES } from '../shared/protocol/limits.ts'
import { createSeals, isAsSealed, seal } from './seals.ts'

const RAW = new Uint8Array(randomBytes(CHUNK_BYTES))

test('content is known again, also after it was shared with a thread', () => {
  const seals = createSeals(3)
  seal(seals, 1, RAW)
  expect(isAsSealed(seals, 1, RAW.slice())).toBe(true)
  expect(isAsSealed(structuredClone(seals), 1, RAW)).toBe(true)
})

test('a single bit, a byte less or more, and zeros in its place are noticed', () => {
  const seals = createSeals(1)
  seal(seals, 0, RAW)
  for (const at of [0, 1, 4095, 65_536, CHUNK_BYTES - 1]) {
    for (const bit of [1, 0x80]) {
      const changed = RAW.slice()
      changed[at] = (changed[at] ?? 0) ^ bit
      expect(isAsSealed(seals, 0, changed)).toBe(false)
    }
  }
  expect(isAsSealed(seals, 0, RAW.subarray(0, -1))).toBe(false)
  expect(isAsSealed(seals, 0, new Uint8Array([...RAW, 0]))).toBe(false)
  expect(isAsSealed(seals, 0, new Uint8Array(CHUNK_BYTES))).toBe(false)
  expect(isAsSealed(seals, 0, new Uint8Array(0))).toBe(false)
})

test('a chunk without a seal says so, and a new seal takes the place of the old', () => {
  const seals = createSeals(2)
  expect(isAsSealed(seals, 0, RAW)).toBe(null)
  seal(seals, 0, RAW)
  expect(isAsSealed(seals, 1, RAW)).toBe(null)
  const other = RAW.toReversed()
  seal(seals, 0, other)
  expect(isAsSealed(seals, 0, RAW)).toBe(false)
  expect(isAsSealed(seals, 0, other)).toBe(true)
})

test('the same content has another seal in another run', () => {
  const [one, other] = [createSeals(1), createSeals(1)]
  seal(one, 0, RAW)
  seal(other, 0, RAW)
  expect(one.tags).not.toEqual(other.tags)
})
