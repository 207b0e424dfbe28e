import { expect, test } from 'vitest'
import { decodeSync, encodeSync } from './syncPacket.ts'
import type { SessionId } from './packet.ts'

const PACKET = {
  isReportNow: true,
  isReportWanted: false,
  mayReportsWait: false,
  isPaused: false,
  pass: 0x0102,
  session: 0xc0ff_ee01 as SessionId,
  txSeq: 0xfffe_fdfc,
}

test('the golden packet, byte for byte', () => {
  expect(Buffer.from(encodeSync(PACKET)).toString('hex')).toBe(
    '1201 0102 c0ffee01 fffefdfc'.replaceAll(' ', ''),
  )
})

test('every set of flags comes back as it was', () => {
  for (let bits = 0; bits < 16; bits++) {
    const packet = {
      ...PACKET,
      isReportNow: (bits & 1) !== 0,
      isPaused: (bits & 2) !== 0,
      isReportWanted: (bits & 4) !== 0,
      mayReportsWait: (bits & 8) !== 0,
    }
    expect(encodeSync(packet)[1]).toBe(bits)
    expect(decodeSync(encodeSync(packet))).toEqual({ kind: 'sync', ...packet })
  }
})

test('the pass stops counting where its field ends', () => {
  expect(decodeSync(encodeSync({ ...PACKET, pass: 70_000 }))).toMatchObject({ pass: 0xffff })
})

test('cut at every byte, or longer, it is refused', () => {
  const bytes = encodeSync(PACKET)
  for (let length = 0; length < bytes.length; length++) {
    expect(decodeSync(bytes.subarray(0, length)).kind).toBe('malformed')
  }
  expect(decodeSync(Uint8Array.from([...bytes, 0]))).toEqual({
    kind: 'malformed',
    reason: 'length',
  })
})

test('unknown flags and other types are refused, whatever else the bytes say', () => {
  for (let byte = 0; byte < 256; byte++) {
    const flags = encodeSync(PACKET)
    flags[1] = byte
    expect(decodeSync(flags).kind).toBe(byte <= 15 ? 'sync' : 'malformed')
    const first = encodeSync(PACKET)
    first[0] = byte
    expect(decodeSync(first).kind).toBe(byte === 0x12 ? 'sync' : 'malformed')
  }
})
