/**
 * The bench of a machine that was started from a medium: nothing has told it by which card, and often not from where.
 * It listens on each of its cards for announces, tries the address it was given or that is typed at its screen, and
 * without one that of each card's DHCP server, which is the bench on a switch of its own. It settles on the card by which
 * a bench is heard.
 */
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { listNics } from '../../electron/engine/net/net.ts'
import { ANNOUNCE_INTERVAL_MS, BENCH_PORT } from '../../shared/protocol/limits.ts'
import { type Discovery, type HeardSession, openDiscovery } from '../discovery.ts'
import { type AddressEntry, isBenchAddress, NOTHING_TYPED, typeAddress } from './addressEntry.ts'
import type { Stage } from './screen.ts'

export interface FoundBench {
  readonly card: string
  readonly cardAddress: string
  readonly benchAddress: string
}

/** The parts of process.stdin that matter. */
export interface Keyboard {
  readonly isTTY?: boolean
  setRawMode(isRaw: boolean): unknown
  resume(): unknown
  pause(): unknown
  on(event: 'data', listener: (data: Buffer) => void): unknown
  off(event: 'data', listener: (data: Buffer) => void): unknown
}

export interface Card {
  readonly name: string
  readonly address: string
  readonly prefixLength: number
}

const POLL_MS = 500
/** A bench on the same switch answers in a millisecond. */
const CONNECT_MS = 1_500

/** `given`: the address that the medium was made for; null for none. Ends only when a bench was found. */
export async function findBench(
  given: string | null,
  keyboard: Keyboard,
  show: (stage: Stage) => void,
): Promise<FoundBench> {
  const discoveries = new Map<string, Discovery>()
  let entry: AddressEntry = NOTHING_TYPED
  let heard: readonly string[] = []
  const tell = (): void => show(stageOf(entry, given, heard))
  const typed = (data: Buffer): void => {
    entry = typeAddress(entry, data.toString('latin1'))
    if (cardsWithAddress().length > 0) tell()
  }
  if (keyboard.isTTY) keyboard.setRawMode(true) // Echoed keys would tear the screen.
  keyboard.on('data', typed)
  keyboard.resume()
  try {
    for (;;) {
      const cards = cardsWithAddress()
      const wanted = entry.entered ?? given
      if (cards.length === 0) show(stageWithoutAddress())
      else {
        await listenOn(cards, wanted, discoveries)
        const sessions = sessionsByCard(cards, discoveries)
        heard = benchesOf(sessions)
        tell()
        const found =
          wanted !== null
            ? await reach(wanted, cards, sessions)
            : heard.length > 0
              ? onlyBench(sessions, Date.now())
              : await reachDhcpServer(cards)
        if (found !== null) return found
      }
      await sleep(POLL_MS)
    }
  } finally {
    keyboard.off('data', typed)
    if (keyboard.isTTY) keyboard.setRawMode(false)
    keyboard.pause()
    await Promise.all([...discoveries.values()].map(each => each.close()))
  }
}

export type SessionsByCard = readonly (readonly [Card, readonly HeardSession[]])[]

/**
 * The bench that is heard, if it is one alone: which of several this machine belongs to is not for it to guess. Waits
 * one interval, in which each has spoken. Pure.
 */
export function onlyBench(sessions: SessionsByCard, nowMs: number): FoundBench | null {
  const [benchAddress, ...others] = benchesOf(sessions)
  if (benchAddress === undefined || others.length > 0) return null
  for (const [card, heard] of sessions) {
    const own = heard.filter(({ announce }) => announce.control.address === benchAddress)
    const firstAtMs = Math.min(...own.map(each => each.firstHeardAtMs))
    if (own.length > 0 && nowMs - firstAtMs >= ANNOUNCE_INTERVAL_MS) {
      return { card: card.name, cardAddress: card.address, benchAddress }
    }
  }
  return null
}

