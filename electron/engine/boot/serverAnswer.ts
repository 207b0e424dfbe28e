/** The DHCP server's decisions: RFC 2131 §4.3, for one network. Pure. */
import {
  type Answered,
  bootFields,
  type BootPart,
  type Decision,
  type DhcpConfig,
  type DhcpRequest,
  echoed,
  reply,
  silent,
  unboundAddress,
} from './dhcpReply.ts'
import { addressBytes, addressOf, numberBytes, OPTION, textBytes, textOf } from './dhcpOptions.ts'
import { type DhcpPacket, NO_ADDRESS } from './dhcpPacket.ts'
import {
  addressFor,
  avoid,
  bind,
  isHeld,
  type Lease,
  leaseOf,
  type Leases,
  release,
} from './leases.ts'
import { broadcastOf, isWithin, maskOf } from './subnet.ts'

interface Asked {
  readonly packet: DhcpPacket
  readonly boot: BootPart | null
  readonly config: DhcpConfig
  readonly leases: Leases
  readonly nowMs: number
  /** The machine's lease, whatever its state. */
  readonly lease: Lease | null
}

export function answerAsServer(
  { packet }: DhcpRequest,
  boot: BootPart | null,
  config: DhcpConfig,
  leases: Leases,
  nowMs: number,
): Answered {
  const asked: Asked = {
    packet,
    boot,
    config,
    leases,
    nowMs,
    lease: leaseOf(leases, packet.mac),
  }
  switch (packet.type) {
    case 'discover':
      return onDiscover(asked)
    case 'request':
      return onRequest(asked)
    case 'decline':
      return onDecline(asked)
    case 'release':
      return onRelease(asked)
    case 'inform':
      return onInform(asked)
    case 'offer':
    case 'ack':
    case 'nak':
      // A client that sends a server's words.
      return silent('reply', leases)
  }
}

function onDiscover(asked: Asked): Answered {
  const { packet, config, leases, nowMs, lease } = asked
  if (lease && isHeld(lease, nowMs) && config.pool.includes(lease.address)) {
    return { decision: grant(asked, 'offer', lease.address), leases }
  }
  const requested = addressOf(packet.options, OPTION.requestedAddress)
  const address = addressFor(leases, config.pool, packet.mac, requested, nowMs)
  if (address === null) return silent('pool empty', leases)
  return { decision: { kind: 'probe', address, mac: packet.mac }, leases }
}

/** RFC 2131 §4.3.2 tells the four kinds apart by which fields are filled. */
function onRequest(asked: Asked): Answered {
  const { packet, config, leases } = asked
  const serverId = addressOf(packet.options, OPTION.serverId)
  const requested = addressOf(packet.options, OPTION.requestedAddress)
  if (serverId !== null) return onSelecting(asked, serverId, requested)
  if (packet.ciaddr === NO_ADDRESS && requested !== null) return onInitReboot(asked, requested)
  if (packet.ciaddr === NO_ADDRESS) return silent('not asked', leases)
  if (!isWithin(packet.ciaddr, config.subnet)) return refuse(asked)
  return onExtending(asked)
}

function onSelecting(asked: Asked, serverId: string, requested: string | null): Answered {
  const { packet, config, leases, nowMs, lease } = asked
  if (serverId !== config.subnet.address) {
    // It took another server's offer: ours is free again.
    const isOffered = lease?.state === 'offered'
    return silent('not ours', isOffered ? release(leases, lease, nowMs) : leases)
  }
  // Some clients that were bound before name the address in ciaddr instead.
  const wanted = requested ?? packet.ciaddr
  if (lease?.address === wanted && config.pool.includes(wanted)) return grantBound(asked, wanted)
  // It speaks to us by name, so this much we may say even beside another server.
  return { decision: nak(asked), leases }
}

function onInitReboot(asked: Asked, requested: string): Answered {
  const { config, leases, lease } = asked
  if (!isWithin(requested, config.subnet)) return refuse(asked)
  if (lease?.address === requested && config.pool.includes(requested))
    return grantBound(asked, requested)
  // RFC 2131 §4.3.2: of a client without a record nothing is said, as another server may know it.
  return lease || isOthers(asked, requested) ? refuse(asked) : silent('unknown address', leases)
}

/** RENEWING (to us) and REBINDING (to everyone). */
function onExtending(asked: Asked): Answered {
  const { packet, config, leases, lease } = asked
  const address = packet.ciaddr
  const isOurs = config.pool.includes(address)
  if (lease?.address === address && isOurs) return grantBound(asked, address)
  if (isOthers(asked, address)) return refuse(asked)
  // It lives there, and our record is lost: as the only server we take its word, rather than stop a machine at work.
  if (config.isAuthoritative && isOurs && !lease) return grantBound(asked, address)
  return silent('unknown address', leases)
}

function onDecline(asked: Asked): Answered {
  const { packet, leases, nowMs, lease } = asked
  const address = addressOf(packet.options, OPTION.requestedAddress)
  // Only its own: nobody may empty the pool in others' names.
  if (!isForUs(asked) || !lease || lease.address !== address) return silent('not ours', leases)
  return silent('not asked', avoid(leases, lease.address, 'declined', nowMs))
}

