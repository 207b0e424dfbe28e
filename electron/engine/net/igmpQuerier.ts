/**
 * Asks on one card, for as long as it is open, which multicast groups are wanted. A switch with IGMP snooping forgets
 * a member that nobody asks about after some 260 s (RFC 3376 §8.4), and an image takes longer than that. Where another
 * querier with a lower address is at work, ours is silent.
 */
import { encodeGeneralQuery } from './igmpPacket.ts'
import { type Election, heard, next, startElection } from './igmpElection.ts'
import { type IgmpSocket, openIgmpSocket } from './igmpSocket.ts'

export type QuerierState =
  | { readonly isRunning: false; readonly reason: string }
  /** `other`: the address that asks instead of us; null while we do. */
  | { readonly isRunning: true; readonly other: string | null }

export interface IgmpQuerier {
  state(): QuerierState
  close(): void
}

/** Between queries. The RFC's 125 s (§8.2) leave a switch that ages faster than most no second chance. */
const INTERVAL_MS = 30_000
/** RFC 3376 §8.3. */
const MAX_RESPONSE_MS = 10_000
/** How often the socket is read: an election need not be faster. */
const POLL_MS = 500

/** Never rejects: a session goes on without a querier, and `state` says why there is none. */
export async function openIgmpQuerier(card: {
  readonly name: string
  readonly address: string
}): Promise<IgmpQuerier> {
  const intervalMs = chosenIntervalMs()
  if (intervalMs === 0) return off('Switched off by BENCHCAST_QUERIER_SECONDS=0.')
  try {
    const socket = await openIgmpSocket(card)
    return socket === null
      ? off('This system offers no raw sockets: only Linux with its usual C library does.')
      : run(socket, card.address, intervalMs)
  } catch (error) {
    return off(reasonOf(error, card.name))
  }
}

function run(socket: IgmpSocket, address: string, intervalMs: number): IgmpQuerier {
  // Answers must be in well before the next query.
  const maxResponseMs = Math.min(MAX_RESPONSE_MS, intervalMs / 3)
  let election: Election = startElection(address, intervalMs, performance.now())
  const poll = (): void => {
    const nowMs = performance.now()
    for (const query of socket.queries()) election = heard(election, query, nowMs)
    const step = next(election, nowMs)
    election = step.election
    // One that does not leave (a pulled cable) is one lost: the next follows.
    if (step.isDue) socket.send(encodeGeneralQuery(election.version, maxResponseMs))
  }
  poll()
  const timer = setInterval(poll, POLL_MS)
  return {
    state: () => ({
      isRunning: true,
      other: election.state === 'silent' ? election.other : null,
    }),
    close() {
      clearInterval(timer)
      socket.close()
    },
  }
}

function off(reason: string): IgmpQuerier {
  return { state: () => ({ isRunning: false, reason }), close() {} }
}

/** BENCHCAST_QUERIER_SECONDS, for tests: 1 to 125, or 0 for no querier. Anything else is as if it were not there. */
function chosenIntervalMs(): number {
  const seconds = Number(process.env['BENCHCAST_QUERIER_SECONDS'] || Number.NaN)
  return seconds === 0 || (seconds >= 1 && seconds <= 125) ? seconds * 1000 : INTERVAL_MS
}

function reasonOf(error: unknown, card: string): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EPERM' || code === 'EACCES') {
    return 'Asking switches for members (IGMP) needs the right CAP_NET_RAW: run Benchcast as root, or give it that right.'
  }
  const said = error instanceof Error ? error.message : String(error)
  return `No IGMP queries leave from network card ${card}: ${said}.`
}
