/** A network card in words. Pure. */
import type { Nic } from '../../../shared/ipc.ts'
import { formatBits } from '../../ui/format.ts'

const KINDS: Readonly<Record<Nic['kind'], string>> = {
  wired: 'Wired',
  wifi: 'Wi-Fi',
  virtual: 'Virtual',
  vpn: 'VPN',
  bridge: 'Bridge',
  loopback: 'This computer only',
}

export interface NicWords {
  readonly kind: string
  readonly link: string
  /** Empty when the card can carry a session well. */
  readonly warning: string
  readonly isUsable: boolean
}

export function describeNic(nic: Nic): NicWords {
  const speed = nic.linkBitsPerSecond === null ? '' : formatBits(nic.linkBitsPerSecond)
  const link = { up: speed || 'Link up', 'no-link': 'No link', down: 'Switched off' }[nic.state]
  return {
    kind: KINDS[nic.kind],
    link,
    warning: nic.warning ?? (nic.kind === 'wired' || nic.kind === 'loopback' ? '' : SECOND_BEST),
    isUsable: nic.state === 'up' && nic.address !== null,
  }
}

const SECOND_BEST = 'Not a wired card: multicast may not reach the bench.'

/** Usable wired cards first, then usable others, then the rest; by name within. */
export function orderNics(nics: readonly Nic[]): readonly Nic[] {
  const rank = (nic: Nic): number => {
    const { isUsable } = describeNic(nic)
    if (nic.isPreferred) return 0
    if (isUsable && nic.kind === 'wired') return 1
    if (isUsable && nic.kind !== 'loopback') return 2
    return isUsable ? 3 : 4
  }
  return nics.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
}
