/** Real announces on loopback; the link is what a test says it is. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Task } from '../../shared/protocol/benchLink.ts'
import { type SessionId, sessionIdToHex } from '../../shared/protocol/packet.ts'
import { cutImage, openScriptedBench, type ScriptedBench } from '../scriptedBench.ts'
import type { BenchLink, Errand } from './benchLink.ts'
import { type JobSource, openJobs } from './jobs.ts'
import type { Stage } from './screen.ts'

const SESSION = randomBytes(4).readUInt32BE() as SessionId
const ID = sessionIdToHex(SESSION)
const NOTHING: Errand = { task: null, why: '' }
let bench: ScriptedBench
let jobs: JobSource
let errand: Errand
let shown: Stage[]

beforeEach(async () => {
  const image = cutImage(Buffer.alloc(1000, 1))
  bench = await openScriptedBench({ image, session: SESSION, name: 'jobs', dataPort: 62_193 })
  errand = NOTHING
  shown = []
  const link: BenchLink = {
    isUp: () => true,
    downForMs: () => 0,
    number: () => 1,
    key: () => bench.known.announce.key,
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
  jobs = await openJobs({ address: '127.0.0.1', sender: '', link, console })
})
afterEach(async () => {
  await jobs.close()
  await bench.kill()
})

function task(change: Partial<Task> = {}): Task {
  const { announce } = bench.known
  const rules = { target: 'smallest', chosenDisk: null, afterwards: 'stay' } as const
  return { session: ID, attempt: 0, announce, ...rules, ...change }
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

test('without a session of the link, the one that the same key announces is the job', async () => {
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
  await sleep(2_500)
  expect(isFound).toBe(false)
  expect(shown.at(-1)).toEqual({ kind: 'unassigned', why: 'Several sessions are open.' })
  errand = { task: task(), why: '' }
  const job = await next
  jobs.finished(job)
  errand = NOTHING
  isFound = false
  void jobs.next().then(() => (isFound = true))
  await sleep(2_500)
  expect(isFound).toBe(false)
}, 15_000)