/** Cards on the same subnet as the address first: it is reached by them without a router. Pure. */
export function nearestFirst(cards: readonly Card[], address: string): readonly Card[] {
  const isNear = (card: Card): boolean => {
    const subnet = new net.BlockList()
    subnet.addSubnet(card.address, card.prefixLength)
    return subnet.check(address)
  }
  return [...cards.filter(isNear), ...cards.filter(card => !isNear(card))]
}

/** By the card that hears a session from there, or by which a bench answers there. */
async function reach(
  benchAddress: string,
  cards: readonly Card[],
  sessions: SessionsByCard,
): Promise<FoundBench | null> {
  const heardBy = sessions.find(([, heard]) => heard.length > 0)?.[0]
  if (heardBy) return { card: heardBy.name, cardAddress: heardBy.address, benchAddress }
  for (const { name, address } of nearestFirst(cards, benchAddress)) {
    if (await isListening(benchAddress, address)) {
      return { card: name, cardAddress: address, benchAddress }
    }
  }
  return null
}

/** Of two none is taken, as with announces. */
async function reachDhcpServer(cards: readonly Card[]): Promise<FoundBench | null> {
  const found: FoundBench[] = []
  for (const { name, address } of cards) {
    const benchAddress = dhcpServerOf(name)
    if (benchAddress !== null && (await isListening(benchAddress, address))) {
      found.push({ card: name, cardAddress: address, benchAddress })
    }
  }
  const [only] = found
  return only !== undefined && found.length === 1 ? only : null
}

/** As the hook of udhcpc has noted it. */
function dhcpServerOf(card: string): string | null {
  try {
    const address = readFileSync(`/run/dhcpServer.${card}`, 'utf8').trim()
    return isBenchAddress(address) ? address : null
  } catch {
    return null // An address that did not come from udhcpc.
  }
}

/** Whether a bench waits for machines there, with or without a session: to be connected to is enough. */
function isListening(benchAddress: string, cardAddress: string): Promise<boolean> {
  return new Promise(resolve => {
    const options = { host: benchAddress, port: BENCH_PORT, localAddress: cardAddress }
    const socket = net.connect({ ...options, timeout: CONNECT_MS })
    const end = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('error', () => end(false))
  })
}

async function listenOn(
  cards: readonly Card[],
  wanted: string | null,
  discoveries: Map<string, Discovery>,
): Promise<void> {
  for (const [address, discovery] of discoveries) {
    if (cards.some(card => card.address === address)) continue
    discoveries.delete(address)
    await discovery.close()
  }
  for (const { address } of cards) {
    try {
      const discovery = discoveries.get(address) ?? (await openDiscovery(address, Date.now))
      discoveries.set(address, discovery)
      await discovery.follow(wanted)
    } catch {
      // The card went away as it was opened: the next round sees it.
    }
  }
}

function sessionsByCard(
  cards: readonly Card[],
  discoveries: ReadonlyMap<string, Discovery>,
): SessionsByCard {
  const nowMs = Date.now()
  return cards.map(card => [card, discoveries.get(card.address)?.sessions(nowMs) ?? []] as const)
}

function benchesOf(sessions: SessionsByCard): string[] {
  const all = sessions.flatMap(([, heard]) => heard.map(each => each.announce.control.address))
  return [...new Set(all)].sort()
}

function cardsWithAddress(): Card[] {
  return listNics().flatMap(({ name, address, prefixLength, kind }) =>
    kind === 'loopback' || address === null || prefixLength === null
      ? []
      : [{ name, address, prefixLength }],
  )
}

function stageWithoutAddress(): Stage {
  const cards = listNics().filter(({ kind }) => kind !== 'loopback')
  const [first] = cards
  if (first === undefined) return { kind: 'noCard' }
  const linked = cards.find(({ state }) => state === 'up')
  if (linked) return { kind: 'noAddress', card: linked.name }
  return { kind: 'noLink', card: cards.map(({ name }) => name).join(' or ') }
}

function stageOf(entry: AddressEntry, given: string | null, heard: readonly string[]): Stage {
  const wanted = entry.entered ?? given
  return { kind: 'looking', wanted, heard, typed: entry.text, problem: entry.problem }
}
