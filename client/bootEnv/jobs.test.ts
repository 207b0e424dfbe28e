/** Link and announces are what a test says they are. */
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, test } from 'vitest'
import type { Announce } from '../../shared/protocol/announcePacket.ts'
import type { Task } from '../../shared/protocol/benchLink.ts'
import { type SessionId, sessionIdToHex } from '../../shared/protocol/packet.ts'
import type { HeardSession } from '../discovery.ts'
import type { BenchLink, Errand } from './benchLink.ts'
import { createJobs, type JobSource } from './jobs.ts'
import type { Stage } from './screen.ts'

const SESSION = 0x00c0_ffee as SessionId
const ID = sessionIdToHex(SESSION)
const NOTHING: Errand = { task: null, why: '' }
const ANNOUNCE: Announce = {
  name: 'Room 12',
  image: '0'.repeat(64),
  imageName: 'Office PC',
  imageBytes: 1,
  state: 'waiting',
  control: { address: '10.0.0.1', port: 1 },
  data: { group: '239.255.64.1', port: 63_000 },
  key: '0'.repeat(64),
}
let jobs: JobSource
let errand: Errand
let heard: HeardSession[]
let shown: Stage[]

function hear(session: SessionId, address = '10.0.0.1'): HeardSession {
  const announce = { ...ANNOUNCE, control: { address, port: 1 } }
  const nowMs = Date.now()
  return { session, announce, firstHeardAtMs: nowMs - 2_000, heardAtMs: nowMs }
}

beforeEach(() => {
  errand = NOTHING
  heard = [hear(SESSION), hear(7 as SessionId, '10.0.0.2')]
  shown = []
  const link: BenchLink = {
    isUp: () => true,
    downForMs: () => 0,
    number: () => 1,
    errand: () => errand,
    say: () => undefined,
    log: () => undefined,
    tellHardware: () => undefined,
    close: () => undefined,
  }
  const console = {
    show: (stage: Stage) => void shown.push(stage),
    numbered: () => undefined,
    tell: () => undefined,
  }
  const discovery = { sessions: () => heard }
  jobs = createJobs({ sender: '10.0.0.1', discovery, link, console })
})

function task(change: Partial<Task> = {}): Task {
  const rules = { target: 'smallest', chosenDisk: null, afterwards: 'stay' } as const
  return { session: ID, attempt: 0, announce: ANNOUNCE, ...rules, ...change }
}

test('what the link hands is the job, until it names another disk, another session or another try', async () => {
  errand = { task: task(), why: '' }
  const job = await jobs.next()
  expect(job).toMatchObject({ id: ID, isHanded: true, target: 'smallest' })
  expect(jobs.isStill(job)).toBe(true)
  for (const change of [{ chosenDisk: 'sda' }, { attempt: 1 }, { session: '00000001' }]) {
    errand = { task: task(change), why: '' }
    expect(jobs.isStill(job)).toBe(false)
  }
  errand = NOTHING
  expect(jobs.isStill(job)).toBe(false)
})

test('without a session of the link, the one that is announced is the job', async () => {
  const job = await jobs.next()
  expect(job).toMatchObject({ id: ID, isHanded: false, target: 'only', afterwards: null })
  expect(jobs.isStill(job)).toBe(true)
  errand = { task: null, why: 'Several sessions are open.' }
  expect(jobs.isStill(job)).toBe(false)
})

test('with a reason to wait, or after the link took its session back, an announce changes nothing', async () => {
  let isFound = false
  errand = { task: null, why: 'Several sessions are open.' }
  const next = jobs.next().then(job => {
    isFound = true
    return job
  })
  await sleep(800)
  expect(isFound).toBe(false)
  expect(shown.at(-1)).toEqual({ kind: 'unassigned', why: 'Several sessions are open.' })
  errand = { task: task(), why: '' }
  const job = await next
  jobs.finished(job)
  errand = NOTHING
  isFound = false
  void jobs.next().then(() => (isFound = true))
  await sleep(800)
  expect(isFound).toBe(false)
})

test('of several that are announced none is the job, and they are named; nor is one of another bench', async () => {
  heard = [hear(SESSION), hear(8 as SessionId)]
  const next = jobs.next()
  await sleep(600)
  expect(shown.at(-1)).toEqual({ kind: 'severalSessions', names: ['Room 12', 'Room 12'] })
  heard = [hear(7 as SessionId, '10.0.0.2')]
  await sleep(600)
  expect(shown.at(-1)).toEqual({ kind: 'ready' })
  heard = [hear(8 as SessionId)]
  expect(await next).toMatchObject({ id: sessionIdToHex(8 as SessionId) })
})
