/**
 * The datagrams of udpcast 20120424, as Debian's udp-sender and udp-receiver exchange them; later versions did not
 * change them. There is no specification: the layouts were read off the wire. Big-endian throughout.
 */
import { type Malformed, malformed } from '../../../shared/protocol/packet.ts'

export type Packet =
  /** The receiver holds the whole slice. */
  | { readonly kind: 'ok'; readonly slice: number }
  /** What it holds of the slice; `attempt` echoes the question. */
  | {
      readonly kind: 'retransmit'
      readonly slice: number
      readonly attempt: number
      readonly held: Uint8Array
    }
  /** Somebody pressed a key at a receiver: start now. */
  | { readonly kind: 'go' }
  | {
      readonly kind: 'connectRequest'
      readonly capabilities: number
      readonly receiveBufferBytes: number
    }
  | { readonly kind: 'disconnect' }
  /** Who holds the slice? Receivers whose bit is set in `ready` stay silent. */
  | {
      readonly kind: 'requestAck'
      readonly slice: number
      readonly sliceBytes: number
      readonly attempt: number
      readonly ready: Uint8Array
    }
  /** `receiver` -1: the sender is full. */
  | {
      readonly kind: 'connectReply'
      readonly receiver: number
      readonly blockBytes: number
      readonly capabilities: number
      readonly group: string
    }
  | ({ readonly kind: 'data' } & BlockPacket)
  /** Parity, see fec.ts; `stripes` says how blocks interleave. */
  | ({ readonly kind: 'fec'; readonly stripes: number } & BlockPacket)
  | {
      readonly kind: 'hello'
      readonly capabilities: number
      readonly group: string
      readonly blockBytes: number
    }

export interface BlockPacket {
  readonly slice: number
  readonly block: number
  readonly sliceBytes: number
  readonly payload: Uint8Array
}

/** What a packet may say it can do. Both ends need the first two. */
export const CAPABILITY = { newGeneration: 0x01, bigEndian: 0x08, async: 0x20 } as const

/** 1500 less IPv4, UDP and the 16 bytes before the payload of DATA, rounded down to a multiple of 4. */
export const BLOCK_BYTES = 1456
/** Bits in the bitmaps: blocks of a slice, receivers of a session. */
export const BITMAP_BITS = 1024

const BITMAP_BYTES = BITMAP_BITS / 8
const DATA_HEADER_BYTES = 16
/** HELLO's 5 was once sent in the wrong byte order, and stayed so. */
const CODE = {
  ok: 0x0000,
  retransmit: 0x0001,
  go: 0x0002,
  connectRequest: 0x0003,
  disconnect: 0x0004,
  requestAck: 0x0006,
  connectReply: 0x0007,
  data: 0x0008,
  fec: 0x0009,
  hello: 0x0500,
} as const

/** Of all but DATA and FEC, which end with a payload of their own length. */
const BYTES: Readonly<Record<number, number>> = {
  [CODE.ok]: 8,
  [CODE.retransmit]: 140,
  [CODE.go]: 4,
  [CODE.connectRequest]: 12,
  [CODE.disconnect]: 4,
  [CODE.requestAck]: 144,
  [CODE.connectReply]: 32,
  [CODE.hello]: 28,
}

/** The packet, or why not. Bitmaps and payloads are views: copy before buffer reuse. */
export function decode(datagram: Uint8Array): Packet | Malformed {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  if (datagram.length < 4) return malformed('truncated')
  const code = view.getUint16(0)
  if (code === CODE.data || code === CODE.fec) return decodeBlock(code, view, datagram)
  const bytes = BYTES[code]
  if (bytes === undefined) return malformed('type')
  if (datagram.length !== bytes) return malformed('length')
  switch (code) {
    case CODE.ok:
      return { kind: 'ok', slice: view.getUint32(4) }
    case CODE.retransmit:
      return {
        kind: 'retransmit',
        slice: view.getUint32(4),
        attempt: view.getUint32(8),
        held: datagram.subarray(12),
      }
    case CODE.go:
      return { kind: 'go' }
    case CODE.connectRequest:
      return {
        kind: 'connectRequest',
        capabilities: view.getUint32(4),
        receiveBufferBytes: view.getUint32(8),
      }
    case CODE.disconnect:
      return { kind: 'disconnect' }
    case CODE.requestAck:
      return {
        kind: 'requestAck',
        slice: view.getUint32(4),
        sliceBytes: view.getUint32(8),
        attempt: view.getUint32(12),
        ready: datagram.subarray(16),
      }
    case CODE.connectReply:
      return {
        kind: 'connectReply',
        receiver: view.getInt32(4),
        blockBytes: view.getUint32(8),
        capabilities: view.getUint32(12),
        group: readAddress(view, 16),
      }
    default:
      return {
        kind: 'hello',
        capabilities: view.getUint32(4),
        group: readAddress(view, 8),
        blockBytes: view.getUint16(24),
      }
  }
}

