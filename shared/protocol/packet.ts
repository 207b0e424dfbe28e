/** What all datagrams share: byte 0, and how a bad one is described. PROTOCOL.md §4. */

import { DATA_HEADER_BYTES, SYNC_BYTES } from './limits.ts'

export const PROTOCOL_VERSION = 1

export const PACKET = { data: 1, sync: 2, announce: 3, probe: 4, ask: 5 } as const

/** Eight hex digits on screens and in paths; a u32 on the wire. */
export type SessionId = number & { readonly brand: 'SessionId' }

/** A datagram that is dropped and counted, never thrown. Reasons are few and fixed: they are counter names. */
export interface Malformed {
  readonly kind: 'malformed'
  readonly reason: string
}

export function malformed(reason: string): Malformed {
  return { kind: 'malformed', reason }
}

export function firstByte(type: number): number {
  return (PROTOCOL_VERSION << 4) | type
}

/** The type of a datagram of our version, or why it is not one. */
export function packetType(datagram: Uint8Array): number | Malformed {
  const first = datagram[0]
  return first === undefined ? malformed('empty') : typeOf(first)
}

/** The same by byte 0 alone. */
export function typeOf(first: number): number | Malformed {
  if (first >> 4 !== PROTOCOL_VERSION) return malformed('version')
  return first & 0x0f
}

/**
 * Where the packet that begins at `from` ends, by its own account: a datagram may hold several DATA and SYNC packets, one
 * after another. `to` for any other, and for one that does not fit, which its decoder then refuses.
 */
export function packetEnd(memory: Uint8Array, from: number, to: number): number {
  const type = (memory[from] ?? 0) & 0x0f
  const payloadBytes = ((memory[from + 2] ?? 0) << 8) | (memory[from + 3] ?? 0)
  const bytes =
    type === PACKET.data ? DATA_HEADER_BYTES + payloadBytes : type === PACKET.sync ? SYNC_BYTES : 0
  return bytes === 0 || from + bytes > to ? to : from + bytes
}

export function sessionIdToHex(session: SessionId): string {
  return (session >>> 0).toString(16).padStart(8, '0')
}

/** Null unless exactly eight lower-case hex digits. */
export function sessionIdFromHex(hex: string): SessionId | null {
  return /^[0-9a-f]{8}$/.test(hex) ? (Number.parseInt(hex, 16) as SessionId) : null
}

/** Serial number arithmetic on u32 (RFC 1982 §3.2): whether `a` is later than `b`. */
export function isLaterSeq(a: number, b: number): boolean {
  return a !== b && (a - b) >>> 0 < 0x8000_0000
}
