/** PROBE: one datagram of a short test run, sender to receivers. PROTOCOL.md §4.4, big-endian. */
import { MAX_PROBE_BYTES, MAX_PROBE_DATAGRAMS, PROBE_HEADER_BYTES } from './limits.ts'
import {
  firstByte,
  type Malformed,
  malformed,
  PACKET,
  packetType,
  type SessionId,
} from './packet.ts'

export interface ProbePacket {
  readonly kind: 'probe'
  readonly session: SessionId
  /** Tells one run from the next. */
  readonly id: number
  /** From 0. */
  readonly index: number
  /** Datagrams of the whole run. */
  readonly count: number
  /** Of this datagram, header and padding. */
  readonly bytes: number
}

const AT = {
  first: 0, // u8
  zero: 1, // u8
  bytes: 2, // u16
  session: 4, // u32
  id: 8, // u32
  index: 12, // u16
  count: 14, // u16
} as const

/** Padded with zeros to `bytes`, PROBE_HEADER_BYTES to MAX_PROBE_BYTES. */
export function encodeProbe(packet: Omit<ProbePacket, 'kind'>): Uint8Array {
  const datagram = new Uint8Array(packet.bytes)
  const view = new DataView(datagram.buffer)
  view.setUint8(AT.first, firstByte(PACKET.probe))
  view.setUint16(AT.bytes, packet.bytes)
  view.setUint32(AT.session, packet.session)
  view.setUint32(AT.id, packet.id)
  view.setUint16(AT.index, packet.index)
  view.setUint16(AT.count, packet.count)
  return datagram
}

/** The packet, or why not. The padding is not looked at. */
export function decodeProbe(datagram: Uint8Array): ProbePacket | Malformed {
  const type = packetType(datagram)
  if (typeof type !== 'number') return type
  if (type !== PACKET.probe) return malformed('type')
  if (datagram.length < PROBE_HEADER_BYTES) return malformed('truncated')
  if (datagram.length > MAX_PROBE_BYTES) return malformed('length')
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  if (view.getUint8(AT.zero) !== 0) return malformed('flags')
  const bytes = view.getUint16(AT.bytes)
  if (bytes !== datagram.length) return malformed('length')
  const index = view.getUint16(AT.index)
  const count = view.getUint16(AT.count)
  if (count > MAX_PROBE_DATAGRAMS || index >= count) return malformed('count')
  return {
    kind: 'probe',
    session: view.getUint32(AT.session) as SessionId,
    id: view.getUint32(AT.id),
    index,
    count,
    bytes,
  }
}
