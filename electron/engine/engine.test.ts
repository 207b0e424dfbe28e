import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { receive } from '../../client/client.ts'
import { events, type EventName, type Events, requests } from '../../shared/ipc.ts'
import { DEFAULT_RULES, BY_HAND, DEFAULT_POLICY } from '../../shared/session.ts'
import { type Channel, type Client, createClient } from '../../shared/rpc.ts'
import { type Engine, openEngine } from './engine.ts'

const BENCHCAST = 'benchcast' as const

/** The real engine behind a structured-cloning channel, real sockets on the loopback card, a real receiver. */
let directory = ''
let engine: Engine
let client: Client

beforeEach(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-engine-'))
  await start()
})

afterEach(async () => {
  await engine.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

async function start(): Promise<void> {
  engine = await openEngine({ catalogDirectory: path.join(directory, 'catalog') })
  const [here, there] = channelPair()
  engine.attach(there)
  client = createClient(here)
}

function channelPair(): [Channel, Channel] {
  const listeners: ((message: unknown) => void)[] = []
  const end = (own: number, other: number): Channel => ({
    send: message => void setImmediate(() => listeners[other]?.(structuredClone(message))),
    onMessage: listener => void (listeners[own] = listener),
    onClose: () => undefined,
  })
  return [end(0, 1), end(1, 0)]
}

/** The first event that satisfies; every event on the way must keep the contract. */
function event<N extends EventName>(
  name: N,
  isIt: (value: Events[N]) => boolean,
): Promise<Events[N]> {
  return new Promise(resolve => {
    const stop = client.on(name, value => {
      expect(events[name].safeParse(value).error).toBeUndefined()
      if (!isIt(value)) return
      stop()
      resolve(value)
    })
  })
}

async function importImage(content: Buffer): Promise<string> {
  const file = path.join(directory, 'disk.img')
  fs.writeFileSync(file, content)
  const done = event('catalog:tasksChanged', tasks => tasks.some(task => task.image !== null))
  await client.call('catalog:import', { paths: [file] })
  const task = (await done).find(candidate => candidate.image !== null)
  return task?.image?.id ?? expect.unreachable('the task names its image')
}

/** Others on this computer may run sessions on the same card: ours is joined by name. */
const name = `engine ${randomBytes(4).toString('hex')}`
const byHand = BY_HAND
const content = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(5_000_000), randomBytes(77)])

function receiveTo(file: string): ReturnType<typeof receive> {
  return receive({
    nicName: 'lo',
    nicAddress: '127.0.0.1',
    target: { kind: 'path', path: path.join(directory, file) },
    sessionName: name,
    timeoutMs: 20_000,
  })
}

