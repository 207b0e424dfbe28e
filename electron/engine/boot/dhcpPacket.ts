/**
 * DHCP datagrams: RFC 2131 §2 (fixed fields), RFC 2132 §9.3 (overload, option 52), RFC 3396 (an option in several
 * pieces is one option). Layout only: what options mean is in dhcpOptions.ts. Big-endian throughout.
 */
import { type Malformed, malformed } from '../../../shared/protocol/packet.ts'
import { OPTION } from './dhcpOptions.ts'

export interface DhcpPacket {
  readonly kind: 'dhcp'
  /** Clients send requests, servers send replies. */
  readonly op: 'request' | 'reply'
  readonly type: MessageType
  readonly hops: number
  readonly xid: number
  /** Since the client began to ask. Some firmware counts wrongly: never trust it for more than a hint. */
  readonly secs: number
  /** The client cannot take unicast before it has its address. */
  readonly isBroadcast: boolean
  /** The client's own address, if it has one already. */
  readonly ciaddr: string
  /** The address that a server gives. */
  readonly yiaddr: string
  /** Where the boot file is. */
  readonly siaddr: string
  readonly giaddr: string
  /** Lower case with colons. */
  readonly mac: string
  /** Empty also where the field carries options instead (52). */
  readonly sname: string
  readonly file: string
  /** Without pad, end, message type and overload; each whole, in order of first appearance. Copies, not views. */
  readonly options: ReadonlyMap<number, Uint8Array>
}

/** RFC 2132 §9.6. */
export const MESSAGE_TYPES = [
  'discover',
  'offer',
  'request',
  'decline',
  'ack',
  'nak',
  'release',
  'inform',
] as const
export type MessageType = (typeof MESSAGE_TYPES)[number]

export const NO_ADDRESS = '0.0.0.0'

/** RFC 2131 §2, figure 1. Flags hold one bit: broadcast. */
const AT = {
  op: 0,
  hardwareType: 1,
  hardwareBytes: 2,
  hops: 3,
  xid: 4,
  secs: 8,
  flags: 10,
  ciaddr: 12,
  yiaddr: 16,
  siaddr: 20,
  giaddr: 24,
  chaddr: 28,
  sname: 44,
  file: 108,
  cookie: 236,
  options: 240,
} as const

const MAC_BYTES = 6
const ETHERNET = 1
const BROADCAST = 0x8000
/** RFC 2131 §3: the first four octets of options. A datagram without is BOOTP (RFC 951), which boots nothing here. */
const COOKIE = 0x63825363
/** Longest that anything seen sends is 1472 bytes; a jumbo frame's worth leaves room. */
const MAX_BYTES = 9000
/** RFC 951: some relays and BOOTP-minded clients drop shorter ones. */
const MIN_REPLY_BYTES = 300
const PAD = 0
const END = 255

/** Never throws. Reasons: truncated, oversized, op, hardware, cookie, option, overload, type. */
export function decodeDhcp(datagram: Uint8Array): DhcpPacket | Malformed {
  if (datagram.length < AT.options) return malformed('truncated')
  if (datagram.length > MAX_BYTES) return malformed('oversized')
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  const op = view.getUint8(AT.op)
  if (op !== 1 && op !== 2) return malformed('op')
  if (view.getUint8(AT.hardwareType) !== ETHERNET || view.getUint8(AT.hardwareBytes) !== MAC_BYTES)
    return malformed('hardware')
  if (view.getUint32(AT.cookie) !== COOKIE) return malformed('cookie')

  const pieces = new Map<number, Uint8Array[]>()
  if (!readOptions(datagram.subarray(AT.options), pieces)) return malformed('option')
  const overload = joined(pieces.get(OPTION.overload))
  if (overload && (overload.length !== 1 || (overload[0] ?? 0) < 1 || (overload[0] ?? 0) > 3))
    return malformed('overload')
  const overloaded = overload?.[0] ?? 0
  const sname = datagram.subarray(AT.sname, AT.file)
  const file = datagram.subarray(AT.file, AT.cookie)
  // RFC 3396 §5: options, then file, then sname.
  if (overloaded & 1 && !readOptions(file, pieces)) return malformed('option')
  if (overloaded & 2 && !readOptions(sname, pieces)) return malformed('option')

  const typeBytes = joined(pieces.get(OPTION.messageType))
  const type = typeBytes?.length === 1 ? MESSAGE_TYPES[(typeBytes[0] ?? 0) - 1] : undefined
  if (type === undefined) return malformed('type')
  const options = new Map<number, Uint8Array>()
  for (const [code, parts] of pieces) {
    const whole = joined(parts)
    if (whole && code !== OPTION.messageType && code !== OPTION.overload) options.set(code, whole)
  }
  return {
    kind: 'dhcp',
    op: op === 1 ? 'request' : 'reply',
    type,
    hops: view.getUint8(AT.hops),
    xid: view.getUint32(AT.xid),
    secs: view.getUint16(AT.secs),
    isBroadcast: (view.getUint16(AT.flags) & BROADCAST) !== 0,
    ciaddr: readAddress(datagram, AT.ciaddr),
    yiaddr: readAddress(datagram, AT.yiaddr),
    siaddr: readAddress(datagram, AT.siaddr),
    giaddr: readAddress(datagram, AT.giaddr),
    mac: readMac(datagram.subarray(AT.chaddr, AT.chaddr + MAC_BYTES)),
    sname: overloaded & 2 ? '' : readField(sname),
    file: overloaded & 1 ? '' : readField(file),
    options,
  }
}

