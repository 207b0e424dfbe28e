/**
 * Who has which address. Pure: every change is a new table; clock and disk are the caller's.
 *
 *   (free) ──discover, nobody answers there──▶ offered ──request──▶ bound ──release──▶ released
 *      └──somebody answers there──▶ foreign       └──decline──▶ declined ◀──decline──┘
 *
 * A machine is its MAC, not its client identifier (RFC 2131 §4.2 has it the other way): firmware, iPXE and the boot
 * environment of one machine send different identifiers, and three addresses for one machine would empty a small pool
 * and hide from us that they are one.
 */

export interface Lease {
  readonly address: string
  /** Empty for `foreign` and `declined`. */
  readonly mac: string
  readonly state: 'offered' | 'bound' | 'released' | 'declined' | 'foreign'
  /** Unix ms. An ended lease is remembered: the machine gets the same address again, if it is still free. */
  readonly untilMs: number
  /** As the machine calls itself; empty when it does not. */
  readonly hostName: string
}

/** By address. */
export type Leases = ReadonlyMap<string, Lease>

/** How long an offer waits for its request. OVMF takes 4 s to choose, and asks four times. */
const OFFER_MS = 60_000
/** In a full pool an offer that was not taken for so long gives way: a flood of invented machines must not lock it. */
const OFFER_FIRM_MS = 5_000
/** How long an address is left alone that somebody else was found to use. */
const AVOID_MS = 600_000

export function leaseOf(leases: Leases, mac: string): Lease | null {
  for (const lease of leases.values()) if (lease.mac === mac) return lease
  return null
}

/** Still promised to its machine, or avoided. */
export function isHeld(lease: Lease | undefined, nowMs: number): boolean {
  return lease !== undefined && lease.state !== 'released' && lease.untilMs > nowMs
}

/**
 * The address to try for a machine: its own last one, then the one it asks for, then one never given, then the one
 * unused for longest. Null when every address is held.
 */
export function addressFor(
  leases: Leases,
  pool: readonly string[],
  mac: string,
  requested: string | null,
  nowMs: number,
): string | null {
  const own = leaseOf(leases, mac)
  if (own && pool.includes(own.address)) return own.address
  if (requested !== null && pool.includes(requested) && !isHeld(leases.get(requested), nowMs))
    return requested
  const fresh = pool.find(address => !leases.has(address))
  if (fresh !== undefined) return fresh
  const isStale = (lease: Lease): boolean =>
    lease.state === 'offered' && lease.untilMs < nowMs + OFFER_MS - OFFER_FIRM_MS
  return oldest(leases, pool, lease => !isHeld(lease, nowMs)) ?? oldest(leases, pool, isStale)
}

function oldest(
  leases: Leases,
  pool: readonly string[],
  isTakeable: (lease: Lease) => boolean,
): string | null {
  let found: Lease | null = null
  for (const address of pool) {
    const lease = leases.get(address)
    if (!lease || !isTakeable(lease)) continue
    if (!found || lease.untilMs < found.untilMs) found = lease
  }
  return found?.address ?? null
}

/** The machine's earlier lease, if on another address, is forgotten: one machine, one address. */
export function offer(leases: Leases, address: string, mac: string, nowMs: number): Leases {
  const before = leases.get(address)
  const hostName = before?.mac === mac ? before.hostName : ''
  const untilMs = nowMs + OFFER_MS
  return put(leases, { address, mac, state: 'offered', untilMs, hostName })
}

export function bind(
  leases: Leases,
  address: string,
  mac: string,
  untilMs: number,
  hostName: string,
): Leases {
  return put(leases, { address, mac, state: 'bound', untilMs, hostName })
}

export function release(leases: Leases, lease: Lease, nowMs: number): Leases {
  return put(leases, { ...lease, state: 'released', untilMs: nowMs })
}

/** Somebody uses the address who did not get it from us. */
export function avoid(
  leases: Leases,
  address: string,
  state: 'declined' | 'foreign',
  nowMs: number,
): Leases {
  return put(leases, { address, mac: '', state, untilMs: nowMs + AVOID_MS, hostName: '' })
}

function put(leases: Leases, lease: Lease): Leases {
  const next = new Map(leases)
  if (lease.mac !== '') {
    for (const [address, other] of leases) if (other.mac === lease.mac) next.delete(address)
  }
  // At the end: the order is that of the last change.
  next.delete(lease.address)
  return next.set(lease.address, lease)
}
