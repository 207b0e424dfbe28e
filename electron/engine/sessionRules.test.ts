import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { BY_HAND } from '../../shared/session.ts'
import { useEngine } from './engine.fixture.ts'

/** Start rules, addresses and image flags, by way of the contract: real sockets on the loopback card, real receivers. */
const bench = useEngine()
const content = Buffer.concat([randomBytes(2_500_000), Buffer.alloc(3_000_000), randomBytes(77)])

async function expectImaged(file: string): Promise<void> {
  expect(fs.readFileSync(path.join(bench.directory, file)).equals(content)).toBe(true)
}

describe('start rules', () => {
  it('auto-casts: the first machine starts it, and one that comes late gets all of it too', async () => {
    const imageId = await bench.importImage(content)
    const start = { ...BY_HAND, afterReceivers: 1 }
    const plan = bench.plan(imageId, { start, rateBitsPerSecond: 4_000_000 })
    const { id, storedBytes } = await bench.client.call('session:open', plan)
    const first = bench.receive(plan.name ?? '', 'first')
    await bench.sessionIs(id, row => row.sentBytes > storedBytes * 0.4)
    const late = bench.receive(plan.name ?? '', 'late')
    await bench.event('session:changed', batch => batch.receivers.some(row => row.number > 1))
    await bench.client.call('session:setRate', { sessionId: id, rateBitsPerSecond: null })
    expect(await first).toMatchObject({ outcome: 'verified' })
    expect(await late).toMatchObject({ outcome: 'verified' })
    await expectImaged('first')
    await expectImaged('late')
    const { counts } = await bench.sessionIs(id, row => row.state === 'ended')
    expect(counts).toMatchObject({ joined: 2, verified: 2 })
    const trace = await bench.client.call('session:trace', { sessionId: id })
    expect(Math.max(...trace.map(sample => sample.bitsPerSecond))).toBeGreaterThan(1_000_000)
    expect(trace.length).toBeLessThan(40)
  })

  it('takes more time, a smaller count and a clock time while machines wait', async () => {
    const imageId = await bench.importImage(content)
    const start = { ...BY_HAND, afterReceivers: 3, afterFirstJoinMs: 1_500 }
    const plan = bench.plan(imageId, { start })
    const { id: sessionId } = await bench.client.call('session:open', plan)
    const receiving = bench.receive(plan.name ?? '', 'target')
    const set = (part: Partial<typeof start>) =>
      bench.client.call('session:setStartRule', { sessionId, start: { ...start, ...part } })
    await bench.event('session:changed', batch =>
      batch.receivers.some(row => row.state === 'receiving'),
    )
    await set({ afterFirstJoinMs: 60_000 })
    await sleep(2_000)
    const waiting = await bench.session(sessionId)
    expect(waiting.state).toBe('waiting')
    expect(waiting.waitingFor).toMatch(/^Waiting for 2 more machines, or 5\d s$/)
    await expect(set({ atMs: Date.now() - 1 })).rejects.toMatchObject({
      fault: { code: 'session/start-in-past' },
    })
    await set({ afterFirstJoinMs: 60_000, afterReceivers: 1 })
    await bench.sessionIs(sessionId, row => row.state !== 'waiting')
    expect(await receiving).toMatchObject({ outcome: 'verified' })
  })

  it('starts at a clock time, and refuses one that has passed', async () => {
    const imageId = await bench.importImage(content)
    const at = (atMs: number) => bench.plan(imageId, { start: { ...BY_HAND, atMs } })
    await expect(bench.client.call('session:open', at(Date.now() - 1_000))).rejects.toMatchObject({
      fault: { code: 'session/start-in-past' },
    })
    const atMs = Date.now() + 3_000
    const plan = at(atMs)
    const { id } = await bench.client.call('session:open', plan)
    const receiving = bench.receive(plan.name ?? '', 'target')
    const { startedAtMs } = await bench.sessionIs(id, row => row.startedAtMs !== null)
    expect(startedAtMs).toBeGreaterThanOrEqual(atMs)
    expect(await receiving).toMatchObject({ outcome: 'verified' })
  })
})

