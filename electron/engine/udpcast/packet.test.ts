import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../shared/seededRandom.ts'
import {
  decode,
  emptyBitmap,
  encode,
  encodeDataHeader,
  encodeFecHeader,
  hasBit,
  type Packet,
} from './packet.ts'

const ZEROS_128 = '00'.repeat(128)

/** As captured between Debian's udp-sender and two udp-receivers, a file of 7000 bytes. */
const GOLDEN: readonly { readonly hex: string; readonly packet: Packet }[] = [
  {
    hex: '00030000 00000009 00034000',
    packet: { kind: 'connectRequest', capabilities: 9, receiveBufferBytes: 212_992 },
  },
  {
    hex: `00060000 00000000 000016c0 00000000 ${ZEROS_128}`,
    packet: { kind: 'requestAck', slice: 0, sliceBytes: 5824, attempt: 0, ready: emptyBitmap() },
  },
  {
    hex: `00060000 00000002 00000000 00000000 ${ZEROS_128}`,
    packet: { kind: 'requestAck', slice: 2, sliceBytes: 0, attempt: 0, ready: emptyBitmap() },
  },
  { hex: '00000000 00000000', packet: { kind: 'ok', slice: 0 } },
  { hex: '00040000', packet: { kind: 'disconnect' } },
  { hex: '00020000', packet: { kind: 'go' } },
  {
    hex: '00080000 00000000 00000000 000016c0 3b656518',
    packet: {
      kind: 'data',
      slice: 0,
      block: 0,
      sliceBytes: 5824,
      payload: bytesOf('3b656518'),
    },
  },
  {
    hex: '00090008 00000000 00000000 0002d800 e2942530',
    packet: {
      kind: 'fec',
      stripes: 8,
      slice: 0,
      block: 0,
      sliceBytes: 186_368,
      payload: bytesOf('e2942530'),
    },
  },
]

/** The stock sender leaves memory in the bytes that carry nothing; only what it means is compared. */
const GOLDEN_WITH_JUNK: readonly { readonly hex: string; readonly packet: Packet }[] = [
  {
    hex: '05000000 00000009 ea4e0001 1f000000 e8e2981a 22560000 05b0981a',
    packet: { kind: 'hello', capabilities: 9, group: '234.78.0.1', blockBytes: 1456 },
  },
  {
    hex: '00070000 00000000 000005b0 00000009 ea4e0001 1f000000 e8e2981a 22560000',
    packet: {
      kind: 'connectReply',
      receiver: 0,
      blockBytes: 1456,
      capabilities: 9,
      group: '234.78.0.1',
    },
  },
]

const RETRANSMIT = `00010000 00000001 00000000 ffffefff fafffeff ${'ff'.repeat(120)}`

describe('packets', () => {
  it('are those of the stock programs, read and written', () => {
    for (const { hex, packet } of GOLDEN) {
      expect(decode(bytesOf(hex))).toEqual(packet)
      expect(hexOf(encode(packet))).toBe(hex.replaceAll(' ', ''))
    }
    for (const { hex, packet } of GOLDEN_WITH_JUNK) expect(decode(bytesOf(hex))).toEqual(packet)
  })

  it('tell in a retransmit which blocks are missing, the lowest bit first', () => {
    const packet = decode(bytesOf(RETRANSMIT))
    expect(packet).toMatchObject({ kind: 'retransmit', slice: 1, attempt: 0 })
    if (packet.kind !== 'retransmit') throw new Error('decoded as something else')
    const missing = Array.from({ length: 112 }, (_, block) => block).filter(
      block => !hasBit(packet.held, block),
    )
    expect(missing).toEqual([20, 32, 34, 48])
    expect(hexOf(encode(packet))).toBe(RETRANSMIT.replaceAll(' ', ''))
  })

  it('survive the round trip at the ends of their ranges', () => {
    const all: Packet[] = [
      { kind: 'ok', slice: 0xffff_ffff },
      { kind: 'retransmit', slice: 7, attempt: 199, held: emptyBitmap().fill(0xa5) },
      { kind: 'requestAck', slice: 9, sliceBytes: 1, attempt: 3, ready: emptyBitmap().fill(255) },
      { kind: 'connectReply', receiver: -1, blockBytes: 4, capabilities: 0x29, group: '239.1.2.3' },
      { kind: 'hello', capabilities: 0x29, group: '239.255.254.255', blockBytes: 65_535 },
      { kind: 'data', slice: 1, block: 1023, sliceBytes: 1, payload: bytesOf('00') },
      { kind: 'data', slice: 1, block: 0, sliceBytes: 0, payload: new Uint8Array() },
      { kind: 'fec', stripes: 1, slice: 1, block: 2047, sliceBytes: 9, payload: bytesOf('0102') },
    ]
    for (const packet of all) expect(decode(encode(packet))).toEqual(packet)
    const data = { slice: 3, block: 111, sliceBytes: 163_072, payload: bytesOf('aabb') }
    expect(hexOf(encodeDataHeader(data)) + 'aabb').toBe(hexOf(encode({ kind: 'data', ...data })))
    const fec = { ...data, stripes: 8 }
    expect(hexOf(encodeFecHeader(fec)) + 'aabb').toBe(hexOf(encode({ kind: 'fec', ...fec })))
  })

  it('are malformed when cut at any byte', () => {
    const all = [...GOLDEN, ...GOLDEN_WITH_JUNK].map(({ hex }) => bytesOf(hex))
    for (const bytes of [...all, bytesOf(RETRANSMIT)]) {
      const header = bytes[1] === 8 || bytes[1] === 9 ? 17 : bytes.length
      for (let length = 0; length < header; length++) {
        expect(decode(bytes.subarray(0, length)).kind).toBe('malformed')
      }
    }
  })

  it('come out of random bytes as packets that encode again, or as malformed', () => {
    const random = seededRandom(20_120_424)
    const kinds = new Set<string>()
    for (let i = 0; i < 20_000; i++) {
      const length = [4, 8, 12, 28, 32, 140, 144, Math.floor(random() * 64)][i % 8] ?? 0
      const bytes = Uint8Array.from({ length }, () => random() * 256)
      if (length > 1) bytes.set(random() < 0.2 ? [5, 0] : [0, Math.floor(random() * 12)])
      const packet = decode(bytes)
      kinds.add(packet.kind)
      if (packet.kind !== 'malformed') expect(decode(encode(packet))).toEqual(packet)
    }
    expect(kinds.size).toBe(11)
  })
})

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
