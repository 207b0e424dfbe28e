/**
 * Network cards, with what a technician must know to choose the right one: a session lives on exactly one card, and
 * the wrong one (a VPN, a virtual switch, Wi-Fi) is how imaging most often fails to start.
 */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import type { Nic } from '../../../shared/ipc.ts'
import { cardNames, readCard } from './nicsLinux.ts'
import { type CardFacts, kindOf, nameOnly } from './nicsKind.ts'

export type NicFault =
  | { readonly code: 'net/no-such-card'; readonly card: string; readonly known: readonly string[] }
  | { readonly code: 'net/no-address'; readonly card: string }
  | { readonly code: 'net/card-down'; readonly card: string; readonly state: 'down' | 'no-link' }

export class NicError extends Error {
  override readonly name = 'NicError'
  readonly fault: NicFault
  constructor(fault: NicFault, options?: ErrorOptions) {
    super(describe(fault), options)
    this.fault = fault
  }
}

/** A card that can carry a session. `broadcast` is null on point-to-point links. */
export interface UsableNic extends Nic {
  readonly address: string
  readonly prefixLength: number
}

/** Where the facts come from; tests bring their own. `sysfs` is null where there is none. */
export interface NicSources {
  readonly sysfs: string | null
  interfaces(): NodeJS.Dict<NetworkInterfaceInfo[]>
}

/** Every card, the preferred one first, then from good choices to poor ones. */
export function listNics(sources: NicSources = systemSources()): Nic[] {
  const addresses = ipv4ByCard(sources)
  const names = new Set([...(sources.sysfs ? cardNames(sources.sysfs) : []), ...addresses.keys()])
  const cards = [...names].map(name => {
    const known = addresses.get(name) ?? []
    const facts =
      (sources.sysfs === null ? null : readCard(sources.sysfs, name)) ?? nameOnly(name, known[0])
    return { facts, nic: nicFrom(facts, known) }
  })
  // A card that is part of a bridge or bond cannot be what the technician means: its master has the address.
  const candidates = cards.filter(
    ({ facts, nic }) => nic.kind === 'wired' && nic.state === 'up' && facts.master === null,
  )
  const only = candidates.length === 1 ? candidates[0]?.nic : null
  return cards
    .map(({ nic }) => ({ ...nic, isPreferred: nic === only && nic.address !== null }))
    .sort((one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1))
}

/**
 * The card of that name, or with that IPv4 address, ready to use.
 * Faults: net/no-such-card, net/card-down, net/no-address.
 */
export function findNic(nameOrAddress: string, sources: NicSources = systemSources()): UsableNic {
  const all = listNics(sources)
  const nic =
    all.find(card => card.name === nameOrAddress) ??
    all.find(card => card.address === nameOrAddress)
  if (!nic) {
    const known = all.map(card => (card.address ? `${card.name} (${card.address})` : card.name))
    throw new NicError({ code: 'net/no-such-card', card: nameOrAddress, known })
  }
  // Before the address: systems hide the addresses of a card without a link.
  if (nic.state !== 'up')
    throw new NicError({ code: 'net/card-down', card: nic.name, state: nic.state })
  const { address, prefixLength } = nic
  if (address === null || prefixLength === null) {
    throw new NicError({ code: 'net/no-address', card: nic.name })
  }
  return { ...nic, address, prefixLength }
}

function systemSources(): NicSources {
  return {
    sysfs: process.platform === 'linux' ? '/sys/class/net' : null,
    interfaces: networkInterfaces,
  }
}

function ipv4ByCard(sources: NicSources): Map<string, NetworkInterfaceInfo[]> {
  const found = new Map<string, NetworkInterfaceInfo[]>()
  for (const [label, addresses] of Object.entries(sources.interfaces())) {
    // Linux: a second address may carry the label eth0:1; the card is eth0.
    const name = sources.sysfs ? label.replace(/:.*$/, '') : label
    const ipv4 = (addresses ?? []).filter(address => address.family === 'IPv4')
    found.set(name, [...(found.get(name) ?? []), ...ipv4])
  }
  return found
}

