import { expect, test } from 'vitest'
import { seededRandom } from '../seededRandom.ts'
import { decodeAsk, encodeAsk } from './askPacket.ts'
import { ASK_BYTES, MAX_ANNOUNCE_BYTES } from './limits.ts'

test('an ASK is as long as the longest answer, so that nobody can be flooded by answers', () => {
  expect(Buffer.from(encodeAsk()).subarray(0, 4).toString('hex')).toBe('15000448')
  expect(encodeAsk()).toHaveLength(1096)
  expect(ASK_BYTES).toBeGreaterThanOrEqual(MAX_ANNOUNCE_BYTES)
  expect(decodeAsk(encodeAsk())).toEqual({ kind: 'ask' })
})

test('an ASK cut at any byte, or longer than it says, is malformed', () => {
  const ask = encodeAsk()
  for (let bytes = 0; bytes < ask.length; bytes++) {
    expect(decodeAsk(ask.subarray(0, bytes)).kind).toBe('malformed')
  }
  expect(decodeAsk(new Uint8Array([...ask, 0])).kind).toBe('malformed')
})

test('only its own version and type are taken, and no flags', () => {
  for (let byte = 0; byte < 256; byte++) {
    const first = encodeAsk()
    first[0] = byte
    expect(decodeAsk(first).kind).toBe(byte === 0x15 ? 'ask' : 'malformed')
    const flags = encodeAsk()
    flags[1] = byte
    expect(decodeAsk(flags).kind).toBe(byte === 0 ? 'ask' : 'malformed')
  }
})

test('noise is never taken for an ASK', () => {
  const random = seededRandom(5)
  for (let i = 0; i < 2_000; i++) {
    const noise = Uint8Array.from(
      { length: i % 2 === 0 ? ASK_BYTES : Math.floor(random() * 1_200) },
      () => random() * 256,
    )
    noise[0] = 0x15
    expect(decodeAsk(noise).kind).toBe('malformed')
  }
})
