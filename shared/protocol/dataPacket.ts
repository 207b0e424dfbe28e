/** DATA: one symbol of one source block, sender to group. PROTOCOL.md §4.1, big-endian. */
import { blockLayout, blockFirstSymbol, blockSymbols, symbolBytes } from './blocks.ts'
import { CHUNK_BYTES, DATA_HEADER_BYTES, MAX_BLOCK_SYMBOLS, SYMBOL_BYTES } from './limits.ts'
import { firstByte, type Malformed, malformed, PACKET, typeOf, type SessionId } from './packet.ts'

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

/** Offsets in a packet. */
export const DATA_AT = {
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
const AT = DATA_AT

const FLAG_REPEAT = 1

/** Writes the header into `into`, which must hold DATA_HEADER_BYTES; the payload travels as its own buffer. */
export function encodeDataHeader(
  into: Uint8Array,
  packet: Omit<DataPacket, 'kind' | 'payload'>,
  payloadBytes: number,
): void {
  const view = new DataView(into.buffer, into.byteOffset, DATA_HEADER_BYTES)
  writeDataHeader(view, 0, packet, payloadBytes)
}

/** The same at an offset of a view that serves for many: no object for each datagram. */
export function writeDataHeader(
  view: DataView,
  at: number,
  packet: Omit<DataPacket, 'kind' | 'payload'>,
  payloadBytes: number,
): void {
  view.setUint8(at + AT.first, firstByte(PACKET.data))
  view.setUint8(at + AT.flags, packet.isRepeat ? FLAG_REPEAT : 0)
  view.setUint16(at + AT.payloadBytes, payloadBytes)
  view.setUint32(at + AT.session, packet.session)
  view.setUint32(at + AT.chunk, packet.chunk)
  view.setUint8(at + AT.block, packet.block)
  view.setUint8(at + AT.symbol, packet.symbol)
  view.setUint8(at + AT.k, packet.k)
  view.setUint8(at + AT.blockCount, packet.blockCount)
  view.setUint32(at + AT.txSeq, packet.txSeq)
  view.setUint32(at + AT.storedBytes, packet.storedBytes)
}

/**
 * The packet, or why not. Sizes agree with each other here; that they agree with the manifest is the receiver's check.
 * `payload` is a view: copy before buffer reuse.
 */
export function decodeData(datagram: Uint8Array): DataPacket | Malformed {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  const header = newDataHeader()
  const reason = readData(view, 0, datagram.length, header)
  if (reason !== null) return malformed(reason)
  return { kind: 'data', ...header, payload: datagram.subarray(AT.payload) }
}

/** The fields of one datagram after the other: a receiver makes one and reads a hundred thousand into it each second. */
export type DataHeader = {
  -readonly [Field in Exclude<keyof DataPacket, 'kind' | 'payload'>]: DataPacket[Field]
}

export function newDataHeader(): DataHeader {
  return {
    isRepeat: false,
    session: 0 as SessionId,
    chunk: 0,
    block: 0,
    symbol: 0,
    k: 0,
    blockCount: 0,
    txSeq: 0,
    storedBytes: 0,
  }
}

/**
 * `decodeData` without allocation: reads the datagram between two offsets into `header`. Null, or the reason why not;
 * `header` then holds anything. The payload starts at `from` + DATA_HEADER_BYTES and ends with the datagram.
 */
export function readData(
  view: DataView,
  from: number,
  to: number,
  header: DataHeader,
): string | null {
  const bytes = to - from
  const type = bytes === 0 ? malformed('empty') : typeOf(view.getUint8(from))
  if (typeof type !== 'number') return type.reason
  if (type !== PACKET.data) return 'type'
  if (bytes <= AT.payload) return 'truncated'
  if (view.getUint16(from + AT.payloadBytes) !== bytes - AT.payload) return 'length'
  const flags = view.getUint8(from + AT.flags)
  if (flags > FLAG_REPEAT) return 'flags'
  header.isRepeat = flags === FLAG_REPEAT
  header.session = view.getUint32(from + AT.session) as SessionId
  header.chunk = view.getUint32(from + AT.chunk)
  header.block = view.getUint8(from + AT.block)
  header.symbol = view.getUint8(from + AT.symbol)
  header.k = view.getUint8(from + AT.k)
  header.blockCount = view.getUint8(from + AT.blockCount)
  header.txSeq = view.getUint32(from + AT.txSeq)
  header.storedBytes = view.getUint32(from + AT.storedBytes)
  return disagreement(header, bytes - AT.payload)
}

function disagreement(header: DataHeader, payloadBytes: number): string | null {
  if (header.storedBytes < 1 || header.storedBytes > CHUNK_BYTES) return 'stored size'
  const layout = blockLayout(header.storedBytes)
  if (header.blockCount !== layout.blockCount || header.block >= layout.blockCount) return 'block'
  if (header.k !== blockSymbols(layout, header.block)) return 'k'
  if (header.symbol >= MAX_BLOCK_SYMBOLS) return payloadBytes === SYMBOL_BYTES ? null : 'payload'
  if (header.symbol >= header.k) return 'symbol'
  const expected = symbolBytes(layout, blockFirstSymbol(layout, header.block) + header.symbol)
  return payloadBytes === expected ? null : 'payload'
}