function nicFrom(facts: CardFacts, addresses: readonly NetworkInterfaceInfo[]): Nic {
  const chosen = addresses.find(({ address }) => !isSelfAssigned(address)) ?? addresses[0]
  const prefixLength = chosen?.cidr ? Number(chosen.cidr.split('/')[1]) : null
  const kind = kindOf(facts)
  const isReal = kind === 'wired' || kind === 'wifi' || kind === 'bridge'
  const nic: Nic = {
    name: facts.name,
    address: chosen?.address ?? null,
    prefixLength,
    broadcast: chosen && prefixLength !== null ? broadcastOf(chosen.address, prefixLength) : null,
    mac: facts.mac,
    // Drivers of virtual cards make a speed up: veth and tun say 10 Gbit/s or 10 Mbit/s.
    linkBitsPerSecond: isReal && facts.speedMbit ? facts.speedMbit * 1_000_000 : null,
    state: facts.isUp ? (facts.hasLink ? 'up' : 'no-link') : 'down',
    kind,
    warning: null,
    isPreferred: false,
  }
  return { ...nic, warning: warningFor(nic, facts.master) }
}

/** The most pressing reason not to choose it, with what to do; null for a good choice. */
function warningFor(nic: Nic, master: string | null): string | null {
  if (master) return `Part of ${master}, which has the address: choose ${master} instead.`
  switch (nic.kind) {
    case 'wifi':
      return 'Wi-Fi: multicast is slow on it and much of it gets lost. Use a cable.'
    case 'vpn':
      return 'A VPN or tunnel: the machines on the bench are not behind it.'
    case 'virtual':
      return 'A virtual card: it reaches virtual machines on this computer, not the bench.'
    case 'loopback':
      return 'This computer itself: good for a rehearsal, reaches no other machine.'
    case 'bridge':
    case 'wired':
      break
  }
  if (nic.state === 'down') return 'Switched off: switch it on in the system’s network settings.'
  if (nic.state === 'no-link')
    return 'No link: plug in the cable, and check that the switch has power.'
  if (nic.address === null)
    return 'Has no IPv4 address: give it one in the system’s network settings.'
  if (isSelfAssigned(nic.address)) {
    return 'Gave itself an address, as no DHCP server answered: other machines may not reach it.'
  }
  if (nic.linkBitsPerSecond !== null && nic.linkBitsPerSecond < 1_000_000_000) {
    const mbit = nic.linkBitsPerSecond / 1_000_000
    return `Linked at only ${mbit} Mbit/s: check the cable and the switch port.`
  }
  if (nic.kind === 'bridge') return 'A bridge: right only if the bench is connected through it.'
  return null
}

/** RFC 3927: 169.254/16. */
function isSelfAssigned(address: string): boolean {
  return address.startsWith('169.254.')
}

/** Null for /31 (RFC 3021) and /32, which have none. */
function broadcastOf(address: string, prefixLength: number): string | null {
  if (prefixLength > 30) return null
  const hostBits = 2 ** (32 - prefixLength)
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const last = Math.floor(value / hostBits) * hostBits + hostBits - 1
  return [24, 16, 8, 0].map(shift => Math.floor(last / 2 ** shift) % 256).join('.')
}

function rank(nic: Nic): number {
  if (nic.isPreferred) return -1
  const kinds = ['wired', 'bridge', 'wifi', 'virtual', 'vpn', 'loopback']
  return kinds.indexOf(nic.kind) * 2 + (nic.state === 'up' ? 0 : 1)
}

function describe(fault: NicFault): string {
  switch (fault.code) {
    case 'net/no-such-card': {
      const known =
        fault.known.length > 0 ? `Choose one of: ${fault.known.join(', ')}.` : 'There is none.'
      return `There is no network card ${JSON.stringify(fault.card)} here. ${known}`
    }
    case 'net/no-address':
      return `Network card ${fault.card} has no IPv4 address. Give it one (for a bench without DHCP, for example 192.168.77.1/24), or choose another card.`
    case 'net/card-down':
      return fault.state === 'down'
        ? `Network card ${fault.card} is switched off. Switch it on in the system’s network settings (Linux: ip link set ${fault.card} up).`
        : `Network card ${fault.card} has no link. Plug in its cable and check that the switch has power.`
  }
}
