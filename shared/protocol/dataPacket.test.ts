import { expect, test } from 'vitest'
import { seededRandom } from '../seededRandom.ts'
import { type DataPacket, decodeData, encodeDataHeader } from './dataPacket.ts'
import { DATA_HEADER_BYTES, SYMBOL_BYTES } from './limits.ts'
import type { SessionId } from './packet.ts'

const PACKET: Omit<DataPacket, 'kind' | 'payload'> = {
  isRepeat: true,
  session: 0xc0ff_ee01 as SessionId,
  chunk: 0x0001_0203,
  block: 5,
  symbol: 7,
  k: 124,
  blockCount: 6,
  txSeq: 0xfffe_fdfc,
  storedBytes: 1_048_576,
}

function datagram(packet: Omit<DataPacket, 'kind' | 'payload'>, payloadBytes: number): Uint8Array {
  const bytes = new Uint8Array(DATA_HEADER_BYTES + payloadBytes).fill(0xab)
  encodeDataHeader(bytes, packet, payloadBytes)
  return bytes
}

function reason(bytes: Uint8Array): string {
  const packet = decodeData(bytes)
  return packet.kind === 'malformed' ? packet.reason : 'accepted'
}

test('the golden header, byte for byte', () => {
  const header = datagram(PACKET, SYMBOL_BYTES).subarray(0, DATA_HEADER_BYTES)
  expect(Buffer.from(header).toString('hex')).toBe(
    '1101 0580 c0ffee01 00010203 05 07 7c 06 fffefdfc 00100000'.replaceAll(' ', ''),
  )
})

test('a packet comes back as it was', () => {
  const bytes = datagram(PACKET, SYMBOL_BYTES)
  const packet = decodeData(bytes)
  expect(packet).toEqual({ kind: 'data', ...PACKET, payload: bytes.subarray(DATA_HEADER_BYTES) })
})

test('the last symbol of the last block may be short, and only it', () => {
  const last = { ...PACKET, block: 5, symbol: 123 }
  const shortBytes = 1_048_576 - 744 * SYMBOL_BYTES
  expect(reason(datagram(last, shortBytes))).toBe('accepted')
  expect(reason(datagram(last, SYMBOL_BYTES))).toBe('payload')
  expect(reason(datagram(PACKET, shortBytes))).toBe('payload')
})

test('a repair symbol carries a whole symbol', () => {
  const repair = { ...PACKET, symbol: 128 }
  expect(reason(datagram(repair, SYMBOL_BYTES))).toBe('accepted')
  expect(reason(datagram({ ...repair, symbol: 255 }, SYMBOL_BYTES))).toBe('accepted')
  expect(reason(datagram(repair, SYMBOL_BYTES - 1))).toBe('payload')
})

test('cut at every byte it is refused', () => {
  const bytes = datagram(PACKET, SYMBOL_BYTES)
  for (let length = 0; length < bytes.length; length++) {
    expect(decodeData(bytes.subarray(0, length)).kind).toBe('malformed')
  }
  expect(reason(Uint8Array.from([...bytes, 0]))).toBe('length')
})

test('sizes that contradict each other are refused by reason', () => {
  const cases: [Partial<DataPacket>, string][] = [
    [{ storedBytes: 0 }, 'stored size'],
    [{ storedBytes: 1_048_577 }, 'stored size'],
    [{ blockCount: 5 }, 'block'],
    [{ block: 6 }, 'block'],
    [{ k: 125 }, 'k'],
    [{ block: 0 }, 'k'],
    [{ symbol: 124 }, 'symbol'],
    [{ symbol: 127 }, 'symbol'],
  ]
  for (const [change, expected] of cases) {
    expect(reason(datagram({ ...PACKET, ...change }, SYMBOL_BYTES))).toBe(expected)
  }
  const flags = datagram(PACKET, SYMBOL_BYTES)
  flags[1] = 2
  expect(reason(flags)).toBe('flags')
})

test('random and mutated bytes never throw and never pass sizes that do not fit', () => {
  const random = seededRandom(7)
  for (let round = 0; round < 20_000; round++) {
    const bytes =
      round % 2 === 0
        ? Uint8Array.from({ length: Math.floor(random() * 80) }, () => random() * 256)
        : datagram(PACKET, SYMBOL_BYTES)
    if (bytes.length > 0) bytes[0] = 0x11
    for (let i = 0; i < 3; i++)
      bytes[Math.floor(random() * Math.min(bytes.length, 24))] = random() * 256
    const packet = decodeData(bytes)
    if (packet.kind === 'malformed') continue
    expect(packet.payload.length).toBeLessThanOrEqual(SYMBOL_BYTES)
    expect(packet.block).toBeLessThan(packet.blockCount)
    expect(packet.symbol < packet.k || packet.symbol >= 128).toBe(true)
  }
})
