/** DATA: one symbol of one source block, sender to group. PROTOCOL.md §4.1, big-endian. */
import { blockLayout, blockFirstSymbol, blockSymbols, symbolBytes } from './blocks.ts'
import { CHUNK_BYTES, DATA_HEADER_BYTES, MAX_BLOCK_SYMBOLS, SYMBOL_BYTES } from './limits.ts'
import {
  firstByte,
  type Malformed,
  malformed,
  PACKET,
  packetType,
  type SessionId,
} from './packet.ts'

export interface DataPacket {
  readonly kind: 'data'
  readonly isRepeat: boolean
  readonly session: SessionId
  readonly chunk: number
  readonly block: number
  readonly symbol: number
  /** Source symbols in the block. */
  readonly k: number
  readonly blockCount: number
  readonly txSeq: number
  readonly storedBytes: number
  readonly payload: Uint8Array
}

const AT = {
  first: 0, // u8
  flags: 1, // u8
  payloadBytes: 2, // u16
  session: 4, // u32
  chunk: 8, // u32, index in manifest
  block: 12, // u8, source block in chunk
  symbol: 13, // u8, index in block; 128 and up are repair
  k: 14, // u8
  blockCount: 15, // u8
  txSeq: 16, // u32
  storedBytes: 20, // u32
  payload: DATA_HEADER_BYTES,
} as const

const FLAG_REPEAT = 1

/** Writes the header into `into`, which must hold DATA_HEADER_BYTES; the payload travels as its own buffer. */
export function encodeDataHeader(
  into: Uint8Array,
  packet: Omit<DataPacket, 'kind' | 'payload'>,
  payloadBytes: number,
): void {
  const view = new DataView(into.buffer, into.byteOffset, DATA_HEADER_BYTES)
  view.setUint8(AT.first, firstByte(PACKET.data))
  view.setUint8(AT.flags, packet.isRepeat ? FLAG_REPEAT : 0)
  view.setUint16(AT.payloadBytes, payloadBytes)
  view.setUint32(AT.session, packet.session)
  view.setUint32(AT.chunk, packet.chunk)
  view.setUint8(AT.block, packet.block)
  view.setUint8(AT.symbol, packet.symbol)
  view.setUint8(AT.k, packet.k)
  view.setUint8(AT.blockCount, packet.blockCount)
  view.setUint32(AT.txSeq, packet.txSeq)
  view.setUint32(AT.storedBytes, packet.storedBytes)
}

/**
 * The packet, or why not. Sizes agree with each other here; that they agree with the manifest is the receiver's check.
 * `payload` is a view: copy before buffer reuse.
 */
export function decodeData(datagram: Uint8Array): DataPacket | Malformed {
  const type = packetType(datagram)
  if (typeof type !== 'number') return type
  if (type !== PACKET.data) return malformed('type')
  if (datagram.length <= AT.payload) return malformed('truncated')
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  const payload = datagram.subarray(AT.payload)
  if (view.getUint16(AT.payloadBytes) !== payload.length) return malformed('length')
  const flags = view.getUint8(AT.flags)
  if (flags > FLAG_REPEAT) return malformed('flags')
  const packet: DataPacket = {
    kind: 'data',
    isRepeat: flags === FLAG_REPEAT,
    session: view.getUint32(AT.session) as SessionId,
    chunk: view.getUint32(AT.chunk),
    block: view.getUint8(AT.block),
    symbol: view.getUint8(AT.symbol),
    k: view.getUint8(AT.k),
    blockCount: view.getUint8(AT.blockCount),
    txSeq: view.getUint32(AT.txSeq),
    storedBytes: view.getUint32(AT.storedBytes),
    payload,
  }
  return disagreement(packet) ?? packet
}

function disagreement(packet: DataPacket): Malformed | null {
  if (packet.storedBytes < 1 || packet.storedBytes > CHUNK_BYTES) return malformed('stored size')
  const layout = blockLayout(packet.storedBytes)
  if (packet.blockCount !== layout.blockCount || packet.block >= layout.blockCount) {
    return malformed('block')
  }
  if (packet.k !== blockSymbols(layout, packet.block)) return malformed('k')
  if (packet.symbol >= MAX_BLOCK_SYMBOLS) {
    return packet.payload.length === SYMBOL_BYTES ? null : malformed('payload')
  }
  if (packet.symbol >= packet.k) return malformed('symbol')
  const expected = symbolBytes(layout, blockFirstSymbol(layout, packet.block) + packet.symbol)
  return packet.payload.length === expected ? null : malformed('payload')
}
