/** Debian's unmodified udp-receiver in a session that the engine runs for its window. Needs its package, udpcast. */
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { DEFAULT_RULES, BY_HAND, DEFAULT_POLICY, type SessionPlan } from '../../shared/session.ts'
import { importImage, isSame, makeDirectory, writeImage } from './commands.ts'
import { type EngineProcess, startEngine } from './engine.ts'
import { createLab, type Lab, type Running } from './harness.ts'

const IMAGE_BYTES = 24 * 1024 * 1024 + 777

let directory: string
let image: string
let catalog: string
let imageId: string
let lab: Lab | null = null
let engine: EngineProcess | null = null
beforeAll(() => {
  directory = makeDirectory()
  image = path.join(directory, 'image')
  catalog = path.join(directory, 'catalog')
  writeImage(image, IMAGE_BYTES, 6)
  imageId = importImage(catalog, image)
})
afterEach(async () => {
  await engine?.end()
  engine = null
  lab?.remove()
  lab = null
})
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))

const target = (host: number): string => path.join(directory, `target${host}`)
const byHand = BY_HAND

const plan = (): SessionPlan => ({
  protocol: 'udpcast',
  imageId,
  nic: 'lan0',
  name: null,
  start: byHand,
  rateBitsPerSecond: 50_000_000, // Four seconds: time to come late.
  policy: DEFAULT_POLICY,
  delivery: 'multicast',
  rules: { ...DEFAULT_RULES, isConfirmed: true },
})

function stockReceiver(inLab: Lab, host: number): Running {
  fs.rmSync(target(host), { force: true })
  const args = ['--nokbd', '--nosync', '--interface', 'lan0', '--file', target(host)]
  return inLab.run(host, 'udp-receiver', args)
}

test('four that lose 1 % take the image after Start; a fifth that comes late is told so; switches are asked', async () => {
  const lossPercent = [0, 1, 1, 1, 1, 0]
  const inLab = createLab({ hosts: 6, hasOffload: false, lossPercent })
  lab = inLab
  const queries = await inLab.capture(1, 'lan0', 'igmp and dst 224.0.0.1')
  const running = await startEngine(inLab, 0, catalog)
  engine = running
  const { id: sessionId } = await running.call('session:open', plan())
  const receivers = [1, 2, 3, 4].map(host => stockReceiver(inLab, host))
  const joined = async (): Promise<number> => (await running.session()).counts.joined
  await expect.poll(joined, { timeout: 10_000 }).toBe(4)
  expect(await running.session()).toMatchObject({
    state: 'waiting',
    protocol: 'udpcast',
    waitingFor: 'Waiting for you to start it',
    querier: { state: 'asking', detail: '' },
  })
  await running.call('session:startNow', { sessionId })
  const state = async (): Promise<string> => (await running.session()).state
  await expect.poll(state, { timeout: 10_000 }).toBe('running')
  const late = stockReceiver(inLab, 5)
  await expect(running.call('session:pause', { sessionId })).rejects.toThrow(/cannot be paused/)
  await expect.poll(state, { timeout: 30_000 }).toBe('ended')
  for (const [at, one] of receivers.entries()) {
    expect((await one.ended).code, one.stderr()).toBe(0)
    expect(isSame(image, target(at + 1))).toBe(true)
  }
  const rows = await running.receivers()
  expect(rows.map(row => row.state)).toEqual([
    'acknowledged',
    'acknowledged',
    'acknowledged',
    'acknowledged',
    'refused',
  ])
  expect(rows[4]).toMatchObject({
    address: inLab.host(5).address,
    fault: { code: 'peer/too-late' },
  })
  const ended = await running.session()
  expect(ended).toMatchObject({ fault: null, fraction: 1, counts: { joined: 5, verified: 0 } })
  expect(ended.repairBytes).toBeGreaterThan(50 * 1456)
  expect((await queries.stop()).packets).toBeGreaterThan(0)
  late.process.kill('SIGKILL')
})

test('a stopped session frees its stock receivers, and the next one can begin', async () => {
  const inLab = createLab({ hosts: 2, hasOffload: false })
  lab = inLab
  const running = await startEngine(inLab, 0, catalog)
  engine = running
  for (const act of ['stop', 'finish'] as const) {
    const { id: sessionId } = await running.call('session:open', {
      ...plan(),
      start: { ...byHand, afterReceivers: 1 },
      rateBitsPerSecond: act === 'stop' ? 10_000_000 : 200_000_000,
    })
    const receiver = stockReceiver(inLab, 1)
    const session = async () =>
      (await running.call('session:list', null)).find(row => row.id === sessionId)
    const fraction = async (): Promise<number> => (await session())?.fraction ?? 0
    await expect.poll(fraction, { timeout: 10_000 }).toBeGreaterThan(0.05)
    if (act === 'stop') await running.call('session:stop', { sessionId })
    const state = async (): Promise<string> => (await session())?.state ?? ''
    await expect.poll(state, { timeout: 10_000 }).toBe('ended')
    await receiver.ended
    expect(isSame(image, target(1))).toBe(act === 'finish')
    await running.call('session:dismiss', { sessionId })
  }
})