/**
 * Options go out in the map's order, after the message type; relay agent information (82) last, as RFC 3046 §2.2 wants.
 * Longer than 255 bytes: in pieces (RFC 3396). Throws plain errors for what cannot be written: that is our mistake.
 */
export function encodeDhcp(packet: Omit<DhcpPacket, 'kind'>): Uint8Array<ArrayBuffer> {
  const options: number[] = [OPTION.messageType, 1, MESSAGE_TYPES.indexOf(packet.type) + 1]
  const write = (code: number, value: Uint8Array): void => {
    for (let at = 0; at === 0 || at < value.length; at += 255) {
      const piece = value.subarray(at, at + 255)
      options.push(code, piece.length, ...piece)
    }
  }
  const relay = packet.options.get(OPTION.relayAgent)
  for (const [code, value] of packet.options) if (code !== OPTION.relayAgent) write(code, value)
  if (relay) write(OPTION.relayAgent, relay)
  options.push(END)

  const length = Math.max(MIN_REPLY_BYTES, AT.options + options.length)
  const bytes = new Uint8Array(new ArrayBuffer(length))
  const view = new DataView(bytes.buffer)
  view.setUint8(AT.op, packet.op === 'request' ? 1 : 2)
  view.setUint8(AT.hardwareType, ETHERNET)
  view.setUint8(AT.hardwareBytes, MAC_BYTES)
  view.setUint8(AT.hops, packet.hops)
  view.setUint32(AT.xid, packet.xid)
  view.setUint16(AT.secs, packet.secs)
  view.setUint16(AT.flags, packet.isBroadcast ? BROADCAST : 0)
  for (const field of ['ciaddr', 'yiaddr', 'siaddr', 'giaddr'] as const)
    bytes.set(packet[field].split('.').map(Number), AT[field])
  bytes.set(
    packet.mac.split(':').map(byte => Number.parseInt(byte, 16)),
    AT.chaddr,
  )
  writeField(bytes.subarray(AT.sname, AT.file), packet.sname)
  writeField(bytes.subarray(AT.file, AT.cookie), packet.file)
  view.setUint32(AT.cookie, COOKIE)
  bytes.set(options, AT.options)
  return bytes
}

/** False when an option reaches past the end. A missing end option is forgiven: nothing is ambiguous without. */
function readOptions(area: Uint8Array, into: Map<number, Uint8Array[]>): boolean {
  let at = 0
  while (at < area.length) {
    const code = area[at] ?? END
    if (code === END) return true
    at++
    if (code === PAD) continue
    const length = area[at]
    if (length === undefined || at + 1 + length > area.length) return false
    const piece = area.subarray(at + 1, at + 1 + length)
    const before = into.get(code)
    if (before) before.push(piece)
    else into.set(code, [piece])
    at += 1 + length
  }
  return true
}

function joined(pieces: readonly Uint8Array[] | undefined): Uint8Array | null {
  if (!pieces) return null
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

function readAddress(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + 4).join('.')
}

function readMac(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(':')
}

/** Up to the first zero, as Latin-1: names on the wire have no declared encoding. */
function readField(field: Uint8Array): string {
  const end = field.indexOf(0)
  return String.fromCharCode(...field.subarray(0, end < 0 ? field.length : end))
}

/** Zero-terminated: some firmware reads on past a field that is full. */
function writeField(field: Uint8Array, text: string): void {
  if (text.length >= field.length || /[^\x20-\x7e]/.test(text))
    throw new Error(`Not a DHCP name of at most ${field.length - 1} characters: ${text}`)
  for (let i = 0; i < text.length; i++) field[i] = text.charCodeAt(i)
}
