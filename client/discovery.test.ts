import { expect, test } from 'vitest'
import { type Announce, encodeAnnounce } from '../shared/protocol/announcePacket.ts'
import type { SessionId } from '../shared/protocol/packet.ts'
import { ANNOUNCE_LIFE_MS, chooseSession, createHeard, type HeardSession } from './discovery.ts'
import { newBenchKeys } from './scriptedBench.ts'

const BENCH = newBenchKeys()

function announce(change: Partial<Announce> = {}): Announce {
  return {
    name: 'Lab',
    image: 'ab'.repeat(32),
    imageName: 'Windows',
    imageBytes: 1,
    state: 'waiting',
    control: { address: '10.0.0.1', port: 1 },
    data: { group: '239.255.64.1', port: 63_000 },
    key: BENCH.publicHex,
    ...change,
  }
}

function datagram(session: number, change: Partial<Announce> = {}, keys = BENCH): Uint8Array {
  return encodeAnnounce(
    session as SessionId,
    announce({ key: keys.publicHex, ...change }),
    keys.sign,
  )
}

function heard(session: number, change: Partial<Announce> = {}, firstHeardAtMs = 0): HeardSession {
  return {
    session: session as SessionId,
    announce: announce(change),
    firstHeardAtMs,
    heardAtMs: firstHeardAtMs,
  }
}

const anySession = { sessionName: null, joined: null }

test('a signed announce is heard until it is too old', () => {
  const sessions = createHeard()
  sessions.take(datagram(1), 1000)
  expect(sessions.sessions(1000)).toHaveLength(1)
  expect(sessions.sessions(1000 + ANNOUNCE_LIFE_MS)).toHaveLength(1)
  expect(sessions.sessions(1001 + ANNOUNCE_LIFE_MS)).toHaveLength(0)
  sessions.take(datagram(1), 9000)
  expect(sessions.sessions(9000)[0]).toMatchObject({ firstHeardAtMs: 1000, heardAtMs: 9000 })
})

test('an announce signed by another key, changed, or cut is not heard', () => {
  const sessions = createHeard()
  sessions.take(datagram(1, { key: newBenchKeys().publicHex }), 0)
  const changed = datagram(1)
  changed[20] = (changed[20] ?? 0) ^ 1
  sessions.take(changed, 0)
  sessions.take(datagram(1).subarray(0, 100), 0)
  sessions.take(datagram(1, { key: '00'.repeat(32) }), 0)
  expect(sessions.sessions(0)).toEqual([])
})

test('a living session is not taken over by another key', () => {
  const sessions = createHeard()
  const stranger = newBenchKeys()
  sessions.take(datagram(1), 0)
  sessions.take(datagram(1, { name: 'Trap' }, stranger), 100)
  expect(sessions.sessions(100)[0]?.announce.name).toBe('Lab')
  sessions.take(datagram(1, { name: 'Later' }, stranger), 10_000)
  expect(sessions.sessions(10_000)[0]?.announce.name).toBe('Later')
})

test('a changed state of the same bench replaces what was heard', () => {
  const sessions = createHeard()
  sessions.take(datagram(1), 0)
  sessions.take(datagram(1, { state: 'running' }), 10)
  expect(sessions.sessions(10).map(each => each.announce.state)).toEqual(['running'])
})

test('a flood of sessions is bounded, and the dead make way', () => {
  const sessions = createHeard()
  for (let i = 0; i < 100; i++) sessions.take(datagram(i), 0)
  expect(sessions.sessions(0)).toHaveLength(64)
  sessions.take(datagram(500), ANNOUNCE_LIFE_MS + 1)
  expect(sessions.sessions(ANNOUNCE_LIFE_MS + 1)).toHaveLength(1)
})

test('without a name it listens for an interval, then takes waiting before running before paused, lowest id first', () => {
  const all = [
    heard(1, { state: 'paused' }),
    heard(2, { state: 'running' }),
    heard(9, { state: 'waiting' }),
    heard(4, { state: 'waiting' }, 900),
  ]
  expect(chooseSession(all, anySession, 999)).toBeNull()
  expect(chooseSession(all, anySession, 1000)?.session).toBe(4)
  expect(chooseSession(all.slice(0, 2), anySession, 1000)?.session).toBe(2)
  expect(chooseSession([], anySession, 1000)).toBeNull()
})

test('a name or an id takes only its session, at once', () => {
  const all = [heard(0xaa, { name: 'Lab' }), heard(0xbb, { name: 'Office' })]
  const named = (sessionName: string): number | undefined =>
    chooseSession(all, { sessionName, joined: null }, 0)?.session
  expect(named('Office')).toBe(0xbb)
  expect(named('000000aa')).toBe(0xaa)
  expect(named('Elsewhere')).toBeUndefined()
})

test('once joined only the same bench counts: its session first, else one with the same image', () => {
  const joined = { session: 5 as SessionId, key: BENCH.publicHex, image: 'ab'.repeat(32) }
  const choose = (...all: HeardSession[]): number | undefined =>
    chooseSession(all, { sessionName: null, joined }, 0)?.session
  const stranger = heard(5, { key: 'cd'.repeat(32) })
  expect(choose(stranger, heard(6), heard(5))).toBe(5)
  expect(choose(stranger, heard(6))).toBe(6)
  expect(choose(stranger, heard(6, { image: 'cd'.repeat(32) }))).toBeUndefined()
})
