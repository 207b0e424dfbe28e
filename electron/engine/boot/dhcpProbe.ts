/**
 * Looks for DHCP servers on one card, and for boot servers among them: asks as a UEFI machine would (RFC 4578), so that
 * proxies speak up, and takes no offer. Nothing is reserved for long: servers forget an offer that nobody takes
 * (RFC 2131 §3.1.4).
 */
import { randomBytes, randomInt } from 'node:crypto'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { BootError } from './bootError.ts'
import { openBootSocket } from './bootSocket.ts'
import {
  addressesOf,
  addressOf,
  numberOf,
  OPTION,
  readVendorOptions,
  textBytes,
  textOf,
} from './dhcpOptions.ts'
import { decodeDhcp, type DhcpPacket, encodeDhcp, NO_ADDRESS } from './dhcpPacket.ts'

export interface ProbeOptions {
  /** Needs no address; with one, servers that answer only within their network answer too. */
  readonly nic: { readonly name: string; readonly address: string | null }
  /** To ask as; null invents one. Whoever looks often asks as one machine, and takes no more than its room. */
  readonly mac: string | null
  /** How long to listen. 3000 ms hear every server seen; one that pings first takes up to 3 s (dnsmasq). */
  readonly timeoutMs: number
}

/** One that answered. */
export interface FoundDhcpServer {
  /** Whence the answer came. */
  readonly address: string
  /** Its identifier (option 54); a relay shows as another address. */
  readonly serverId: string
  /** False for a proxyDHCP, which gives no addresses. */
  readonly offersAddress: boolean
  /** It names a boot file or sends boot options: machines may start from it. */
  readonly offersBoot: boolean
  /** Empty without one. */
  readonly bootFile: string
  /** Where boot files are, as it says; null when it does not. */
  readonly bootServer: string | null
  /** Of the offer. Null where the server gives none. */
  readonly offeredAddress: string | null
  /** The network of the offered address, `10.0.0.0/24`: the pool itself no offer tells. */
  readonly offeredRange: string | null
  readonly router: string | null
  readonly leaseSeconds: number | null
}

/** Each asked twice: a datagram may get lost, and a switch port just up drops the first. */
const ASKS = 3

/**
 * Every server that answered in time, by address; none is an empty list.
 * Faults: boot/not-permitted, boot/port-taken, boot/no-such-card, boot/cannot-listen, boot/card-deaf.
 */
export async function probeDhcpServers(options: ProbeOptions): Promise<FoundDhcpServer[]> {
  const { nic, timeoutMs } = options
  if (nic.address === null && dropsStrangers(nic.name))
    throw new BootError({ code: 'boot/card-deaf', card: nic.name })
  const xid = randomInt(1, 2 ** 32)
  const mac = options.mac ?? inventedMac()
  const found = new Map<string, FoundDhcpServer>()
  const socket = await openBootSocket(
    { card: nic.name, address: nic.address, port: 68, isShared: true },
    (datagram, from) => {
      const packet = decodeDhcp(datagram)
      if (packet.kind !== 'dhcp' || packet.op !== 'reply' || packet.type !== 'offer') return
      if (packet.xid !== xid || packet.mac !== mac || from.port !== 67) return
      const server = serverIn(packet, from.address)
      const before = found.get(server.serverId)
      if (found.size < MAX_SERVERS || before) found.set(server.serverId, merged(before, server))
    },
  )
  try {
    const discover = discoverBytes(xid, mac)
    for (let ask = 0; ask < ASKS; ask++) {
      // Why one did not leave does not matter: the card may be coming up.
      await socket.send(discover, 67, '255.255.255.255')
      await sleep(ask < ASKS - 1 ? Math.min(500, timeoutMs / ASKS) : 0)
    }
    await sleep(Math.max(0, timeoutMs - (ASKS - 1) * Math.min(500, timeoutMs / ASKS)))
  } finally {
    socket.close()
  }
  return [...found.values()].sort((one, other) => (one.address < other.address ? -1 : 1))
}