describe('engine', () => {
  it('images a machine from dropped file to verified target', async () => {
    const imageId = await importImage(content)
    const start = { ...byHand, afterReceivers: 1 }
    const plan = {
      protocol: BENCHCAST,
      imageId,
      nic: 'lo',
      name,
      start,
      rateBitsPerSecond: null,
      policy: DEFAULT_POLICY,
      delivery: 'multicast' as const,
      rules: { ...DEFAULT_RULES, isConfirmed: true },
    }
    const opened = await client.call('session:open', plan)
    expect(requests['session:open'].output.safeParse(opened).error).toBeUndefined()
    const done = event('session:changed', batch =>
      batch.receivers.some(receiver => receiver.state === 'done'),
    )
    const result = await receiveTo('target')
    expect(result).toMatchObject({ outcome: 'verified', imageId, imageBytes: content.length })
    expect(fs.readFileSync(path.join(directory, 'target')).equals(content)).toBe(true)
    expect((await done).receivers[0]).toMatchObject({ number: 1, sessionId: opened.id })
    await event('session:changed', batch => batch.sessions.some(one => one.state === 'ended'))
    await client.call('session:dismiss', { sessionId: opened.id })
    expect(await client.call('session:list', null)).toEqual([])
  })

  it('keeps a session waiting, pauses, resumes, caps, drops, retries and stops it', async () => {
    const imageId = await importImage(content)
    const plan = {
      protocol: BENCHCAST,
      imageId,
      nic: 'lo',
      name,
      start: byHand,
      rateBitsPerSecond: 2_000_000,
      policy: DEFAULT_POLICY,
      delivery: 'multicast' as const,
      rules: { ...DEFAULT_RULES, isConfirmed: true },
    }
    const { id: sessionId } = await client.call('session:open', plan)
    const receiving = receiveTo('target').catch((error: unknown) => error)
    const joined = await event('session:changed', batch =>
      batch.receivers.some(receiver => receiver.state === 'receiving'),
    )
    const receiverId = joined.receivers[0]?.id ?? ''
    const state = async (): Promise<string | undefined> =>
      (await client.call('session:list', null))[0]?.state
    expect(await state()).toBe('waiting')
    await client.call('session:startNow', { sessionId })
    expect(await state()).toBe('running')
    await expect(client.call('session:startNow', { sessionId })).rejects.toThrow(/running/)
    await client.call('session:pause', { sessionId })
    expect(await state()).toBe('paused')
    await client.call('session:resume', { sessionId })
    await client.call('session:dropReceiver', { sessionId, receiverId })
    expect((await client.call('session:receivers', null))[0]?.state).toBe('dropped')
    await client.call('session:retryReceiver', { sessionId, receiverId })
    await client.call('session:setPolicy', { sessionId, policy: { kind: 'together' } })
    expect((await client.call('session:list', null))[0]?.policy).toEqual({ kind: 'together' })
    await client.call('session:setRate', { sessionId, rateBitsPerSecond: null })
    expect(await receiving).toMatchObject({ outcome: 'verified' })
    await client.call('session:stop', { sessionId })
    expect(await state()).toBe('ended')
  })

  it('delivers in one way after another while the image travels', async () => {
    const imageId = await importImage(content)
    const plan = {
      protocol: BENCHCAST,
      imageId,
      nic: 'lo',
      name,
      start: { ...byHand, afterReceivers: 1 },
      rateBitsPerSecond: 2_000_000,
      policy: DEFAULT_POLICY,
      delivery: 'unicast' as const,
      rules: { ...DEFAULT_RULES, isConfirmed: true },
    }
    const { id: sessionId } = await client.call('session:open', plan)
    const receiving = receiveTo('target')
    await event('session:changed', batch => batch.sessions.some(one => one.sentBytes > 0))
    for (const delivery of ['broadcast', 'multicast', 'unicast'] as const) {
      const sentBytes = (await client.call('session:list', null))[0]?.sentBytes ?? 0
      await client.call('session:setDelivery', { sessionId, delivery })
      await event('session:changed', batch =>
        batch.sessions.some(one => one.delivery === delivery && one.sentBytes > sentBytes),
      )
    }
    await client.call('session:setRate', { sessionId, rateBitsPerSecond: null })
    expect(await receiving).toMatchObject({ outcome: 'verified' })
    expect(fs.readFileSync(path.join(directory, 'target')).equals(content)).toBe(true)
    await client.call('session:stop', { sessionId })
  })

  it('offers to go on with a session after the engine was closed under it', async () => {
    const imageId = await importImage(content)
    const rule = { ...byHand, afterReceivers: 2 }
    const plan = {
      protocol: BENCHCAST,
      imageId,
      nic: 'lo',
      name,
      start: rule,
      rateBitsPerSecond: null,
      policy: DEFAULT_POLICY,
      delivery: 'multicast' as const,
      rules: { ...DEFAULT_RULES, isConfirmed: true },
    }
    const { id: sessionId } = await client.call('session:open', plan)
    const receiving = receiveTo('target')
    await event('session:changed', batch => batch.receivers.length > 0)
    await engine.close()
    await start()
    expect((await client.call('session:list', null))[0]).toMatchObject({
      id: sessionId,
      state: 'interrupted',
    })
    const continued = await client.call('session:continue', { sessionId })
    expect(continued.state).toBe('running')
    expect(await receiving).toMatchObject({ outcome: 'verified' })
  })

  it('says what is wrong with a path, a card, an image', async () => {
    const failed = event('catalog:tasksChanged', tasks => tasks.some(task => task.fault !== null))
    await client.call('catalog:import', { paths: [path.join(directory, 'none.img')] })
    expect((await failed)[0]?.fault?.message).toContain('none.img')
    const plan = {
      protocol: BENCHCAST,
      nic: 'lo',
      name,
      start: byHand,
      rateBitsPerSecond: null,
      policy: DEFAULT_POLICY,
      delivery: 'multicast' as const,
      rules: { ...DEFAULT_RULES, isConfirmed: true },
    }
    const imageId = 'a'.repeat(64)
    await expect(client.call('session:open', { ...plan, imageId })).rejects.toThrow(/image/i)
    const real = await importImage(content)
    const nowhere = { ...plan, imageId: real, nic: 'nowhere0' }
    await expect(client.call('session:open', nowhere)).rejects.toThrow(/nowhere0/)
  })
})
