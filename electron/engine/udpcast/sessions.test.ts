/** Through the engine's contract rows, with a model receiver behind real sockets on the loopback card. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  DEFAULT_RULES,
  BY_HAND,
  DEFAULT_POLICY,
  receiverSchema,
  type Session,
  type SessionPlan,
  sessionSchema,
} from '../../../shared/session.ts'
import { type Catalog, openCatalog } from '../catalog/catalog.ts'
import type { Sessions } from '../session/session.ts'
import { DEFAULT_SETTINGS } from '../../../shared/settings.ts'
import type { EndedSession } from '../session/session.ts'
import { createUdpcastSessions } from './sessions.ts'
import { openModelReceiver, type OpenReceiver } from './wire.fixture.ts'

const content = randomBytes(600_001)
let directory = ''
let catalog: Catalog
let sessions: Sessions
let receiver: OpenReceiver
let imageId = ''

beforeEach(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-udpcast-'))
  catalog = openCatalog(path.join(directory, 'catalog'))
  fs.writeFileSync(path.join(directory, 'image'), content)
  imageId = (await catalog.importFile(path.join(directory, 'image'), {})).image.id
  receiver = await openModelReceiver()
  sessions = createUdpcastSessions(catalog, options())
})
afterEach(async () => {
  await sessions.close()
  receiver.close()
  catalog.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

const ended: EndedSession[] = []
const options = () => ({
  portBase: receiver.portBase,
  settings: () => DEFAULT_SETTINGS,
  onEnded: (one: EndedSession) => void ended.push(one),
})

const plan = (part: Partial<SessionPlan> = {}): SessionPlan => ({
  protocol: 'udpcast',
  imageId,
  nic: 'lo',
  name: null,
  start: BY_HAND,
  rateBitsPerSecond: null,
  policy: DEFAULT_POLICY,
  delivery: 'multicast',
  rules: DEFAULT_RULES,
  ...part,
})

function only(): Session {
  const [session] = sessions.list()
  if (!session) throw new Error('no session')
  for (const row of sessions.list()) sessionSchema.parse(row)
  for (const row of sessions.receivers()) receiverSchema.parse(row)
  return session
}

it('waits for the start by hand, sends, and calls the machine unverified', async () => {
  const { id } = await sessions.open(plan())
  await expect.poll(() => only().counts.joined).toBe(1)
  expect(only()).toMatchObject({ state: 'waiting', waitingFor: 'Waiting for you to start it' })
  expect(sessions.receivers()).toMatchObject([{ number: 1, state: 'receiving' }])
  sessions.startNow(id)
  await expect.poll(() => only().state, { timeout: 10_000 }).toBe('ended')
  expect(receiver.model.content().equals(content)).toBe(true)
  expect(sessions.receivers()).toMatchObject([
    { state: 'acknowledged', haveBytes: content.length, fault: null },
  ])
  expect(only()).toMatchObject({ fraction: 1, fault: null, counts: { joined: 1, verified: 0 } })
  expect(ended.splice(0)).toMatchObject([
    { session: { id, state: 'ended' }, receivers: [{ state: 'acknowledged' }], earlier: null },
  ])
  sessions.dismiss(id)
  expect(sessions.list()).toEqual([])
})

it('takes another start rule and another rate while it is open', async () => {
  const { id } = await sessions.open(plan({ rateBitsPerSecond: 64_000 }))
  sessions.setStartRule(id, { ...BY_HAND, afterReceivers: 1 })
  await expect.poll(() => only().state, { timeout: 10_000 }).toBe('running')
  sessions.setRate(id, 50_000_000)
  expect(only().rateCapBitsPerSecond).toBe(50_000_000)
  // At the first rate it would take 75 s.
  await expect.poll(() => only().state, { timeout: 10_000 }).toBe('ended')
  expect(sessions.receivers()[0]?.state).toBe('acknowledged')
})

it('is stopped at once, and its machine told to give up', async () => {
  const start = { ...BY_HAND, afterReceivers: 1 }
  const { id } = await sessions.open(plan({ start, rateBitsPerSecond: 1_000_000 }))
  await expect.poll(() => only().state, { timeout: 10_000 }).toBe('running')
  sessions.stop(id)
  await expect.poll(() => only().state).toBe('ended')
  expect(only().fraction).toBeLessThan(1)
  await expect.poll(() => receiver.model.state).toBe('dropped out')
})

it('refuses what stock receivers do not know, with a sentence that says so', async () => {
  const { id } = await sessions.open(plan())
  for (const act of [
    () => sessions.pause(id),
    () => sessions.drop(id, '0'.repeat(32)),
    () => sessions.setPolicy(id, { kind: 'fair' }),
  ]) {
    expect(act).toThrow(/stock udpcast receivers/)
  }
})

it('says at once which port is taken, and shows no session then', async () => {
  const { id } = await sessions.open(plan())
  const second = createUdpcastSessions(catalog, options())
  ended.length = 0
  await expect(second.open(plan())).rejects.toMatchObject({ fault: { code: 'net/port-taken' } })
  expect(second.list()).toEqual([])
  expect(ended).toEqual([])
  sessions.stop(id)
})
