/**
 * A switch that snoops and forgets members soon, as real ones do after minutes: with our querier a session outlasts
 * it, without one its stream stops. And our querier gives way to another.
 */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  type Command,
  importImage,
  isSame,
  makeDirectory,
  receive,
  send,
  until,
  writeImage,
} from './commands.ts'
import { createLab, type Lab, type Running } from './harness.ts'
import { shellIn } from './namespaces.ts'

const MIB = 1024 * 1024
const IMAGE_BYTES = 16 * MIB // 12 MiB of it travel: 14 s at 7 Mbit/s.
/** How long the switch keeps a member that does not answer. */
const MEMBERSHIP_MS = 4_000
const QUERY_SECONDS = '1'
const [SENDER, MEMBER, OUTSIDER, OTHER] = [0, 1, 2, 3] as const

let directory: string
let image: string
let catalog: string
let id: string
let labs: Lab[]
beforeEach(() => {
  labs = []
  directory = makeDirectory()
  image = path.join(directory, 'image')
  catalog = path.join(directory, 'catalog')
  writeImage(image, IMAGE_BYTES, 3)
  id = importImage(catalog, image)
})
afterEach(() => {
  for (const lab of labs) lab.remove()
  vi.unstubAllEnvs()
  fs.rmSync(directory, { recursive: true, force: true })
})

/** Four hosts on a switch that snoops, does not ask by itself, and forgets. */
function forgetfulLab(): Lab {
  const lab = createLab({ hosts: 4, hasSnooping: true, hasOffload: false })
  labs.push(lab)
  const name = lab.host(0).namespace.replace(/h0$/, 'sw')
  shellIn(name, [
    // In hundredths of a second.
    `ip link set br0 type bridge mcast_querier 0 mcast_membership_interval ${MEMBERSHIP_MS / 10}`,
  ])
  return lab
}

/** What a host on the lab runs of net/: `script` finds openIgmpQuerier, encodeGeneralQuery, openIgmpSocket, card. */
function runScript(lab: Lab, host: number, address: string, script: string): Running {
  const from = (file: string): string =>
    JSON.stringify(path.join(import.meta.dirname, '../../electron/engine/net', file))
  const code = `
    const { openIgmpQuerier } = await import(${from('igmpQuerier.ts')})
    const { openIgmpSocket } = await import(${from('igmpSocket.ts')})
    const { encodeGeneralQuery } = await import(${from('igmpPacket.ts')})
    const card = { name: 'lan0', address: ${JSON.stringify(address)} }
    ${script}`
  return lab.run(host, process.execPath, ['--input-type=module', '-e', code])
}

function asks(lab: Lab, host: number, address: string): Running {
  return runScript(
    lab,
    host,
    address,
    `const querier = await openIgmpQuerier(card)
    setInterval(() => console.log(JSON.stringify(querier.state())), 200)`,
  )
}

/** TTL 1, precedence "internetwork control", router alert, to all systems: RFC 3376 §4. */
const AS_DUE = 'ip[8] = 1 and ip[1] = 0xc0 and ip[20:4] = 0x94040000 and dst host 224.0.0.1'

/** IGMP queries from an address that pass a host's card within a time. */
async function queriesFrom(
  lab: Lab,
  source: string,
  forMs: number,
  filter = 'igmp',
): Promise<number> {
  const queries = `igmp[0] = 0x11 and src host ${source} and ${filter}`
  const capture = await lab.capture(MEMBER, 'lan0', queries)
  await sleep(forMs)
  const { packets } = await capture.stop()
  fs.rmSync(path.dirname(capture.path), { recursive: true })
  return packets
}

function sendSlowly(lab: Lab, querySeconds: string): Command {
  vi.stubEnv('BENCHCAST_QUERIER_SECONDS', querySeconds)
  return send(lab, catalog, id, ['--start-after', '1', '--rate', '7mbit', '--new'])
}

const received = (lab: Lab, host: number): number => lab.counters(host).rxBytes

test('a session outlasts a switch that forgets members, and only members get it', async () => {
  const lab = forgetfulLab()
  const sender = sendSlowly(lab, QUERY_SECONDS)
  const target = path.join(directory, 'target')
  const member = receive(lab, MEMBER, target)
  await until('begun', () => sender.last('session')?.state === 'running', [sender, member])
  const startedAtMs = performance.now()
  // A switch floods until it has had an answer to its first query.
  await sleep(2_000)
  const outsiderBefore = received(lab, OUTSIDER)
  const memberBefore = received(lab, MEMBER)
  expect(await member.ended, member.said()).toEqual({ code: 0, signal: null })
  const tookMs = performance.now() - startedAtMs
  const toMember = received(lab, MEMBER) - memberBefore
  const toOutsider = received(lab, OUTSIDER) - outsiderBefore

  expect(await sender.ended, sender.said()).toEqual({ code: 0, signal: null })
  expect(isSame(image, target)).toBe(true)
  expect(tookMs).toBeGreaterThan(2.5 * MEMBERSHIP_MS)
  expect(toMember).toBeGreaterThan(8 * MIB)
  expect(toOutsider).toBeLessThan(0.005 * toMember)
}, 60_000)

