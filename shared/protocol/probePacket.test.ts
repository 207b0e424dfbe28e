import { expect, test } from 'vitest'
import { seededRandom } from '../seededRandom.ts'
import { MAX_PROBE_BYTES, MAX_PROBE_DATAGRAMS, PROBE_HEADER_BYTES } from './limits.ts'
import type { SessionId } from './packet.ts'
import { decodeProbe, encodeProbe } from './probePacket.ts'

const PACKET = {
  session: 0xc0ff_ee01 as SessionId,
  id: 0xfffe_fdfc,
  index: 0x0102,
  count: 0x0304,
  bytes: 20,
}

test('the golden packet, byte for byte', () => {
  expect(Buffer.from(encodeProbe(PACKET)).toString('hex')).toBe(
    '1400 0014 c0ffee01 fffefdfc 0102 0304 00000000'.replaceAll(' ', ''),
  )
})

test('the smallest, the largest and the last of a run come back as they were', () => {
  for (const bytes of [PROBE_HEADER_BYTES, 1432, MAX_PROBE_BYTES]) {
    const packet = { ...PACKET, count: MAX_PROBE_DATAGRAMS, index: MAX_PROBE_DATAGRAMS - 1, bytes }
    const datagram = encodeProbe(packet)
    expect(datagram).toHaveLength(bytes)
    expect(decodeProbe(datagram)).toEqual({ kind: 'probe', ...packet })
  }
})

test('cut at every byte, or longer than it says or than any may be, it is refused', () => {
  const datagram = encodeProbe(PACKET)
  for (let length = 0; length < datagram.length; length++) {
    expect(decodeProbe(datagram.subarray(0, length)).kind).toBe('malformed')
  }
  const length = { kind: 'malformed', reason: 'length' }
  expect(decodeProbe(Uint8Array.from([...datagram, 0]))).toEqual(length)
  expect(decodeProbe(encodeProbe({ ...PACKET, bytes: MAX_PROBE_BYTES + 1 }))).toEqual(length)
})

test('a number past the run, an endless run, flags and other types are refused', () => {
  const refused = [
    { ...PACKET, index: PACKET.count },
    { ...PACKET, count: 0, index: 0 },
    { ...PACKET, count: MAX_PROBE_DATAGRAMS + 1 },
  ]
  for (const packet of refused) {
    expect(decodeProbe(encodeProbe(packet))).toEqual({ kind: 'malformed', reason: 'count' })
  }
  for (let byte = 0; byte < 256; byte++) {
    const flags = encodeProbe(PACKET)
    flags[1] = byte
    expect(decodeProbe(flags).kind).toBe(byte === 0 ? 'probe' : 'malformed')
    const first = encodeProbe(PACKET)
    first[0] = byte
    expect(decodeProbe(first).kind).toBe(byte === 0x14 ? 'probe' : 'malformed')
  }
})

test('random bytes never throw', () => {
  const random = seededRandom(4)
  for (let i = 0; i < 2000; i++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 40) }, () => random() * 256)
    if (bytes.length > 0 && i % 2 === 0) bytes[0] = 0x14
    const packet = decodeProbe(bytes)
    if (packet.kind === 'probe') expect(packet.index).toBeLessThan(packet.count)
  }
})
