/**
 * IGMP queries, to write and to read: RFC 2236 §2 (version 2), RFC 3376 §4.1 (version 3). Pure.
 *
 * A query goes to 224.0.0.1 with TTL 1, precedence "internetwork control" and the router alert option (RFC 3376 §4):
 * the kernel builds that IP header from socket options, so only messages are written here, while whole IP packets,
 * as a raw socket hands them over, are read.
 */

export type IgmpVersion = 1 | 2 | 3

export interface IgmpQuery {
  readonly kind: 'query'
  readonly version: IgmpVersion
  /** IPv4 address of the querier; 0.0.0.0 from a switch that has none. */
  readonly source: string
  /** 0.0.0.0 in a general query. */
  readonly group: string
}

export interface IgnoredPacket {
  readonly kind: 'ignored'
  readonly reason:
    | 'truncated'
    | 'not-ipv4'
    | 'not-igmp'
    | 'fragment'
    | 'not-a-query'
    | 'checksum'
    | 'destination'
}

export const ALL_SYSTEMS = '224.0.0.1'

/** IP option 148 of 4 bytes, value 0: routers examine the packet (RFC 2113 §2.1). */
export const ROUTER_ALERT: Uint8Array = Uint8Array.of(0x94, 0x04, 0x00, 0x00)

/** Precedence "internetwork control" (RFC 791, RFC 3376 §4). */
export const INTERNETWORK_CONTROL = 0xc0

const TYPE_QUERY = 0x11

/** IPv4 header, RFC 791 §3.1. */
const IP = {
  versionAndWords: 0,
  totalBytes: 2,
  fragment: 6, // 3 bits of flags, 13 of offset
  protocol: 9,
  source: 12,
  destination: 16,
  bytes: 20,
} as const
const PROTOCOL_IGMP = 2
/** "More fragments", and any offset. */
const IS_FRAGMENT = 0x3fff

const QUERY = {
  type: 0,
  maxResponse: 1, // in tenths of a second; 0 in version 1
  checksum: 2,
  group: 4,
  bytes: 8, // of versions 1 and 2
  robustness: 8,
  interval: 9,
  sources: 10, // u16, how many addresses follow
  longBytes: 12, // of version 3 without sources
} as const

/** Larger codes are floating point (RFC 3376 §4.1.1), which we never need. */
const MAX_RESPONSE_TENTHS = 127

/** RFC 3376 §8.1. */
const ROBUSTNESS = 2
/**
 * What we say, RFC 3376 §8.2, though we ask more often: switches that age by what a query says then bridge the 255 s
 * that another querier waits before it takes over from us.
 */
const INTERVAL_SECONDS = 125

/** A general query: asks for every group. `maxResponseMs` 100 to 12,700: hosts spread their answers over it. */
export function encodeGeneralQuery(version: 2 | 3, maxResponseMs: number): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(version === 3 ? QUERY.longBytes : QUERY.bytes)
  const tenths = Math.round(maxResponseMs / 100)
  message[QUERY.type] = TYPE_QUERY
  // Zero would make it a version 1 query.
  message[QUERY.maxResponse] = Math.min(MAX_RESPONSE_TENTHS, Math.max(1, tenths))
  if (version === 3) {
    message[QUERY.robustness] = ROBUSTNESS
    message[QUERY.interval] = INTERVAL_SECONDS
  }
  new DataView(message.buffer).setUint16(QUERY.checksum, checksum(message))
  return message
}

/** The query in an IP packet, or why there is none. Router alert and TTL are not asked for: some switches omit them. */
export function decodeQuery(packet: Uint8Array): IgmpQuery | IgnoredPacket {
  if (packet.length < IP.bytes) return ignored('truncated')
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length)
  const versionAndWords = view.getUint8(IP.versionAndWords)
  const headerBytes = (versionAndWords & 0x0f) * 4
  if (versionAndWords >> 4 !== 4 || headerBytes < IP.bytes) return ignored('not-ipv4')
  if (view.getUint8(IP.protocol) !== PROTOCOL_IGMP) return ignored('not-igmp')
  if ((view.getUint16(IP.fragment) & IS_FRAGMENT) !== 0) return ignored('fragment')
  const totalBytes = view.getUint16(IP.totalBytes)
  if (packet.length < totalBytes || totalBytes < headerBytes + QUERY.bytes) {
    return ignored('truncated')
  }
  const message = packet.subarray(headerBytes, totalBytes)
  if (message[QUERY.type] !== TYPE_QUERY) return ignored('not-a-query')
  const version = versionOf(message)
  if (version === null) return ignored('truncated')
  // Over a message that holds its own checksum the sum is 0.
  if (checksum(message) !== 0) return ignored('checksum')
  const group = addressAt(message, QUERY.group)
  // RFC 3376 §9.1: a general query to one machine alone is forged.
  if (group === '0.0.0.0' && addressAt(packet, IP.destination) !== ALL_SYSTEMS) {
    return ignored('destination')
  }
  return { kind: 'query', version, source: addressAt(packet, IP.source), group }
}

/** RFC 3376 §7.1: told by length and max response; null for lengths that no version has. */
function versionOf(message: Uint8Array): IgmpVersion | null {
  if (message.length === QUERY.bytes) return message[QUERY.maxResponse] === 0 ? 1 : 2
  if (message.length < QUERY.longBytes) return null
  const sources = ((message[QUERY.sources] ?? 0) << 8) | (message[QUERY.sources + 1] ?? 0)
  return message.length < QUERY.longBytes + sources * 4 ? null : 3
}

/** RFC 1071: one's complement of the one's complement sum of all 16-bit words. */
function checksum(message: Uint8Array): number {
  let sum = 0
  for (const [at, byte] of message.entries()) sum += at % 2 === 0 ? byte << 8 : byte
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

function addressAt(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + 4).join('.')
}

function ignored(reason: IgnoredPacket['reason']): IgnoredPacket {
  return { kind: 'ignored', reason }
}
