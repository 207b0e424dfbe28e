/**
 * Of an Ethernet frame that arrived, what tells the doctor something: who begins a connection, who joins a multicast
 * group, who asks switches for members, who looks for something to boot. Pure; everything else is ignored.
 */
import { decodeQuery } from '../net/net.ts'

export type Frame =
  /** TCP SYN without ACK. */
  | {
      readonly kind: 'connect'
      readonly from: string
      readonly fromPort: number
      readonly to: string
      readonly toPort: number
    }
  | { readonly kind: 'join'; readonly mac: string; readonly groups: readonly string[] }
  | { readonly kind: 'query'; readonly from: string }
  /** DHCP request for a boot file. */
  | { readonly kind: 'boot'; readonly mac: string }
  | { readonly kind: 'ignored' }

const IGNORED: Frame = { kind: 'ignored' }

/** Ethernet II (no VLAN tag: the kernel takes it off). */
const ETHERNET = { source: 6, type: 12, bytes: 14 } as const
const TYPE_IPV4 = 0x0800

/** RFC 791 §3.1. */
const IP = { bytes: 20, total: 2, fragment: 6, protocol: 9, source: 12, destination: 16 } as const
const PROTOCOL = { igmp: 2, tcp: 6, udp: 17 } as const

/** RFC 9293 §3.1. */
const TCP = { destination: 2, flags: 13, bytes: 20, syn: 0x02, ack: 0x10 } as const
/** RFC 768. */
const UDP = { destination: 2, bytes: 8 } as const
const DHCP_SERVER_PORT = 67

/** RFC 2131 §2: fixed fields, then the cookie 99.130.83.99, then options. */
const DHCP = { op: 0, cookie: 236, options: 240, request: 1, magic: 0x63825363 } as const
const OPTION = { pad: 0, vendorClass: 60, end: 255 } as const

/** Membership reports: RFC 1112, RFC 2236 §2.1, RFC 3376 §4.2. */
const REPORT = { v1: 0x12, v2: 0x16, v3: 0x22 } as const

export function decodeFrame(frame: Uint8Array): Frame {
  if (frame.length < ETHERNET.bytes + IP.bytes) return IGNORED
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  if (view.getUint16(ETHERNET.type) !== TYPE_IPV4) return IGNORED
  const packet = frame.subarray(ETHERNET.bytes)
  const headerBytes = ((packet[0] ?? 0) & 15) * 4
  const totalBytes = view.getUint16(ETHERNET.bytes + IP.total)
  if (headerBytes < IP.bytes || totalBytes < headerBytes || packet.length < totalBytes) {
    return IGNORED
  }
  // A later fragment has no transport header.
  if ((view.getUint16(ETHERNET.bytes + IP.fragment) & 0x1fff) !== 0) return IGNORED
  const mac = macText(frame.subarray(ETHERNET.source, ETHERNET.source + 6))
  const payload = packet.subarray(headerBytes, totalBytes)
  switch (packet[IP.protocol]) {
    case PROTOCOL.igmp:
      return decodeIgmp(packet.subarray(0, totalBytes), payload, mac)
    case PROTOCOL.tcp:
      return decodeTcp(packet, payload)
    case PROTOCOL.udp:
      return decodeUdp(payload, mac)
    default:
      return IGNORED
  }
}

function decodeIgmp(packet: Uint8Array, message: Uint8Array, mac: string): Frame {
  const query = decodeQuery(packet)
  if (query.kind === 'query') return { kind: 'query', from: query.source }
  if (message.length < 8) return IGNORED
  if (message[0] === REPORT.v1 || message[0] === REPORT.v2) {
    return { kind: 'join', mac, groups: [addressAt(message, 4)] }
  }
  if (message[0] !== REPORT.v3) return IGNORED
  const groups = joinedGroups(message)
  return groups.length > 0 ? { kind: 'join', mac, groups } : IGNORED
}

/** RFC 3376 §4.2.4: u8 type, u8 words of auxiliary data, u16 sources, group, sources. */
function joinedGroups(message: Uint8Array): string[] {
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  const groups: string[] = []
  const count = view.getUint16(6)
  for (let i = 0, at = 8; i < count && at + 8 <= message.length; i++) {
    const type = view.getUint8(at)
    const sources = view.getUint16(at + 2)
    // MODE_IS_EXCLUDE and CHANGE_TO_EXCLUDE: everything, or all but some sources; the others name sources to take.
    const isJoin = type === 2 || type === 4 || ((type === 1 || type === 5) && sources > 0)
    if (isJoin) groups.push(addressAt(message, at + 4))
    at += 8 + 4 * (sources + view.getUint8(at + 1))
  }
  return groups
}

function decodeTcp(packet: Uint8Array, segment: Uint8Array): Frame {
  if (segment.length < TCP.bytes) return IGNORED
  const flags = segment[TCP.flags] ?? 0
  if ((flags & (TCP.syn | TCP.ack)) !== TCP.syn) return IGNORED
  const view = new DataView(segment.buffer, segment.byteOffset, segment.length)
  return {
    kind: 'connect',
    from: addressAt(packet, IP.source),
    fromPort: view.getUint16(0),
    to: addressAt(packet, IP.destination),
    toPort: view.getUint16(TCP.destination),
  }
}

function decodeUdp(datagram: Uint8Array, mac: string): Frame {
  if (datagram.length < UDP.bytes + DHCP.options) return IGNORED
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  if (view.getUint16(UDP.destination) !== DHCP_SERVER_PORT) return IGNORED
  const isRequest = view.getUint8(UDP.bytes + DHCP.op) === DHCP.request
  if (!isRequest || view.getUint32(UDP.bytes + DHCP.cookie) !== DHCP.magic) return IGNORED
  const options = datagram.subarray(UDP.bytes + DHCP.options)
  for (let at = 0; at + 1 < options.length && options[at] !== OPTION.end;) {
    if (options[at] === OPTION.pad) {
      at++
      continue
    }
    const length = options[at + 1] ?? 0
    if (options[at] === OPTION.vendorClass) {
      const text = String.fromCharCode(...options.subarray(at + 2, at + 2 + length))
      // PXE 2.1 §2.2.1, UEFI 2.10 §24.7: what firmware calls itself.
      return /^(PXE|HTTP)Client/.test(text) ? { kind: 'boot', mac } : IGNORED
    }
    at += 2 + length
  }
  return IGNORED
}

function addressAt(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + 4).join('.')
}

function macText(bytes: Uint8Array): string {
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':')
}