test('without our querier, the stream stops once the switch has forgotten its member', async () => {
  const lab = forgetfulLab()
  const sender = sendSlowly(lab, '0')
  const member = receive(lab, MEMBER, path.join(directory, 'target'))
  await until('begun', () => sender.last('session')?.state === 'running', [sender, member])
  // Somebody asked once, so the switch filters; then nobody ever does again.
  const { address } = lab.host(OTHER)
  const once = runScript(
    lab,
    OTHER,
    address,
    `const socket = await openIgmpSocket(card)
    socket.send(encodeGeneralQuery(3, 500))
    socket.close()`,
  )
  expect(await once.ended, once.stderr()).toEqual({ code: 0, signal: null })
  await sleep(2_000)
  const early = received(lab, MEMBER)
  await sleep(1_000)
  const perSecond = received(lab, MEMBER) - early
  await sleep(MEMBERSHIP_MS)
  const late = received(lab, MEMBER)
  await sleep(3_000)
  const toMember = received(lab, MEMBER) - late

  expect(perSecond).toBeGreaterThan(0.5 * MIB)
  expect(sender.last('session')?.state, sender.said()).toBe('running')
  expect(member.process.exitCode, member.said()).toBeNull()
  // What is left is the control connection.
  expect(toMember).toBeLessThan(0.1 * 3 * perSecond)
}, 60_000)

test('where a querier with a lower address comes, ours falls silent; a higher one gives way itself', async () => {
  const lab = forgetfulLab()
  const lower = lab.host(OTHER).address
  const ours = lower.replace(/\d+$/, '50')
  const higher = lower.replace(/\d+$/, '99')
  const readdress = (host: number, address: string): string =>
    shellIn(lab.host(host).namespace, [
      'ip address flush dev lan0',
      `ip address add ${address}/24 broadcast + dev lan0`,
    ])
  readdress(SENDER, ours)
  readdress(OUTSIDER, higher)
  vi.stubEnv('BENCHCAST_QUERIER_SECONDS', '1')
  const sender = send(lab, catalog, id, ['--start-after', '9', '--new'])
  await until('open', () => sender.last('session') !== undefined, [sender])
  expect(await queriesFrom(lab, ours, 2_500, AS_DUE)).toBeGreaterThanOrEqual(1)

  const polite = asks(lab, OUTSIDER, higher)
  await vi.waitFor(() => expect(polite.stdout()).toContain(`"other":"${ours}"`), 10_000)
  const [fromHigher, still] = await Promise.all([
    queriesFrom(lab, higher, 2_500),
    queriesFrom(lab, ours, 2_500),
  ])
  expect(fromHigher).toBe(0)
  expect(still).toBeGreaterThanOrEqual(1)

  const stronger = asks(lab, OTHER, lower)
  await vi.waitFor(() => expect(stronger.stdout()).toContain('"isRunning":true'), 10_000)
  await sleep(1_500)
  const [fromOurs, fromLower] = await Promise.all([
    queriesFrom(lab, ours, 3_000),
    queriesFrom(lab, lower, 3_000),
  ])
  expect(fromOurs, sender.said()).toBe(0)
  expect(fromLower).toBeGreaterThanOrEqual(1)
  expect(stronger.stdout()).not.toContain(`"other":"`)
}, 60_000)

test('a process without CAP_NET_RAW has no querier, says why, and is not harmed', async () => {
  const lab = forgetfulLab()
  const url = path.join(import.meta.dirname, '../../electron/engine/net/igmpQuerier.ts')
  const code = `const { openIgmpQuerier } = await import(${JSON.stringify(url)})
    console.log(JSON.stringify((await openIgmpQuerier({ name: 'lan0', address: '${lab.host(0).address}' })).state()))`
  const bare = ['--bounding-set', '-net_raw', process.execPath, '--input-type=module', '-e', code]
  const running = lab.run(0, 'setpriv', bare)
  expect(await running.ended, running.stderr()).toEqual({ code: 0, signal: null })
  const state = JSON.parse(running.stdout()) as { isRunning: boolean; reason: string }
  expect(state.isRunning).toBe(false)
  expect(state.reason).toContain('CAP_NET_RAW')
})