describe('addresses', () => {
  it('come from the settings, each session’s its own, until there are no more', async () => {
    const imageId = await bench.importImage(content)
    await bench.client.call('settings:set', {
      groupFirst: '239.77.1.1',
      groupLast: '239.77.1.3',
      portFirst: 51_200,
      portLast: 51_204,
    })
    const rows = await Promise.all(
      [1, 2].map(() => bench.client.call('session:open', bench.plan(imageId))),
    )
    for (const { group, port } of rows) {
      expect(group).toMatch(/^239\.77\.1\.[123]$/)
      expect(port).toBeGreaterThanOrEqual(51_200)
      expect(port).toBeLessThanOrEqual(51_203)
    }
    const [one, other] = rows
    expect(one?.group).not.toBe(other?.group)
    expect(Math.abs((one?.port ?? 0) - (other?.port ?? 0))).toBeGreaterThanOrEqual(2)
    await expect(bench.client.call('session:open', bench.plan(imageId))).rejects.toMatchObject({
      fault: { code: 'session/no-free-port' },
    })
    await bench.client.call('settings:set', { portLast: 51_260 })
    await bench.client.call('session:open', bench.plan(imageId))
    await expect(bench.client.call('session:open', bench.plan(imageId))).rejects.toMatchObject({
      fault: { code: 'session/no-free-group' },
    })
    for (const { id: sessionId } of await bench.client.call('session:list', null)) {
      await bench.client.call('session:stop', { sessionId })
    }
    await bench.client.call('session:open', bench.plan(imageId))
  })
})

describe('an image', () => {
  const code = (name: string) => ({ fault: { code: name } })

  it('that multicast may not carry goes by other ways, and never to stock receivers', async () => {
    const imageId = await bench.importImage(content)
    const flags = { allowsMulticast: false, onlyMulticast: false }
    const image = await bench.client.call('catalog:setFlags', { imageId, ...flags })
    expect(image).toMatchObject(flags)
    const open = (part: Parameters<typeof bench.plan>[1]) =>
      bench.client.call('session:open', bench.plan(imageId, part))
    await expect(open({})).rejects.toMatchObject(code('session/no-multicast'))
    await expect(open({ protocol: 'udpcast' })).rejects.toMatchObject(code('session/no-multicast'))
    const { id: sessionId } = await open({ delivery: 'broadcast' })
    const set = (delivery: 'multicast' | 'unicast') =>
      bench.client.call('session:setDelivery', { sessionId, delivery })
    await expect(set('multicast')).rejects.toMatchObject(code('session/no-multicast'))
    await set('unicast')
    expect((await bench.session(sessionId)).delivery).toBe('unicast')
  })

  it('for multicast alone goes by nothing else, and no image by nothing at all', async () => {
    const imageId = await bench.importImage(content)
    const contradiction = { imageId, allowsMulticast: false, onlyMulticast: true }
    await expect(bench.client.call('catalog:setFlags', contradiction)).rejects.toMatchObject(
      code('image/flags-contradict'),
    )
    await bench.client.call('catalog:setFlags', {
      imageId,
      allowsMulticast: true,
      onlyMulticast: true,
    })
    await bench.restart()
    expect(await bench.client.call('catalog:list', null)).toMatchObject([{ onlyMulticast: true }])
    for (const delivery of ['broadcast', 'unicast'] as const) {
      await expect(
        bench.client.call('session:open', bench.plan(imageId, { delivery })),
      ).rejects.toMatchObject(code('session/only-multicast'))
    }
    const { id: sessionId } = await bench.client.call('session:open', bench.plan(imageId))
    await expect(
      bench.client.call('session:setDelivery', { sessionId, delivery: 'unicast' }),
    ).rejects.toMatchObject(code('session/only-multicast'))
  })
})
