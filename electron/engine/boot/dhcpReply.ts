/** What decisions are made of, and the replies that carry them. */
import type { Admission } from './admission.ts'
import { addressBytes, OPTION } from './dhcpOptions.ts'
import { type DhcpPacket, type MessageType, NO_ADDRESS } from './dhcpPacket.ts'
import type { BootClient, BootFiles } from './firmware.ts'
import type { Leases } from './leases.ts'
import type { Subnet } from './subnet.ts'

export interface DhcpConfig {
  readonly mode: 'proxy' | 'server'
  /** Of the chosen card; its address names us (option 54) and holds the boot files. */
  readonly subnet: Subnet
  readonly files: BootFiles
  readonly admission: Admission
  /** For mode `server`: what may be given out, and with what. */
  readonly pool: readonly string[]
  readonly leaseSeconds: number
  /** Null on a network without a way out. */
  readonly router: string | null
  readonly dnsServers: readonly string[]
  /** Whether we may tell a machine that its address is wrong here: only as the network's one server. */
  readonly isAuthoritative: boolean
}

export interface DhcpRequest {
  readonly packet: DhcpPacket
  readonly from: { readonly address: string; readonly port: number }
  /** Where it arrived. */
  readonly port: 67 | 4011
}

export type Decision =
  | {
      readonly kind: 'reply'
      readonly packet: Omit<DhcpPacket, 'kind'>
      readonly to: { readonly address: string; readonly port: number }
      /** Empty when nothing to boot is in it. */
      readonly bootFile: string
    }
  /** Find out whether anyone uses the address, note it (`offer` or `avoid`, leases.ts), and ask again. */
  | { readonly kind: 'probe'; readonly address: string; readonly mac: string }
  | { readonly kind: 'silent'; readonly reason: Silence }

/** Counter names. */
export type Silence =
  | 'reply' // of another server
  | 'relayed' // from another network
  | 'not booting'
  | 'not admitted'
  | 'no file' // for such firmware
  | 'not ours' // meant for another server
  | 'not asked' // needs no answer
  | 'unknown address' // of a machine that we know nothing of
  | 'foreign address'
  | 'pool empty'

export interface Answered {
  readonly decision: Decision
  readonly leases: Leases
}

/** What a booting client is to be told. */
export interface BootPart {
  readonly client: BootClient
  readonly file: string
}

export function silent(reason: Silence, leases: Leases): Answered {
  return { decision: { kind: 'silent', reason }, leases }
}

/** A reply with everything that is the same in all. Options come in this order: server, then the given, then relay's. */
export function reply(
  packet: DhcpPacket,
  type: MessageType,
  config: DhcpConfig,
  fields: Partial<Pick<DhcpPacket, 'ciaddr' | 'yiaddr' | 'siaddr' | 'sname' | 'file'>>,
  options: readonly (readonly [number, Uint8Array])[],
): Omit<DhcpPacket, 'kind'> {
  return {
    op: 'reply',
    type,
    hops: 0,
    xid: packet.xid,
    secs: 0,
    isBroadcast: packet.isBroadcast,
    ciaddr: NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: packet.giaddr,
    mac: packet.mac,
    sname: '',
    file: '',
    ...fields,
    options: new Map([
      [OPTION.serverId, addressBytes(config.subnet.address)],
      ...options,
      ...echoed(packet, OPTION.relayAgent),
    ]),
  }
}

/** The header fields that say where the file is: shim reads these alone, and needs all of them. */
export function bootFields(
  file: string,
  config: DhcpConfig,
): Pick<DhcpPacket, 'siaddr' | 'sname' | 'file'> {
  return { siaddr: config.subnet.address, sname: config.subnet.address, file }
}

/**
 * An option sent back as it came: the machine's UUID (RFC 4578 §2.3), a relay's words (RFC 3046 §2.2). Nobody needs more
 * than 255 bytes, and a reply must fit one frame.
 */
export function echoed(packet: DhcpPacket, code: number): (readonly [number, Uint8Array])[] {
  const value = packet.options.get(code)
  return value && value.length <= 255 ? [[code, value]] : []
}

/** For a client without an address. Through a relay where one was used. */
export function unboundAddress(packet: DhcpPacket): { address: string; port: number } {
  return packet.giaddr === NO_ADDRESS
    ? { address: '255.255.255.255', port: 68 }
    : { address: packet.giaddr, port: 67 }
}
