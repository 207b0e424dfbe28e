/**
 * FILL: the last symbols that one receiver lacks, over its own control connection. PROTOCOL.md §6.5.
 *
 * A type byte and three zero bytes, then whole DATA datagrams (§4.1), one after the other: each says its own length, and
 * the receiver checks each as one that came by multicast. Their txSeq is 0: they are no part of the numbered run.
 */
import { CONTROL_BINARY } from './controlBinary.ts'
import { type DataPacket, decodeData, encodeDataHeader } from './dataPacket.ts'
import { DATA_HEADER_BYTES, MAX_DATAGRAM_BYTES, MAX_FILL_SYMBOLS } from './limits.ts'
import { type Malformed, malformed } from './packet.ts'

export interface FillMessage {
  readonly kind: 'fill'
  /** 1 to MAX_FILL_SYMBOLS. Payloads are views. */
  readonly packets: readonly DataPacket[]
}

/** Written to the front of a message, of which zeros are the rest. */
const HEADER_BYTES = 4
/** In a DATA header: u16, after version, type and flags. */
const PAYLOAD_BYTES_AT = 2

export const FILL_SEQ = 0

export const MAX_FILL_BYTES = HEADER_BYTES + MAX_FILL_SYMBOLS * MAX_DATAGRAM_BYTES

/** `txSeq` and repeat flag are the message's own. */
export function encodeFill(
  symbols: readonly Omit<DataPacket, 'kind' | 'txSeq' | 'isRepeat'>[],
): Uint8Array {
  if (symbols.length > MAX_FILL_SYMBOLS) throw new Error('too many symbols in one fill')
  const size = symbols.reduce((sum, one) => sum + DATA_HEADER_BYTES + one.payload.length, 0)
  const message = new Uint8Array(HEADER_BYTES + size)
  message[0] = CONTROL_BINARY.fill
  let at = HEADER_BYTES
  for (const symbol of symbols) {
    const header = { ...symbol, isRepeat: true, txSeq: FILL_SEQ }
    encodeDataHeader(message.subarray(at), header, symbol.payload.length)
    message.set(symbol.payload, at + DATA_HEADER_BYTES)
    at += DATA_HEADER_BYTES + symbol.payload.length
  }
  return message
}

/** Whether a binary message of the control connection claims to be a FILL. */
export function isFill(message: Uint8Array): boolean {
  return message[0] === CONTROL_BINARY.fill
}

/** All of it, or why not: one bad symbol spoils the message. */
export function decodeFill(message: Uint8Array): FillMessage | Malformed {
  if (message.length < HEADER_BYTES) return malformed('truncated')
  if (!isFill(message)) return malformed('type')
  if (message[1] !== 0 || message[2] !== 0 || message[3] !== 0) return malformed('reserved')
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  const packets: DataPacket[] = []
  for (let at = HEADER_BYTES; at < message.length;) {
    if (packets.length === MAX_FILL_SYMBOLS) return malformed('symbols')
    if (at + DATA_HEADER_BYTES > message.length) return malformed('truncated')
    const end = at + DATA_HEADER_BYTES + view.getUint16(at + PAYLOAD_BYTES_AT)
    if (end > message.length) return malformed('truncated')
    const packet = decodeData(message.subarray(at, end))
    if (packet.kind === 'malformed') return packet
    if (packet.txSeq !== FILL_SEQ) return malformed('txSeq')
    packets.push(packet)
    at = end
  }
  return packets.length === 0 ? malformed('empty') : { kind: 'fill', packets }
}
