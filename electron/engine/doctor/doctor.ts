/**
 * The network doctor: looks at a card, its switch and its machines, and says in plain words what is wrong and what to
 * do. It watches each open session by itself, and looks at everything when asked.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Examination } from '../../../shared/ipc.ts'
import { faultOf } from '../../../shared/fault.ts'
import { probeDhcpServers } from '../boot/boot.ts'
import { listNics, NicError } from '../net/net.ts'
import { SessionError, type Sessions } from '../session/session.ts'
import { diagnose } from './diagnose.ts'
import { watchCards } from './observeCards.ts'
import type { Bench } from './observeMachines.ts'
import { takenPorts } from './observePorts.ts'
import { type CardExtras, type SessionWatch, watchSession } from './sessionWatch.ts'

export interface Doctor {
  /** Faults: net/no-such-card. */
  examineCard(nic: string): Promise<Examination>
  /** Faults: session/not-found. */
  examineSession(sessionId: string): Promise<Examination>
  /** The latest examination of each open session. */
  list(): Examination[]
  close(): void
}

/** Findings are renewed so often. */
const TICK_MS = 1_000
/** A server that first pings the address it offers takes up to 3 s (dnsmasq). */
const DHCP_MS = 3_200

/** `onChange` whenever findings of open sessions changed. */
export function createDoctor(
  groups: () => readonly Sessions[],
  onChange: (all: Examination[]) => void,
): Doctor {
  /** Null while it opens. */
  const watches = new Map<string, SessionWatch | null>()
  let told = '[]'
  let isClosed = false

  function benchOf(sessionId: string): Bench | null {
    for (const group of groups()) {
      const vitals = group.vitals(sessionId)
      const session = group.list().find(({ id }) => id === sessionId)
      if (vitals === null || !session || !isWatched(session.state)) continue
      // No cable, no switch, no other machine.
      if (session.isRehearsal || session.address.startsWith('127.')) continue
      const receivers = group.receivers().filter(row => row.sessionId === sessionId)
      return { session, receivers, vitals, probe: request => group.probe(sessionId, request) }
    }
    return null
  }

  async function watch(sessionId: string, bench: Bench): Promise<void> {
    watches.set(sessionId, null)
    const { nic: name, address } = bench.session
    const opened = await watchSession({ name, address }, () => benchOf(sessionId))
    if (isClosed || !watches.has(sessionId)) return opened.close()
    watches.set(sessionId, opened)
  }

  function tick(): void {
    const open = groups().flatMap(group => group.list().map(({ id }) => id))
    for (const id of open) {
      const bench = watches.has(id) ? null : benchOf(id)
      if (bench) void watch(id, bench)
    }
    const nowMs = Date.now()
    for (const [id, one] of watches) {
      if (benchOf(id) === null) {
        one?.close()
        watches.delete(id)
      } else one?.tick(nowMs)
    }
    const all = list()
    // Times and figures alone are no news.
    const text = JSON.stringify(
      all.map(one => [
        one.sessionId,
        one.findings.map(({ code, receiverId, sentence }) => [code, receiverId, sentence]),
        one.unexamined,
      ]),
    )
    if (text !== told) onChange(all)
    told = text
  }

  /** A rehearsal, or a session that is over: there is no network to look at. */
  function unwatched(sessionId: string): Examination {
    const session = groups()
      .flatMap(group => group.list())
      .find(({ id }) => id === sessionId)
    if (!session) throw new SessionError({ code: 'session/not-found', session: sessionId })
    const sentence =
      session.isRehearsal || session.address.startsWith('127.')
        ? 'This session stays on this computer: there is no network to examine.'
        : 'This session is not open: only the card could be examined.'
    return {
      nic: session.nic,
      sessionId,
      atMs: Date.now(),
      findings: [],
      unexamined: [sentence],
      recommendedDelivery: 'multicast',
    }
  }

  const list = (): Examination[] => [...watches.values()].flatMap(one => one?.examination() ?? [])
  const timer = setInterval(tick, TICK_MS)
  return {
    async examineCard(nic) {
      const watching = await watchCards(nic)
      try {
        const card = knownCard(nic)
        const [extras] = await Promise.all([lookAtCard(card), sleep(DHCP_MS)])
        const around = watching.cards()
        if (around === null) throw noSuchCard(nic)
        const deaf = watching.deafBecause()
        const nobody = {
          querier: null,
          unanswered: [],
          machines: null,
          delivery: 'multicast',
        } as const
        return {
          nic,
          sessionId: null,
          atMs: Date.now(),
          findings: diagnose({ ...around, ...extras, ...nobody }),
          unexamined: [...extras.unexamined, ...(deaf === null ? [] : [deaf])],
          recommendedDelivery: 'multicast',
        }
      } finally {
        watching.close()
      }
    },
    async examineSession(sessionId) {
      const bench = benchOf(sessionId)
      if (bench === null) return unwatched(sessionId)
      if (!watches.get(sessionId)) await watch(sessionId, bench)
      const { nic } = bench.session
      const extras = await lookAtCard(knownCard(nic))
      const examination = (await watches.get(sessionId)?.examine(extras)) ?? null
      if (examination !== null) return examination
      throw new SessionError({ code: 'session/not-found', session: sessionId })
    },
    list,
    close() {
      isClosed = true
      clearInterval(timer)
      for (const one of watches.values()) one?.close()
      watches.clear()
    },
  }
}

function isWatched(state: string): boolean {
  return state === 'waiting' || state === 'running' || state === 'paused'
}

interface Card {
  readonly name: string
  readonly address: string | null
}

function knownCard(name: string): Card {
  const found = listNics().find(nic => nic.name === name)
  if (!found) throw noSuchCard(name)
  const isOnBench = found.state === 'up' && found.kind !== 'loopback'
  return isOnBench ? found : { name, address: null }
}

function noSuchCard(name: string): NicError {
  const known = listNics().map(card => card.name)
  return new NicError({ code: 'net/no-such-card', card: name, known })
}

/** DHCP servers and ports. A card without address or link has neither; that itself is a finding. */
async function lookAtCard({ name, address }: Card): Promise<CardExtras> {
  if (address === null) return { dhcp: null, ports: [], unexamined: [] }
  const ports = await takenPorts(address)
  try {
    const dhcp = await probeDhcpServers({
      nic: { name, address },
      mac: null,
      timeoutMs: DHCP_MS,
    })
    return { dhcp, ports, unexamined: [] }
  } catch (error) {
    const sentence = `DHCP servers could not be looked for. ${faultOf(error).message}`
    return { dhcp: null, ports, unexamined: [sentence] }
  }
}