function onRelease(asked: Asked): Answered {
  const { packet, leases, nowMs, lease } = asked
  if (!isForUs(asked) || !lease || lease.address !== packet.ciaddr)
    return silent('not ours', leases)
  return silent('not asked', release(leases, lease, nowMs))
}

/** RFC 2131 §4.3.5: settings for one that has an address, without a lease. */
function onInform(asked: Asked): Answered {
  const { packet, config, leases } = asked
  if (packet.ciaddr === NO_ADDRESS || !isWithin(packet.ciaddr, config.subnet))
    return silent('foreign address', leases)
  return { decision: grant(asked, 'ack', NO_ADDRESS), leases }
}

function grantBound(asked: Asked, address: string): Answered {
  const { packet, config, leases, nowMs } = asked
  const untilMs = nowMs + config.leaseSeconds * 1000
  const hostName = (textOf(packet.options, OPTION.hostName) ?? '').slice(0, 63)
  return {
    decision: grant(asked, 'ack', address),
    leases: bind(leases, address, packet.mac, untilMs, hostName),
  }
}

/** `address` 0.0.0.0: settings alone. */
function grant(asked: Asked, type: 'offer' | 'ack', address: string): Decision {
  const { packet, boot, config } = asked
  const { leaseSeconds, subnet, router, dnsServers } = config
  const times: [number, Uint8Array][] = [
    [OPTION.leaseTime, numberBytes(leaseSeconds)],
    // RFC 2131 §4.4.5.
    [OPTION.renewalTime, numberBytes(Math.floor(leaseSeconds / 2))],
    [OPTION.rebindingTime, numberBytes(Math.floor((leaseSeconds * 7) / 8))],
  ]
  const options: (readonly [number, Uint8Array])[] = [
    ...(address === NO_ADDRESS ? [] : times),
    [OPTION.subnetMask, addressBytes(maskOf(subnet))],
    [OPTION.broadcastAddress, addressBytes(broadcastOf(subnet))],
  ]
  if (router !== null) options.push([OPTION.router, addressBytes(router)])
  if (dnsServers.length > 0) options.push([OPTION.dnsServer, addressBytes(...dnsServers)])
  if (boot) options.push(...bootOptions(packet, boot, config))
  const fields = {
    yiaddr: address,
    ciaddr: type === 'ack' ? packet.ciaddr : NO_ADDRESS,
    ...(boot ? bootFields(boot.file, config) : {}),
  }
  return {
    kind: 'reply',
    packet: reply(packet, type, config, fields, options),
    to: type === 'ack' ? boundAddress(packet, config) : unboundAddress(packet),
    bootFile: boot?.file ?? '',
  }
}

/**
 * No option 60 for PXE: address and file in one offer are plain DHCP, which all firmware takes as it is; with option 60
 * UEFI would go to port 4011 as well. UEFI HTTP Boot takes only offers that say HTTPClient.
 */
function bootOptions(
  packet: DhcpPacket,
  { client, file }: BootPart,
  { subnet }: DhcpConfig,
): (readonly [number, Uint8Array])[] {
  const wanted = packet.options.get(OPTION.parameterList)
  const options: (readonly [number, Uint8Array])[] = [...echoed(packet, OPTION.machineUuid)]
  if (client.way === 'http') options.push([OPTION.vendorClass, textBytes('HTTPClient')])
  // The same again as options, for those that ask: some firmware looks only there.
  if (wanted?.includes(OPTION.tftpServerName) && client.way === 'pxe')
    options.push([OPTION.tftpServerName, textBytes(subnet.address)])
  if (wanted?.includes(OPTION.bootFileName))
    options.push([OPTION.bootFileName, textBytes(`${file}\0`)])
  return options
}

function refuse(asked: Asked): Answered {
  const { config, leases } = asked
  if (!config.isAuthoritative) return silent('unknown address', leases)
  return { decision: nak(asked), leases }
}

/** RFC 2131 §4.3.2: broadcast, so that a client on the wrong network hears it; through a relay with the bit set. */
function nak({ packet, config }: Asked): Decision {
  const refusal = reply({ ...packet, isBroadcast: true }, 'nak', config, {}, [
    [OPTION.message, textBytes('This address is not for this machine here.')],
  ])
  return { kind: 'reply', packet: refusal, to: unboundAddress(packet), bootFile: '' }
}

/** RFC 2131 §4.1: to the address it already has; that must be of our network, or others could be made targets. */
function boundAddress(
  packet: DhcpPacket,
  { subnet }: DhcpConfig,
): { address: string; port: number } {
  const isReachable = packet.ciaddr !== NO_ADDRESS && isWithin(packet.ciaddr, subnet)
  if (packet.giaddr !== NO_ADDRESS || !isReachable) return unboundAddress(packet)
  return { address: packet.ciaddr, port: 68 }
}

function isForUs({ packet, config }: Asked): boolean {
  return addressOf(packet.options, OPTION.serverId) === config.subnet.address
}

/** Another machine holds it, from us. */
function isOthers({ packet, leases, nowMs }: Asked, address: string): boolean {
  const other = leases.get(address)
  return other !== undefined && other.mac !== packet.mac && isHeld(other, nowMs)
}
