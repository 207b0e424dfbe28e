import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite, { type Database } from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sql as images } from '../catalog/schema/0001-images.ts'
import { sql as sessions } from '../catalog/schema/0002-sessions.ts'
import { sql as records } from '../catalog/schema/0003-records.ts'
import { DEFAULT_RULES, BY_HAND } from '../../../shared/session.ts'
import { createSessionStore, type StoredSession } from './store.ts'

let database: Database
beforeEach(() => {
  database = new Sqlite(':memory:')
  for (const sql of [images, sessions, records]) database.exec(sql)
})
afterEach(() => database.close())

const session: Omit<StoredSession, 'isOwned'> = {
  id: '0000beef',
  name: 'Monday',
  plan: {
    protocol: 'benchcast',
    imageId: 'ab'.repeat(32),
    nic: 'eth0',
    name: null,
    start: { ...BY_HAND, afterReceivers: 8, sinceLastJoinMs: 5_000 },
    rateBitsPerSecond: 200_000_000,
    policy: { kind: 'drop', belowBitsPerSecond: 50_000_000 },
    delivery: 'broadcast',
    rules: DEFAULT_RULES,
  },
  group: '239.255.70.1',
  port: 63_001,
  createdAtMs: 1_700_000_000_000,
}

function ownedBy(pid: number, startedAt: string): void {
  const owner = JSON.stringify({ pid, startedAt })
  database
    .prepare(`UPDATE sessions SET plan_json = json_set(plan_json, '$.owner', json(?))`)
    .run(owner)
}

/** The owner as the store wrote it. */
function owner(): { pid: number; startedAt: string } {
  const row = database.prepare('SELECT plan_json FROM sessions').get() as { plan_json: string }
  return (JSON.parse(row.plan_json) as { owner: { pid: number; startedAt: string } }).owner
}

test('an open session is found as it was, owned while its process lives', () => {
  const store = createSessionStore(database)
  store.opened(session)
  expect(store.open()).toEqual([{ ...session, isOwned: true }])
  expect(owner().pid).toBe(process.pid)
})

test('a policy that is set later is the one a session goes on with', () => {
  const store = createSessionStore(database)
  store.opened(session)
  store.policySet(session.id, { kind: 'together' })
  expect(store.open()[0]?.plan).toEqual({ ...session.plan, policy: { kind: 'together' } })
})

test('a session from before there were policies goes on fairly', () => {
  const store = createSessionStore(database)
  store.opened(session)
  database.exec(`UPDATE sessions SET plan_json = json_remove(plan_json, '$.plan.policy')`)
  expect(store.open()[0]?.plan).toEqual({ ...session.plan, policy: { kind: 'fair' } })
})

test('a delivery that is set later is the one a session goes on with, multicast where none was', () => {
  const store = createSessionStore(database)
  store.opened(session)
  store.deliverySet(session.id, 'unicast')
  expect(store.open()[0]?.plan).toEqual({ ...session.plan, delivery: 'unicast' })
  database.exec(`UPDATE sessions SET plan_json = json_remove(plan_json, '$.plan.delivery')`)
  expect(store.open()[0]?.plan).toEqual({ ...session.plan, delivery: 'multicast' })
})

test('a session whose process has died is interrupted, and owned again when adopted', async () => {
  const store = createSessionStore(database)
  store.opened(session)
  const child = spawn('true')
  await once(child, 'close')
  ownedBy(child.pid ?? 0, '123')
  expect(store.open()).toEqual([{ ...session, isOwned: false }])
  store.adopted(session.id)
  expect(store.open()).toEqual([{ ...session, isOwned: true }])
  expect(owner().pid).toBe(process.pid)
})

test('a later process with the same number is not its owner', () => {
  const store = createSessionStore(database)
  store.opened(session)
  ownedBy(process.pid, '1')
  expect(store.open()).toEqual([{ ...session, isOwned: false }])
})

test('a dead process that nobody collected owns nothing', async () => {
  const store = createSessionStore(database)
  store.opened(session)
  const { startedAt } = owner()
  // A shell that starts a child and never waits for it: the child stays a zombie.
  const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 5'])
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  ownedBy(Number(String(line)), startedAt)
  await sleep(300)
  expect(store.open()[0]?.isOwned).toBe(false)
  parent.kill()
  await once(parent, 'close')
})

test('an ended session is no longer offered', () => {
  const store = createSessionStore(database)
  store.opened(session)
  store.ended(session, null, () => undefined)
  expect(store.open()).toEqual([])
  const row = database.prepare('SELECT state, result_json FROM sessions').get()
  expect(row).toEqual({ state: 'ended', result_json: null })
})

test.each(['{', '[]', '{"plan":{}}', '""'])('a row that holds %s is left alone', text => {
  const store = createSessionStore(database)
  store.opened(session)
  store.opened({ ...session, id: '0000cafe', createdAtMs: session.createdAtMs + 1 })
  database.prepare('UPDATE sessions SET plan_json = ? WHERE id = ?').run(text, session.id)
  expect(store.open().map(one => one.id)).toEqual(['0000cafe'])
  expect(database.prepare('SELECT count(*) AS rows FROM sessions').get()).toEqual({ rows: 2 })
})
