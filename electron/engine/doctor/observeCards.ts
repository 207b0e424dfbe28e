/**
 * Listens on every card with a link at once: on the chosen one for machines, queries and connections that go
 * unanswered, on the others for machines that should be on the chosen one. Listening sends nothing.
 */
import { createSocket } from 'node:dgram'
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Nic } from '../../../shared/ipc.ts'
import { connectedAddresses, defaultRouteCards, listNics, ownListeningPorts } from '../net/net.ts'
import { createEar, type Ear } from './ear.ts'
import type { CardFacts, Unanswered } from './facts.ts'
import { decodeFrame } from './frame.ts'
import { type FrameSocket, openFrameSocket } from './frameSocket.ts'

export interface CardWatch {
  /** The chosen card first. Null when it is gone. */
  cards(): { readonly card: CardFacts; readonly others: readonly CardFacts[] } | null
  /** `known`: addresses of machines that have joined. */
  unanswered(known: ReadonlySet<string>): Unanswered[]
  /** Why a card could not be listened to, as a sentence; null when all were. */
  deafBecause(): string | null
  close(): void
}

const POLL_MS = 100
/** Cards come and go. */
const LOOK_MS = 2_000

export async function watchCards(chosen: string): Promise<CardWatch> {
  const listeners = new Map<string, { readonly socket: FrameSocket; readonly ear: Ear }>()
  let ownMacs = new Set<string>()
  let reason: string | null = null
  let isClosed = false

  async function listenTo(name: string): Promise<void> {
    try {
      const socket = await openFrameSocket(name)
      if (socket === null) reason = NO_FRAMES
      else if (isClosed || listeners.has(name)) socket.close()
      else listeners.set(name, { socket, ear: createEar() })
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      reason = code === 'EPERM' || code === 'EACCES' ? NO_RIGHT : `Cannot listen: ${message}.`
    }
  }

  async function look(): Promise<void> {
    const all = listNics()
    ownMacs = new Set(all.map(nic => nic.mac))
    const wanted = all.filter(nic => nic.kind !== 'loopback' && nic.state === 'up')
    const names = new Set(wanted.map(nic => nic.name))
    for (const name of names) if (!listeners.has(name)) await listenTo(name)
    for (const [name, { socket }] of listeners) {
      if (names.has(name)) continue
      socket.close()
      listeners.delete(name)
    }
  }

  function hear(): void {
    const nowMs = Date.now()
    for (const { socket, ear } of listeners.values()) {
      for (const frame of socket.frames()) {
        const decoded = decodeFrame(frame)
        // Two cards on one switch: this computer is no machine of the bench.
        const isOwn = 'mac' in decoded && ownMacs.has(decoded.mac)
        if (!isOwn) ear.take(decoded, nowMs)
      }
    }
  }

  await look()
  const polls = setInterval(hear, POLL_MS)
  const looks = setInterval(() => void look(), LOOK_MS)
  return {
    cards() {
      hear()
      const routes = defaultRouteCards()
      const facts = (nic: Nic): CardFacts => ({
        nic,
        hasDefaultRoute: routes.has(nic.name),
        heard: listeners.get(nic.name)?.ear.heard() ?? null,
      })
      const all = listNics()
      const nic = all.find(one => one.name === chosen)
      if (!nic) return null
      const others = all.filter(one => one.name !== chosen && one.kind !== 'loopback')
      return { card: facts(nic), others: others.map(facts) }
    },
    unanswered(known) {
      const ear = listeners.get(chosen)?.ear
      // The system's table of connections costs 10 ms to read.
      if (!ear?.hasRepeats()) return []
      const connected = connectedAddresses()
      const isConnected = (address: string): boolean => known.has(address) || connected.has(address)
      return ear.unanswered(ownListeningPorts(), isConnected)
    },
    deafBecause: () => reason,
    close() {
      isClosed = true
      clearInterval(polls)
      clearInterval(looks)
      for (const { socket } of listeners.values()) socket.close()
      listeners.clear()
    },
  }
}

const NO_RIGHT =
  'Other cards, firewalls and switches could not be examined: listening to network cards needs the right CAP_NET_RAW. Run Benchcast as root, or give it that right.'
const NO_FRAMES =
  'Other cards, firewalls and switches could not be examined: only Linux with its usual C library lets Benchcast listen to network cards.'

/** Organisation-local (RFC 2365), and no group of any session. */
const LEFT_GROUP_PREFIX = '239.254.77.'

/**
 * Makes a querier on the card's link speak: whoever leaves a group is followed by the question whether anyone else
 * still wants it (RFC 2236 §3, RFC 3376 §6.4.2). Its general queries would be minutes apart.
 */
export async function provokeQuerier(cardAddress: string): Promise<void> {
  const socket = createSocket('udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(0, cardAddress, resolve)
    })
    const group = `${LEFT_GROUP_PREFIX}${randomInt(1, 255)}`
    socket.addMembership(group, cardAddress)
    await sleep(MEMBERSHIP_MS)
    socket.dropMembership(group, cardAddress)
  } catch {
    // The card went away meanwhile: then no switch answers either, and the card is what is named.
  } finally {
    socket.close()
  }
}

/** For the report to reach the switch. */
const MEMBERSHIP_MS = 200
