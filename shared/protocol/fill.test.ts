import { expect, test } from 'vitest'
import { seededRandom } from '../seededRandom.ts'
import { decodeFill, encodeFill, MAX_FILL_BYTES } from './fill.ts'
import { MAX_CONTROL_MESSAGE_BYTES, MAX_FILL_SYMBOLS } from './limits.ts'
import type { SessionId } from './packet.ts'

const symbol = (number: number) => ({
  session: 0xc0ff_ee01 as SessionId,
  chunk: 2,
  block: 0,
  symbol: number,
  k: 4,
  blockCount: 1,
  storedBytes: 5_000,
  payload: new Uint8Array(number === 3 ? 5_000 - 3 * 1408 : 1408).fill(number),
})

function reason(message: Uint8Array): string {
  const fill = decodeFill(message)
  return fill.kind === 'malformed' ? fill.reason : 'accepted'
}

test('the golden message, byte for byte', () => {
  const message = encodeFill([symbol(3)])
  expect(Buffer.from(message.subarray(0, 28)).toString('hex')).toBe(
    '03000000 1101 0308 c0ffee01 00000002 00 03 04 01 00000000 00001388'.replaceAll(' ', ''),
  )
  expect(message).toHaveLength(28 + 776)
})

test('symbols come back as they were, with no number in the run', () => {
  const fill = decodeFill(encodeFill([symbol(0), symbol(3)]))
  if (fill.kind !== 'fill') throw new Error(fill.reason)
  expect(fill.packets).toEqual(
    [symbol(0), symbol(3)].map(one => ({ kind: 'data', isRepeat: true, txSeq: 0, ...one })),
  )
})

test('a message cut at any byte is refused, but where a symbol ends', () => {
  const message = encodeFill([symbol(3), symbol(3)])
  const end = 4 + 24 + 776
  for (let length = 0; length < message.length; length++) {
    const expected = length === end ? 'accepted' : length === 4 ? 'empty' : 'truncated'
    expect(reason(message.subarray(0, length))).toBe(expected)
  }
})

test('what is no fill, has a number in the run, or too many symbols is refused', () => {
  const spoil = (at: number, byte: number): string => {
    const message = encodeFill([symbol(0)])
    message[at] = byte
    return reason(message)
  }
  expect(spoil(0, 2)).toBe('type')
  expect([1, 2, 3].map(at => spoil(at, 1))).toEqual(['reserved', 'reserved', 'reserved'])
  expect(spoil(4 + 19, 1)).toBe('txSeq')
  expect(spoil(4 + 13, 9)).toBe('symbol')
  const full = encodeFill(Array.from({ length: MAX_FILL_SYMBOLS }, () => symbol(0)))
  expect(full).toHaveLength(MAX_FILL_BYTES)
  expect(MAX_FILL_BYTES).toBeLessThan(MAX_CONTROL_MESSAGE_BYTES)
  expect(reason(full)).toBe('accepted')
  const one = encodeFill([symbol(0)]).subarray(4)
  expect(reason(Uint8Array.from([...full, ...one]))).toBe('symbols')
  expect(() => encodeFill(Array.from({ length: 65 }, () => symbol(0)))).toThrow('too many')
})

test('random bytes never throw', () => {
  const random = seededRandom(3)
  for (let i = 0; i < 2_000; i++) {
    const message = new Uint8Array(Math.floor(random() * 3_000)).map(() => random() * 256)
    message[0] = 3
    expect(reason(message)).not.toBe('accepted')
  }
})
