/** Addresses of the three ways that a session's datagrams go, all on one card. PROTOCOL.md §4.5. */
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import type { Delivery } from '../../../shared/protocol/control.ts'

/** RFC 5771: 224/4. */
export function isMulticast(address: string): boolean {
  const first = Number(address.split('.')[0])
  return first >= 224 && first <= 239
}

/** All ones in the host part of the card's subnet (RFC 922 §7); null where no card has the address, or /31 and /32. */
export function broadcastAddress(
  cardAddress: string,
  interfaces: typeof networkInterfaces = networkInterfaces,
): string | null {
  const own = Object.values(interfaces())
    .flatMap(addresses => addresses ?? [])
    .find(each => each.family === 'IPv4' && each.address === cardAddress)
  const prefixLength = Number(own?.cidr?.split('/')[1] ?? 32)
  if (prefixLength > 30) return null // RFC 3021.
  const hostBits = 2 ** (32 - prefixLength)
  const value = cardAddress.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const last = Math.floor(value / hostBits) * hostBits + hostBits - 1
  return [24, 16, 8, 0].map(shift => Math.floor(last / 2 ** shift) % 256).join('.')
}

/** The address that a receiver's socket takes datagrams for; null when the card's subnet has no broadcast. */
export function listenAddress(
  delivery: Delivery,
  group: string,
  cardAddress: string,
): string | null {
  switch (delivery) {
    case 'multicast':
      return group
    case 'broadcast':
      return broadcastAddress(cardAddress)
    case 'unicast':
      return cardAddress
  }
}

/** Of the card, bytes; null where the system does not tell. Linux: sysfs-class-net. */
export function cardMtu(name: string): number | null {
  try {
    return Number.parseInt(readFileSync(`/sys/class/net/${name}/mtu`, 'utf8'), 10) || null
  } catch {
    return null
  }
}

/** The system's name of the card with this address; null when there is none. */
export function cardName(cardAddress: string): string | null {
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(each => each.address === cardAddress),
  )
  // Linux: a second address may carry the label eth0:1; the card is eth0.
  return found?.[0].replace(/:.*$/, '') ?? null
}