/** Of a bench; more is a flood, not a network. */
const MAX_SERVERS = 64

/** What one offer says. Pure. */
export function serverIn(packet: DhcpPacket, from: string): FoundDhcpServer {
  const { options } = packet
  const bootFile = packet.file || (textOf(options, OPTION.bootFileName) ?? '')
  const offersAddress = packet.yiaddr !== NO_ADDRESS
  const vendor = options.get(OPTION.vendorOptions)
  const isPxe = /^(PXE|HTTP)Client/.test(textOf(options, OPTION.vendorClass) ?? '')
  const mask = options.get(OPTION.subnetMask)
  return {
    address: from,
    serverId: addressOf(options, OPTION.serverId) ?? from,
    offersAddress,
    offersBoot: bootFile !== '' || isPxe || (vendor !== undefined && hasPxeOptions(vendor)),
    bootFile,
    bootServer:
      packet.siaddr !== NO_ADDRESS ? packet.siaddr : textOf(options, OPTION.tftpServerName),
    offeredAddress: offersAddress ? packet.yiaddr : null,
    offeredRange: offersAddress && mask?.length === 4 ? networkOf(packet.yiaddr, mask) : null,
    router: addressesOf(options, OPTION.router)?.[0] ?? null,
    leaseSeconds: numberOf(options, OPTION.leaseTime, 4),
  }
}

/** One server that is both, in two offers (dnsmasq's DHCP with a proxy range), shows as one. */
function merged(before: FoundDhcpServer | undefined, next: FoundDhcpServer): FoundDhcpServer {
  if (!before) return next
  const base = before.offersAddress ? before : next
  const other = base === before ? next : before
  return {
    ...base,
    offersBoot: base.offersBoot || other.offersBoot,
    bootFile: base.bootFile || other.bootFile,
    bootServer: base.offersBoot ? base.bootServer : other.bootServer,
  }
}

/** PXE's own, 1 to 12 and 71; other vendors number theirs otherwise, so the form must fit as well. */
function hasPxeOptions(value: Uint8Array): boolean {
  const options = readVendorOptions(value)
  return options?.get(6)?.length === 1 || options?.has(8) === true || options?.has(9) === true
}

function discoverBytes(xid: number, mac: string): Uint8Array {
  const wanted = [1, 3, 6, 43, 51, 54, 60, 66, 67, 97]
  return encodeDhcp({
    op: 'request',
    type: 'discover',
    hops: 0,
    xid,
    secs: 4,
    // Unicast would go to an address that nobody here has.
    isBroadcast: true,
    ciaddr: NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: NO_ADDRESS,
    mac,
    sname: '',
    file: '',
    options: new Map([
      [OPTION.maxMessageBytes, Uint8Array.of(5, 192)],
      [OPTION.parameterList, Uint8Array.from(wanted)],
      [OPTION.machineUuid, Uint8Array.of(0, ...randomBytes(16))],
      [OPTION.networkInterface, Uint8Array.of(1, 3, 0)],
      [OPTION.architecture, Uint8Array.of(0, 7)],
      [OPTION.vendorClass, textBytes('PXEClient:Arch:00007:UNDI:003000')],
    ]),
  })
}

/** Locally administered, so that it is nobody's: a server that keeps leases by MAC keeps none of a real machine. */
export function inventedMac(): string {
  const bytes = randomBytes(6)
  bytes[0] = 0x02
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(':')
}

function networkOf(address: string, mask: Uint8Array): string {
  const network = address.split('.').map((part, i) => Number(part) & (mask[i] ?? 0))
  const ones = [...mask].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
  return `${network.join('.')}/${ones}`
}

/**
 * Reverse path filtering drops every sender on a card that has no address (ip-sysctl, rp_filter; the larger of `all`
 * and the card's counts).
 */
function dropsStrangers(card: string): boolean {
  return ['all', card].some(name => {
    try {
      return fs.readFileSync(`/proc/sys/net/ipv4/conf/${name}/rp_filter`, 'utf8').trim() !== '0'
    } catch {
      return false
    }
  })
}
