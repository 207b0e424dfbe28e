/**
 * Keeps looking who else answers DHCP on the card while we do: a router that is plugged in later, or a second bench,
 * spoils starts as much as one that was there before. Each minute, and at once when a machine is overheard to take
 * another server's offer.
 */
import type { DhcpMode, DhcpProposal } from './dhcpPlan.ts'

export interface DhcpWatchOptions {
  /** A look at the network; takes some seconds. */
  look(): Promise<DhcpProposal>
  /** What was found, each time. */
  onLook(found: DhcpProposal): void
  readonly everyMs: number
}

export interface DhcpWatch {
  /** Somebody gives addresses who was not there at the last look. */
  hint(): void
  close(): void
}

/** Between looks that machines give reason to: a flood of hints must not become a flood of questions. */
const HINT_MS = 5_000

export function watchDhcp({ look, onLook, everyMs }: DhcpWatchOptions): DhcpWatch {
  let isLooking = false
  let isClosed = false
  let lookedAtMs = Number.NEGATIVE_INFINITY

  async function lookNow(): Promise<void> {
    if (isLooking || isClosed) return
    isLooking = true
    lookedAtMs = performance.now()
    try {
      const found = await look()
      if (!isClosed) onLook(found)
    } catch {
      // The card is away for a moment, or another program has the port: what was known stands until the next look.
    } finally {
      isLooking = false
    }
  }

  const timer = setInterval(() => void lookNow(), everyMs)
  return {
    hint() {
      if (performance.now() - lookedAtMs >= HINT_MS) void lookNow()
    },
    close() {
      isClosed = true
      clearInterval(timer)
    },
  }
}

/** What a later look adds to what was known when service began. Pure. */
export function laterWarnings(mode: DhcpMode, begun: DhcpProposal, found: DhcpProposal): string[] {
  const known = new Set(begun.servers.map(server => server.serverId))
  const newcomers = found.servers.filter(server => !known.has(server.serverId))
  const said = new Set(begun.warnings)
  const warnings = found.warnings.filter(warning => !said.has(warning))
  const list = newcomers.map(server => server.address).join(' and ')
  if (mode === 'server' && newcomers.length > 0) {
    warnings.unshift(
      `Another DHCP server has begun to answer on this card: ${list}. Machines may get addresses of either, some of them twice. Switch it off, or open network boot again, as a proxy beside it.`,
    )
  }
  if (mode === 'proxy' && begun.servers.length > 0 && found.servers.length === 0) {
    const gone = begun.servers.map(server => server.address).join(' and ')
    warnings.unshift(
      `The DHCP server ${gone} does not answer any more: machines get no address, and cannot start. Check its cable, or open network boot again, as DHCP server.`,
    )
  }
  return warnings
}
