/** ASK: whoever cannot hear announces asks a bench for them at its address. PROTOCOL.md §4.7, big-endian. */
import { ASK_BYTES } from './limits.ts'
import { firstByte, type Malformed, malformed, PACKET, packetType } from './packet.ts'

const AT = {
  first: 0, // u8
  zero: 1, // u8
  bytes: 2, // u16
} as const

export function encodeAsk(): Uint8Array {
  const datagram = new Uint8Array(ASK_BYTES)
  const view = new DataView(datagram.buffer)
  view.setUint8(AT.first, firstByte(PACKET.ask))
  view.setUint16(AT.bytes, ASK_BYTES)
  return datagram
}

/** The packet, or why not. The padding is not looked at. */
export function decodeAsk(datagram: Uint8Array): { readonly kind: 'ask' } | Malformed {
  const type = packetType(datagram)
  if (typeof type !== 'number') return type
  if (type !== PACKET.ask) return malformed('type')
  if (datagram.length < ASK_BYTES) return malformed('truncated')
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  if (view.getUint8(AT.zero) !== 0) return malformed('flags')
  if (datagram.length !== ASK_BYTES || view.getUint16(AT.bytes) !== ASK_BYTES) {
    return malformed('length')
  }
  return { kind: 'ask' }
}
