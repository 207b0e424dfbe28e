/** Three sessions at once, on two cards, each with its own image: nobody gets a byte of another's. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  BY_HAND,
  DEFAULT_POLICY,
  DEFAULT_RULES,
  type Session,
  type SessionPlan,
} from '../../shared/session.ts'
import { importImage, isSame, makeDirectory, receive, writeImage } from './commands.ts'
import { type EngineProcess, startEngine } from './engine.ts'
import { createLab, type Lab } from './harness.ts'

const MIB = 1024 * 1024
const TTL = 3
/** A switch floods until a querier has been heard for one answer's time: Linux, br_multicast.c; RFC 3376 §8.3, 10 s. */
const SNOOPING_MS = 11_000

interface Case {
  readonly name: string
  readonly nic: 'lan0' | 'lan1'
  readonly hosts: readonly number[]
}
const CASES: readonly Case[] = [
  { name: 'one', nic: 'lan0', hosts: [1, 2] },
  { name: 'two', nic: 'lan0', hosts: [3] },
  { name: 'three', nic: 'lan1', hosts: [1] },
]

let directory: string
let catalog: string
let imageIds: string[] = []
let lab: Lab | null = null
let engine: EngineProcess | null = null
beforeAll(() => {
  directory = makeDirectory()
  catalog = path.join(directory, 'catalog')
  imageIds = CASES.map(({ name }, at) => {
    writeImage(path.join(directory, name), 12 * MIB + at, 20 + at)
    return importImage(catalog, path.join(directory, name))
  })
})
afterEach(async () => {
  await engine?.end()
  engine = null
  lab?.remove()
  lab = null
})
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))

function plan({ name, nic }: Case, imageId: string): SessionPlan {
  return {
    protocol: 'benchcast',
    imageId,
    nic,
    name,
    start: BY_HAND,
    rateBitsPerSecond: 40_000_000, // Two and a half seconds, in which all three are under way.
    policy: DEFAULT_POLICY,
    delivery: 'multicast',
    rules: { ...DEFAULT_RULES, isConfirmed: true },
  }
}

/** RFC 1112 §6.4: what a card and a switch see of a group. */
function macOf(group: string): string {
  const [, second = 0, third, fourth] = group.split('.').map(Number)
  return [second & 127, third, fourth].join('.')
}

test('three sessions on two cards: each machine gets its own image, and nothing of the others', async () => {
  const inLab = createLab({ hosts: 4, secondCard: true, hasSnooping: true, hasOffload: false })
  lab = inLab
  const running = await startEngine(inLab, 0, catalog)
  engine = running
  await running.call('settings:set', {
    ttl: TTL,
    groupFirst: '239.10.0.1',
    groupLast: '239.10.0.200',
    portFirst: 41_000,
    portLast: 41_020,
  })
  const sessions: Session[] = []
  const openedAtMs = performance.now()
  for (const [at, one] of CASES.entries()) {
    sessions.push(await running.call('session:open', plan(one, imageIds[at] ?? '')))
  }
  for (const { group, port } of sessions) {
    expect(group).toMatch(/^239\.10\.0\./)
    expect(port).toBeGreaterThanOrEqual(41_000)
    expect(port).toBeLessThanOrEqual(41_019)
  }
  expect(new Set(sessions.map(one => macOf(one.group))).size).toBe(3)
  const ports = sessions.flatMap(({ port }) => [port, port + 1])
  expect(new Set(ports).size).toBe(6)

  const data = (at: number): string =>
    `udp and dst host ${sessions[at]?.group} and dst port ${sessions[at]?.port}`
  const others = (own: number): string =>
    [0, 1, 2]
      .filter(at => at !== own)
      .map(at => `(${data(at)})`)
      .join(' or ')
  const more = ['--timeout', '60']
  const receivers = CASES.flatMap(({ name, nic, hosts }) =>
    hosts.map(host => {
      const target = path.join(directory, `${name}-${host}`)
      fs.rmSync(target, { force: true })
      return {
        name,
        target,
        command: receive(inLab, host, target, [...more, '--session', name, '--nic', nic]),
      }
    }),
  )
  const ready = async (): Promise<number> =>
    (await running.receivers()).filter(row => row.state === 'receiving').length
  await expect.poll(ready, { timeout: 30_000 }).toBe(receivers.length)
  await sleep(Math.max(0, openedAtMs + SNOOPING_MS - performance.now()))
  const own = await Promise.all(
    CASES.map(({ nic, hosts }, at) => inLab.capture(hosts[0] ?? 0, nic, data(at))),
  )
  const foreign = await Promise.all(
    CASES.flatMap(({ nic, hosts }, at) => hosts.map(host => inLab.capture(host, nic, others(at)))),
  )
  // Announces and data alike; IGMP is no UDP.
  const wrongTtl = await inLab.capture(1, 'lan0', `udp and dst net 239.0.0.0/8 and ip[8] != ${TTL}`)

  await Promise.all(
    sessions.map(({ id: sessionId }) => running.call('session:startNow', { sessionId })),
  )
  const underWay = async (): Promise<number> =>
    (await running.call('session:list', null)).filter(row => row.state === 'running').length
  await expect.poll(underWay, { timeout: 30_000, interval: 50 }).toBe(3)
  for (const { name, target, command } of receivers) {
    expect((await command.ended).code, command.said()).toBe(0)
    expect(isSame(path.join(directory, name), target), target).toBe(true)
  }

  const passed = await Promise.all(own.map(capture => capture.stop()))
  for (const { packets, missed } of passed) {
    expect(missed).toBe(0)
    expect(packets).toBeGreaterThan(5_000)
  }
  for (const capture of foreign) expect(await capture.stop()).toEqual({ packets: 0, missed: 0 })
  expect(await wrongTtl.stop()).toEqual({ packets: 0, missed: 0 })

  const state = async (): Promise<string[]> =>
    (await running.call('session:list', null)).map(row => row.state)
  await expect.poll(state, { timeout: 10_000 }).toEqual(['ended', 'ended', 'ended'])
  const query = { search: '', beforeMs: null, limit: 10 }
  const history = await running.call('history:list', query)
  const rows = history.map(({ name, outcome, counts }) => `${name} ${outcome} ${counts.verified}`)
  expect(rows.toSorted()).toEqual(['one verified 2', 'three verified 1', 'two verified 1'])
}, 120_000)
