/** IPv4 arithmetic of one card's network, and the addresses in it that may be given out. */

export interface Subnet {
  /** Of the card. */
  readonly address: string
  readonly prefixLength: number
}

/** Both included. */
export interface Pool {
  readonly first: string
  readonly last: string
}

/** A bench has no more machines, and a lease table must stay small whatever asks. */
const MAX_POOL = 1024

export function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

export function toAddress(value: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.')
}

export function maskOf({ prefixLength }: Subnet): string {
  return toAddress(2 ** 32 - 2 ** (32 - prefixLength))
}

export function broadcastOf(subnet: Subnet): string {
  return toAddress(networkNumber(subnet) + size(subnet) - 1)
}

export function isWithin(address: string, subnet: Subnet): boolean {
  const offset = toNumber(address) - networkNumber(subnet)
  return offset >= 0 && offset < size(subnet)
}

/**
 * The lowest eighth is left to what has fixed addresses (switches, access points), and at most 1024 are used. Null for
 * prefix lengths above 29: no room.
 */
export function poolIn(subnet: Subnet): Pool | null {
  if (subnet.prefixLength > 29) return null
  const network = networkNumber(subnet)
  const from = Math.max(1, Math.floor(size(subnet) / 8))
  const to = Math.min(size(subnet) - 2, from + MAX_POOL - 1)
  return { first: toAddress(network + from), last: toAddress(network + to) }
}

/** Every address of the pool that may be given: not our own, and none that old firmware takes for a broadcast. */
export function poolAddresses(pool: Pool, subnet: Subnet): string[] {
  const found: string[] = []
  const last = Math.min(toNumber(pool.last), toNumber(pool.first) + MAX_POOL - 1)
  for (let value = toNumber(pool.first); value <= last; value++) {
    const address = toAddress(value)
    const offset = value - networkNumber(subnet)
    if (offset <= 0 || offset >= size(subnet) - 1 || address === subnet.address) continue
    if (value % 256 !== 0 && value % 256 !== 255) found.push(address)
  }
  return found
}

function networkNumber(subnet: Subnet): number {
  return Math.floor(toNumber(subnet.address) / size(subnet)) * size(subnet)
}

function size({ prefixLength }: Subnet): number {
  return 2 ** (32 - prefixLength)
}
