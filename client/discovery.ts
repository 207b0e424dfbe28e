/** Hears announces on the chosen card, believes those that are signed, and chooses a session. PROTOCOL.md §4.3. */
import { createPublicKey, verify } from 'node:crypto'
import {
  broadcastAddress,
  type GroupReceiver,
  openGroupReceiver,
} from '../electron/engine/net/net.ts'
import { type Announce, decodeAnnounce } from '../shared/protocol/announcePacket.ts'
import { ANNOUNCE_GROUP, ANNOUNCE_INTERVAL_MS, ANNOUNCE_PORT } from '../shared/protocol/limits.ts'
import { type SessionId, sessionIdToHex } from '../shared/protocol/packet.ts'
import { type BenchAsker, openBenchAsker } from './askBench.ts'

/** An announce is good for so long: two may be lost. */
export const ANNOUNCE_LIFE_MS = 3.5 * ANNOUNCE_INTERVAL_MS

/**
 * While none is heard, the group is left and joined again, which reports the membership anew: to a switch that has
 * forgotten it for want of a querier, and to a bench that listens for machines on a card where it holds no session.
 */
const REJOIN_MS = 10_000

/** Silence of a bench that is followed, before it is asked: an answer is good for two such whiles. */
const ASK_AFTER_MS = 1.5 * ANNOUNCE_INTERVAL_MS

/** Sessions remembered at once: a flood of announces costs bounded memory. */
const MAX_SESSIONS = 64

export interface HeardSession {
  readonly session: SessionId
  readonly announce: Announce
  readonly firstHeardAtMs: number
  readonly heardAtMs: number
}

export interface Discovery {
  /** Heard within ANNOUNCE_LIFE_MS; with a bench's address, of that bench alone. */
  sessions(nowMs: number): HeardSession[]
  /**
   * Follows the bench at this address from now on, and asks it while nothing is heard of it; null follows any. Resolves
   * when the first question is on its way.
   */
  follow(benchAddress: string | null): Promise<void>
  close(): Promise<void>
}

/** Faults: those of openGroupReceiver. */
export async function openDiscovery(
  interfaceAddress: string,
  now: () => number,
): Promise<Discovery> {
  const heard = createHeard()
  const listen = (address: string): Promise<GroupReceiver> =>
    openGroupReceiver({
      group: address,
      port: ANNOUNCE_PORT,
      interfaceAddress,
      onDatagram: datagram => heard.take(datagram, now()),
    })
  let group = await listen(ANNOUNCE_GROUP)
  const broadcast = await alsoByBroadcast(interfaceAddress, listen)
  let rejoining = Promise.resolve()
  let followed: string | null = null
  let asker: BenchAsker | null = null
  let isClosed = false

  function sessions(nowMs: number): HeardSession[] {
    const all = heard.sessions(nowMs)
    return followed === null ? all : all.filter(each => isOf(each.announce, followed))
  }

  function ask(): void {
    const nowMs = now()
    const isHeard = sessions(nowMs).some(each => nowMs - each.heardAtMs < ASK_AFTER_MS)
    if (!isHeard) asker?.ask()
  }

  async function follow(benchAddress: string | null): Promise<void> {
    if (benchAddress === followed) return
    followed = benchAddress
    asker?.close()
    asker = null
    if (benchAddress === null) return
    const opened = await openBenchAsker(interfaceAddress, benchAddress, datagram =>
      heard.take(datagram, now()),
    )
    if (isClosed || followed !== benchAddress) return opened?.close()
    asker = opened
    ask()
  }

  async function rejoin(): Promise<void> {
    if (isClosed || heard.sessions(now()).length > 0) return
    await group.close()
    try {
      if (!isClosed) group = await listen(ANNOUNCE_GROUP)
    } catch {
      // The card is gone for now: the next time tries again.
    }
  }
  const timer = setInterval(() => {
    rejoining = rejoining.then(rejoin)
  }, REJOIN_MS)
  const asking = setInterval(ask, ANNOUNCE_INTERVAL_MS)

  return {
    sessions,
    follow,
    async close() {
      isClosed = true
      clearInterval(timer)
      clearInterval(asking)
      asker?.close()
      await rejoining
      await Promise.all([group.close(), broadcast?.close()])
    },
  }
}

