/**
 * How to answer DHCP on a card, from what a look at it has found: a server of our own only where there is none, a proxy
 * beside one. Pure.
 */
import { BootError } from './bootError.ts'
import type { FoundDhcpServer } from './dhcpProbe.ts'
import { isWithin, poolIn, type Subnet } from './subnet.ts'

export type DhcpMode = 'proxy' | 'server'

export interface DhcpProposal {
  readonly mode: DhcpMode
  /** Why, as a sentence. */
  readonly reason: string
  /** What may go wrong all the same; each a sentence that says what to do. */
  readonly warnings: readonly string[]
  /** Gives addresses on this network; the first is named to the technician. */
  readonly servers: readonly FoundDhcpServer[]
  readonly bootServers: readonly FoundDhcpServer[]
}

export interface DhcpPlan {
  readonly mode: DhcpMode
  /** False beside another server: we then refuse nobody's address. */
  readonly isAuthoritative: boolean
  readonly warnings: readonly string[]
}

/** Our own answers, if we are at work already, count for nothing. */
export function proposeDhcp(found: readonly FoundDhcpServer[], subnet: Subnet): DhcpProposal {
  const others = found.filter(server => server.address !== subnet.address)
  const servers = others.filter(server => server.offersAddress)
  const bootServers = others.filter(server => server.offersBoot)
  const [first] = servers
  return {
    mode: first ? 'proxy' : 'server',
    reason: first
      ? `The DHCP server ${first.address} gives addresses here: Benchcast adds only the boot part.`
      : 'No DHCP server answered here: Benchcast gives the machines their addresses.',
    warnings: warningsFor(servers, bootServers, subnet),
    servers,
    bootServers,
  }
}

/**
 * What the technician asked for, checked against what was found. Null takes the proposal.
 * Faults: boot/other-dhcp-server unless `insists`; boot/no-pool.
 */
export function planDhcp(
  asked: DhcpMode | null,
  proposal: DhcpProposal,
  card: { readonly name: string } & Subnet,
  insists: boolean,
): DhcpPlan {
  const mode = asked ?? proposal.mode
  const isAlone = proposal.servers.length === 0
  if (mode === 'proxy') {
    const warning =
      'No DHCP server answered on this card, and a proxy gives no addresses: machines get none, and cannot start. Let Benchcast be the DHCP server, or connect the card to a network that has one.'
    return {
      mode,
      isAuthoritative: false,
      warnings: isAlone ? [warning, ...proposal.warnings] : proposal.warnings,
    }
  }
  if (!isAlone && !insists) {
    const servers = proposal.servers.map(server => server.address)
    throw new BootError({ code: 'boot/other-dhcp-server', card: card.name, servers })
  }
  if (poolIn(card) === null)
    throw new BootError({ code: 'boot/no-pool', card: card.name, prefixLength: card.prefixLength })
  const warning =
    'Two DHCP servers answer on this card, because you insisted: machines may get addresses that others have. Switch one of them off.'
  return {
    mode,
    isAuthoritative: isAlone,
    warnings: isAlone ? proposal.warnings : [warning, ...proposal.warnings],
  }
}

function warningsFor(
  servers: readonly FoundDhcpServer[],
  bootServers: readonly FoundDhcpServer[],
  subnet: Subnet,
): string[] {
  const warnings: string[] = []
  const [first] = servers
  if (servers.length > 1) {
    const list = servers.map(server => server.address).join(' and ')
    warnings.push(
      `${servers.length} DHCP servers answer here (${list}): machines may get conflicting addresses. Switch all but one off.`,
    )
  }
  const range = first?.offeredRange
  if (first && range && first.offeredAddress && !isWithin(first.offeredAddress, subnet)) {
    warnings.push(
      `The DHCP server ${first.address} gives addresses of ${range}, and this card is not in that network: machines would not reach Benchcast. Give the card an address of ${range}.`,
    )
  }
  for (const server of bootServers) {
    const names = server.bootFile === '' ? '' : ` (it names ${JSON.stringify(server.bootFile)})`
    // shim takes the file server from the address's offer when that names a file, and asks us for nothing.
    warnings.push(
      server.offersAddress
        ? `The DHCP server ${server.address} sends machines to another boot server${names}: with it, UEFI machines fail to start from here. Remove its boot options (66, 67, next-server).`
        : `Another boot server answers here: ${server.address}${names}. Machines take whichever answers first. Switch it off while you image.`,
    )
  }
  return warnings
}
