import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { requests } from '../../shared/ipc.ts'
import { BY_HAND } from '../../shared/session.ts'
import { useEngine } from './engine.fixture.ts'

/** The real engine behind a structured-cloning channel, real sockets on the loopback card, a real receiver. */
const bench = useEngine()
/** Others on this computer may run sessions on the same card: ours is joined by name. */
const name = `engine ${randomBytes(4).toString('hex')}`
const content = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(5_000_000), randomBytes(77)])

describe('engine', () => {
  it('looks by itself at what images hold that came in before', async () => {
    const vectors = path.join(import.meta.dirname, 'catalog', 'content', 'vectors')
    await bench.importImage(zstdDecompressSync(fs.readFileSync(`${vectors}/linux.img.zst`)))
    const database = new Sqlite(path.join(bench.directory, 'catalog', 'catalog.db'))
    database.exec('DELETE FROM contents')
    database.close()
    await bench.restart()
    expect(await bench.client.call('catalog:list', null)).toMatchObject([{ content: null }])
    const words = 'Linux (Debian 12), ext4'
    await bench.event('catalog:changed', images => images[0]?.content?.words === words)
  })

  it('images a machine from dropped file to verified target', async () => {
    const imageId = await bench.importImage(content)
    const start = { ...BY_HAND, afterReceivers: 1 }
    const plan = bench.plan(imageId, { name, start })
    const opened = await bench.client.call('session:open', plan)
    expect(requests['session:open'].output.safeParse(opened).error).toBeUndefined()
    const done = bench.event('session:changed', batch =>
      batch.receivers.some(receiver => receiver.state === 'done'),
    )
    const result = await bench.receive(name, 'target')
    expect(result).toMatchObject({ outcome: 'verified', imageId, imageBytes: content.length })
    expect(fs.readFileSync(path.join(bench.directory, 'target')).equals(content)).toBe(true)
    expect((await done).receivers[0]).toMatchObject({ number: 1, sessionId: opened.id })
    await bench.event('session:changed', batch => batch.sessions.some(one => one.state === 'ended'))
    await bench.client.call('session:dismiss', { sessionId: opened.id })
    expect(await bench.client.call('session:list', null)).toEqual([])
  })

  it('keeps a session waiting, pauses, resumes, caps, drops, retries and stops it', async () => {
    const imageId = await bench.importImage(content)
    const plan = bench.plan(imageId, { name, rateBitsPerSecond: 2_000_000 })
    const { id: sessionId } = await bench.client.call('session:open', plan)
    const receiving = bench.receive(name, 'target').catch((error: unknown) => error)
    const joined = await bench.event('session:changed', batch =>
      batch.receivers.some(receiver => receiver.state === 'receiving'),
    )
    const receiverId = joined.receivers[0]?.id ?? ''
    const state = async (): Promise<string | undefined> =>
      (await bench.client.call('session:list', null))[0]?.state
    expect(await state()).toBe('waiting')
    await bench.client.call('session:startNow', { sessionId })
    expect(await state()).toBe('running')
    await expect(bench.client.call('session:startNow', { sessionId })).rejects.toThrow(/running/)
    await bench.client.call('session:pause', { sessionId })
    expect(await state()).toBe('paused')
    await bench.client.call('session:resume', { sessionId })
    await bench.client.call('session:dropReceiver', { sessionId, receiverId })
    expect((await bench.client.call('session:receivers', null))[0]?.state).toBe('dropped')
    await bench.client.call('session:retryReceiver', { sessionId, receiverId })
    await bench.client.call('session:setPolicy', { sessionId, policy: { kind: 'together' } })
    expect((await bench.client.call('session:list', null))[0]?.policy).toEqual({ kind: 'together' })
    await bench.client.call('session:setRate', { sessionId, rateBitsPerSecond: null })
    expect(await receiving).toMatchObject({ outcome: 'verified' })
    await bench.client.call('session:stop', { sessionId })
    expect(await state()).toBe('ended')
  })

  it('delivers in one way after another while the image travels', async () => {
    const imageId = await bench.importImage(content)
    const plan = bench.plan(imageId, {
      name,
      start: { ...BY_HAND, afterReceivers: 1 },
      rateBitsPerSecond: 2_000_000,
      delivery: 'unicast',
    })
    const { id: sessionId } = await bench.client.call('session:open', plan)
    const receiving = bench.receive(name, 'target')
    await bench.event('session:changed', batch => batch.sessions.some(one => one.sentBytes > 0))
    for (const delivery of ['broadcast', 'multicast', 'unicast'] as const) {
      const sentBytes = (await bench.client.call('session:list', null))[0]?.sentBytes ?? 0
      await bench.client.call('session:setDelivery', { sessionId, delivery })
      await bench.event('session:changed', batch =>
        batch.sessions.some(one => one.delivery === delivery && one.sentBytes > sentBytes),
      )
    }
    await bench.client.call('session:setRate', { sessionId, rateBitsPerSecond: null })
    expect(await receiving).toMatchObject({ outcome: 'verified' })
    expect(fs.readFileSync(path.join(bench.directory, 'target')).equals(content)).toBe(true)
    await bench.client.call('session:stop', { sessionId })
  })

  it('offers to go on with a session after the engine was closed under it', async () => {
    const imageId = await bench.importImage(content)
    const rule = { ...BY_HAND, afterReceivers: 2 }
    const plan = bench.plan(imageId, { name, start: rule })
    const { id: sessionId } = await bench.client.call('session:open', plan)
    const receiving = bench.receive(name, 'target')
    await bench.event('session:changed', batch => batch.receivers.length > 0)
    await bench.restart()
    expect((await bench.client.call('session:list', null))[0]).toMatchObject({
      id: sessionId,
      state: 'interrupted',
    })
    const continued = await bench.client.call('session:continue', { sessionId })
    expect(continued.state).toBe('running')
    expect(await receiving).toMatchObject({ outcome: 'verified' })
  })

  it('says what is wrong with a path, a card, an image', async () => {
    const failed = bench.event('catalog:tasksChanged', tasks =>
      tasks.some(task => task.fault !== null),
    )
    await bench.client.call('catalog:import', { paths: [path.join(bench.directory, 'none.img')] })
    expect((await failed)[0]?.fault?.message).toContain('none.img')
    const plan = bench.plan('', { name })
    const imageId = 'a'.repeat(64)
    await expect(bench.client.call('session:open', { ...plan, imageId })).rejects.toThrow(/image/i)
    const real = await bench.importImage(content)
    const nowhere = { ...plan, imageId: real, nic: 'nowhere0' }
    await expect(bench.client.call('session:open', nowhere)).rejects.toThrow(/nowhere0/)
  })
})