function isOf(announce: Announce, benchAddress: string | null): boolean {
  return announce.control.address === benchAddress
}

/** For a bench behind a switch that blocks multicast. Windows' socket, bound to the card, hears both already. */
async function alsoByBroadcast(
  interfaceAddress: string,
  listen: (address: string) => Promise<GroupReceiver>,
): Promise<GroupReceiver | null> {
  const address = process.platform === 'win32' ? null : broadcastAddress(interfaceAddress)
  try {
    return address === null ? null : await listen(address)
  } catch {
    return null // Some systems bind no broadcast address: multicast alone then.
  }
}

export interface Heard {
  take(datagram: Uint8Array, nowMs: number): void
  sessions(nowMs: number): HeardSession[]
}

/** Pure but for the crypto: what was heard, without the socket. */
export function createHeard(): Heard {
  const known = new Map<SessionId, HeardSession & { readonly datagram: Uint8Array }>()
  return {
    take(datagram, nowMs) {
      const packet = decodeAnnounce(datagram)
      if (packet.kind === 'malformed') return
      const before = known.get(packet.session)
      // An announce repeats byte for byte: verifying it once is enough (270 us each).
      const isSame = before !== undefined && Buffer.compare(before.datagram, datagram) === 0
      if (!isSame) {
        // A session belongs to the key that announced it first, while that is alive.
        if (before && before.announce.key !== packet.announce.key && isAlive(before, nowMs)) return
        if (!isSigned(packet.announce.key, packet.signed, packet.signature)) return
        if (before === undefined && known.size >= MAX_SESSIONS && !forgetOne(known, nowMs)) return
      }
      known.set(packet.session, {
        session: packet.session,
        announce: packet.announce,
        firstHeardAtMs: before?.firstHeardAtMs ?? nowMs,
        heardAtMs: nowMs,
        datagram: Uint8Array.from(datagram),
      })
    },
    sessions: nowMs => [...known.values()].filter(session => isAlive(session, nowMs)),
  }
}

export interface Wanted {
  /** Name or id; null takes any. */
  readonly sessionName: string | null
  /** Where this receiver belonged before its link was lost. */
  readonly joined: {
    readonly session: SessionId
    readonly key: string
    readonly image: string
  } | null
}

/**
 * The session to join, or null to go on listening. Before the first join and without a name it waits a full announce
 * interval, so that the choice does not depend on who spoke first: waiting before running before paused, then the
 * lowest id.
 */
export function chooseSession(
  sessions: readonly HeardSession[],
  wanted: Wanted,
  nowMs: number,
): HeardSession | null {
  const { joined, sessionName } = wanted
  if (joined !== null) {
    // Only the same bench; its session by id, or another one with the same image.
    const own = sessions.filter(each => each.announce.key === joined.key)
    return (
      own.find(each => each.session === joined.session) ??
      own.find(each => each.announce.image === joined.image) ??
      null
    )
  }
  if (sessionName !== null) {
    const named = sessions.filter(
      each => each.announce.name === sessionName || sessionIdToHex(each.session) === sessionName,
    )
    return first(named)
  }
  const oldest = Math.min(...sessions.map(each => each.firstHeardAtMs))
  return nowMs - oldest >= ANNOUNCE_INTERVAL_MS ? first(sessions) : null
}

const ORDER = { waiting: 0, running: 1, paused: 2 } as const

function first(sessions: readonly HeardSession[]): HeardSession | null {
  const [best] = sessions.toSorted(
    (a, b) => ORDER[a.announce.state] - ORDER[b.announce.state] || a.session - b.session,
  )
  return best ?? null
}

function isAlive(session: HeardSession, nowMs: number): boolean {
  return nowMs - session.heardAtMs <= ANNOUNCE_LIFE_MS
}

function forgetOne(known: Map<SessionId, HeardSession>, nowMs: number): boolean {
  for (const [id, session] of known) if (!isAlive(session, nowMs)) return known.delete(id)
  return false
}

/** Ed25519 (RFC 8032) with a raw public key, which node:crypto takes as a JWK (RFC 8037). */
export function isSigned(keyHex: string, signed: Uint8Array, signature: Uint8Array): boolean {
  try {
    const x = Buffer.from(keyHex, 'hex').toString('base64url')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    return verify(null, signed, key, signature)
  } catch {
    return false // Not a point of the curve.
  }
}
