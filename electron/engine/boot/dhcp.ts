/** DHCP on a card from beginning to end: look who is there, decide, answer. */
import type { Admission } from './admission.ts'
import type { BootError } from './bootError.ts'
import type { BootEvent } from './bootEvent.ts'
import {
  type DhcpMode,
  type DhcpPlan,
  type DhcpProposal,
  planDhcp,
  proposeDhcp,
} from './dhcpPlan.ts'
import { inventedMac, probeDhcpServers } from './dhcpProbe.ts'
import type { DhcpConfig } from './dhcpReply.ts'
import { type DhcpServer, openDhcpServer } from './dhcpServer.ts'
import { laterWarnings, watchDhcp } from './dhcpWatch.ts'
import type { BootFiles } from './firmware.ts'
import { type Pool, poolAddresses, poolIn, type Subnet } from './subnet.ts'

/** How long a look takes: longer than a server that pings an address before it offers it (dnsmasq: 3 s). */
export const LOOK_MS = 3_500

export const WATCH_MS = 60_000

export interface BootCard extends Subnet {
  readonly name: string
}

export interface DhcpOptions {
  readonly card: BootCard
  /** LOOK_MS, unless the network is known to be quicker. */
  readonly lookMs: number
  /** Null takes what the look at the network proposes. */
  readonly mode: DhcpMode | null
  /** Opens a server although there is another. */
  readonly insists: boolean
  readonly files: BootFiles
  readonly admission: Admission
  /** What a server gives out; null chooses from the card's network. */
  readonly pool: Pool | null
  readonly leaseSeconds: number
  readonly router: string | null
  readonly dnsServers: readonly string[]
  /** 0 to 3000. */
  readonly responseDelayMs: number
  readonly leaseFile: string | null
  /** Must not throw. */
  onEvent(event: BootEvent): void
  onTrouble(error: BootError): void
  /** All that is to be warned of now, whenever that changes; `plan` has what was at first. */
  onWarnings(warnings: readonly string[]): void
  /** Between looks while we answer; WATCH_MS but in tests. */
  readonly watchMs: number
}

export interface BootDhcp {
  readonly proposal: DhcpProposal
  readonly plan: DhcpPlan
  readonly server: DhcpServer
  close(): Promise<void>
}

/** Who answers on the card, and what to do then. Faults: those of probeDhcpServers. */
export async function lookForDhcp(
  card: BootCard,
  timeoutMs = LOOK_MS,
  mac: string | null = null,
): Promise<DhcpProposal> {
  return proposeDhcp(await probeDhcpServers({ nic: card, timeoutMs, mac }), card)
}

/** Looks first. Faults: those of probeDhcpServers, planDhcp and openDhcpServer. */
export async function openDhcp(options: DhcpOptions): Promise<BootDhcp> {
  const { card, files, admission, leaseSeconds, router, dnsServers } = options
  const proposal = await lookForDhcp(card, options.lookMs)
  const plan = planDhcp(options.mode, proposal, card, options.insists)
  const pool = options.pool ?? poolIn(card)
  const config: DhcpConfig = {
    mode: plan.mode,
    subnet: card,
    files,
    admission,
    pool: pool && plan.mode === 'server' ? poolAddresses(pool, card) : [],
    leaseSeconds,
    router,
    dnsServers,
    isAuthoritative: plan.isAuthoritative,
  }
  const known = new Set(proposal.servers.map(each => each.serverId))
  const mac = inventedMac()
  let told = plan.warnings.join('\n')
  const watch = watchDhcp({
    look: () => lookForDhcp(card, options.lookMs, mac),
    everyMs: options.watchMs,
    onLook(found) {
      // Whoever is no longer the only one refuses nobody's address.
      if (found.servers.length > 0) server.standBack()
      const warnings = [...plan.warnings, ...laterWarnings(plan.mode, proposal, found)]
      if (warnings.join('\n') === told) return
      told = warnings.join('\n')
      options.onWarnings(warnings)
    },
  })
  const server = await openDhcpServer({
    card: card.name,
    config,
    responseDelayMs: options.responseDelayMs,
    leaseFile: options.leaseFile,
    onEvent: options.onEvent,
    onTrouble: options.onTrouble,
    onOtherServer: serverId => known.has(serverId) || watch.hint(),
  })
  return {
    proposal,
    plan,
    server,
    async close() {
      watch.close()
      await server.close()
    },
  }
}