/** The stock sender leaves 12 bytes after an address as they were in memory, and HELLO's last two; here they are 0. */
export function encode(packet: Packet): Uint8Array {
  if (packet.kind === 'data' || packet.kind === 'fec') return encodeBlock(packet)
  const bytes = new Uint8Array(BYTES[CODE[packet.kind]] ?? 4)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, CODE[packet.kind])
  switch (packet.kind) {
    case 'go':
    case 'disconnect':
      break
    case 'ok':
      view.setUint32(4, packet.slice)
      break
    case 'retransmit':
      view.setUint32(4, packet.slice)
      view.setUint32(8, packet.attempt)
      bytes.set(packet.held.subarray(0, BITMAP_BYTES), 12)
      break
    case 'connectRequest':
      view.setUint32(4, packet.capabilities)
      view.setUint32(8, packet.receiveBufferBytes)
      break
    case 'requestAck':
      view.setUint32(4, packet.slice)
      view.setUint32(8, packet.sliceBytes)
      view.setUint32(12, packet.attempt)
      bytes.set(packet.ready.subarray(0, BITMAP_BYTES), 16)
      break
    case 'connectReply':
      view.setInt32(4, packet.receiver)
      view.setUint32(8, packet.blockBytes)
      view.setUint32(12, packet.capabilities)
      writeAddress(bytes, 16, packet.group)
      break
    case 'hello':
      view.setUint32(4, packet.capabilities)
      writeAddress(bytes, 8, packet.group)
      view.setUint16(24, packet.blockBytes)
      break
  }
  return bytes
}

/** What stands before the payload, so that the payload need not be copied. */
export function encodeDataHeader(packet: Omit<BlockPacket, 'payload'>): Uint8Array {
  const header = new Uint8Array(DATA_HEADER_BYTES)
  writeBlockHeader(header, CODE.data, 0, packet)
  return header
}

/** The same for parity. */
export function encodeFecHeader(
  packet: Omit<BlockPacket, 'payload'> & { readonly stripes: number },
): Uint8Array {
  const header = new Uint8Array(DATA_HEADER_BYTES)
  writeBlockHeader(header, CODE.fec, packet.stripes, packet)
  return header
}

export function emptyBitmap(): Uint8Array {
  return new Uint8Array(BITMAP_BYTES)
}

export function hasBit(bitmap: Uint8Array, bit: number): boolean {
  return (((bitmap[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1
}

export function setBit(bitmap: Uint8Array, bit: number): void {
  bitmap[bit >> 3] = (bitmap[bit >> 3] ?? 0) | (1 << (bit & 7))
}

function decodeBlock(code: number, view: DataView, datagram: Uint8Array): Packet | Malformed {
  if (datagram.length < DATA_HEADER_BYTES) return malformed('truncated')
  const sliceBytes = view.getUint32(12)
  const payload = datagram.subarray(DATA_HEADER_BYTES)
  // No slice of any bytes has an empty block.
  if (sliceBytes > 0 && payload.length === 0) return malformed('length')
  const block = { slice: view.getUint32(4), block: view.getUint16(8), sliceBytes, payload }
  if (block.block >= BITMAP_BITS && code === CODE.data) return malformed('block')
  if (code === CODE.data) return { kind: 'data', ...block }
  const stripes = view.getUint16(2)
  return stripes === 0 ? malformed('stripes') : { kind: 'fec', stripes, ...block }
}

function encodeBlock(packet: Packet & { kind: 'data' | 'fec' }): Uint8Array {
  const bytes = new Uint8Array(DATA_HEADER_BYTES + packet.payload.length)
  writeBlockHeader(bytes, CODE[packet.kind], packet.kind === 'fec' ? packet.stripes : 0, packet)
  bytes.set(packet.payload, DATA_HEADER_BYTES)
  return bytes
}

function writeBlockHeader(
  bytes: Uint8Array,
  code: number,
  stripes: number,
  { slice, block, sliceBytes }: Omit<BlockPacket, 'payload'>,
): void {
  const view = new DataView(bytes.buffer)
  view.setUint16(0, code)
  view.setUint16(2, stripes)
  view.setUint32(4, slice)
  view.setUint16(8, block)
  view.setUint32(12, sliceBytes)
}

function readAddress(view: DataView, at: number): string {
  return [0, 1, 2, 3].map(i => view.getUint8(at + i)).join('.')
}

function writeAddress(bytes: Uint8Array, at: number, address: string): void {
  bytes.set(address.split('.').map(Number), at)
}
