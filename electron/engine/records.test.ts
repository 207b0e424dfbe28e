import { randomBytes } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { requests } from '../../shared/ipc.ts'
import { BY_HAND } from '../../shared/session.ts'
import { openCatalog } from './catalog/catalog.ts'
import { useEngine } from './engine.fixture.ts'
import { createHistory } from './history/history.ts'
import { createSettings } from './settings/settings.ts'
import { createTemplates } from './templates/templates.ts'

/** Settings, history, templates and diagnostics, by way of the contract. */
const bench = useEngine()
const content = Buffer.concat([randomBytes(1_500_000), Buffer.alloc(2_000_000), randomBytes(77)])
const EVERYTHING = { search: '', beforeMs: null, limit: 500 }

describe('the history', () => {
  it('has a session as it ended, before and after the engine ends', async () => {
    const imageId = await bench.importImage(content)
    await bench.client.call('settings:set', { operator: 'Kim' })
    const plan = bench.plan(imageId, { start: { ...BY_HAND, afterReceivers: 1 } })
    const { id: sessionId } = await bench.client.call('session:open', plan)
    expect(await bench.client.call('history:list', EVERYTHING)).toEqual([])
    const added = bench.event('history:added', entry => entry.sessionId === sessionId)
    expect(await bench.receive(plan.name ?? '', 'target')).toMatchObject({ outcome: 'verified' })
    const entry = await added
    expect(entry).toMatchObject({
      name: plan.name,
      imageId,
      operator: 'Kim',
      outcome: 'verified',
      counts: { joined: 1, verified: 1, acknowledged: 0, failed: 0 },
      fault: null,
    })
    expect(entry.meanBitsPerSecond).toBeGreaterThan(0)
    await bench.client.call('session:dismiss', { sessionId })
    await bench.restart()
    expect(await bench.client.call('session:list', null)).toEqual([])
    expect(await bench.client.call('history:list', EVERYTHING)).toEqual([entry])
    const detail = await bench.client.call('history:detail', { sessionId })
    expect(requests['history:detail'].output.parse(detail)).toEqual(detail)
    expect(detail.receivers).toMatchObject([{ number: 1, state: 'done' }])
    const csv = await bench.client.call('history:export', { format: 'csv', sessionId: null })
    expect(csv.content).toContain(`${sessionId},${plan.name},verified`)
  })

  it('has one that was interrupted and discarded, with the machine that was done before', async () => {
    const imageId = await bench.importImage(content)
    const plan = bench.plan(imageId, { start: { ...BY_HAND, afterReceivers: 1 } })
    const { id: sessionId } = await bench.client.call('session:open', plan)
    await bench.receive(plan.name ?? '', 'target')
    // Within the two seconds that it stays open for machines that come back.
    await bench.restart()
    const [row] = await bench.client.call('session:list', null)
    expect(row).toMatchObject({ id: sessionId, state: 'interrupted' })
    expect(await bench.client.call('history:list', EVERYTHING)).toEqual([])
    await bench.client.call('session:discard', { sessionId })
    const { entry, receivers } = await bench.client.call('history:detail', { sessionId })
    expect(entry).toMatchObject({ outcome: 'partly', fault: { code: 'session/discarded' } })
    expect(entry.startedAtMs).not.toBeNull()
    expect(receivers).toMatchObject([{ state: 'done' }])
  })

  it('has one that went on after an interruption once, with machines from before and after', async () => {
    const imageId = await bench.importImage(content)
    const plan = bench.plan(imageId, { start: { ...BY_HAND, afterReceivers: 1 } })
    const { id: sessionId } = await bench.client.call('session:open', plan)
    await bench.receive(plan.name ?? '', 'target')
    await bench.restart()
    await bench.client.call('session:continue', { sessionId })
    await bench.client.call('session:stop', { sessionId })
    const all = await bench.client.call('history:list', EVERYTHING)
    expect(all).toMatchObject([{ sessionId, outcome: 'verified', counts: { verified: 1 } }])
  })

  it('has none of a rehearsal', async () => {
    const { id: sessionId } = await bench.client.call('rehearsal:start', {
      receivers: 1,
      lossPercent: 0,
    })
    await bench.client.call('session:stop', { sessionId })
    await bench.sessionIs(sessionId, row => row.state === 'ended')
    expect(await bench.client.call('history:list', EVERYTHING)).toEqual([])
  })

  it('has none that it does not know', async () => {
    await expect(
      bench.client.call('history:detail', { sessionId: '0000beef' }),
    ).rejects.toMatchObject({ fault: { code: 'session/not-in-history' } })
  })
})

describe('templates', () => {
  it('are opened with one call, and say when their image is gone', async () => {
    const imageId = await bench.importImage(content)
    const plan = bench.plan(imageId)
    const told = bench.event('template:changed', all => all.length === 1)
    const { id } = await bench.client.call('template:save', { name: 'Monday', plan })
    expect(await told).toMatchObject([{ name: 'Monday', usedAtMs: null }])
    const session = await bench.client.call('template:open', { id })
    expect(session).toMatchObject({ name: plan.name, imageId, state: 'waiting' })
    await bench.client.call('session:stop', { sessionId: session.id })
    await bench.client.call('catalog:remove', { imageId })
    await expect(bench.client.call('template:open', { id })).rejects.toMatchObject({
      fault: { code: 'session/template-image' },
    })
    await bench.client.call('template:remove', { id })
    expect(await bench.client.call('template:list', null)).toEqual([])
  })
})

describe('settings', () => {
  it('are told to every front end when they change, and refused as a whole', async () => {
    const told = bench.event('settings:changed', all => all.ttl === 3)
    const set = await bench.client.call('settings:set', { ttl: 3 })
    expect(await told).toEqual(set)
    for (const change of [{ ttl: 0 }, { groupFirst: '224.0.0.5' }, { portFirst: 80 }]) {
      await expect(bench.client.call('settings:set', change)).rejects.toMatchObject({
        fault: { code: 'rpc/bad-input' },
      })
    }
    await expect(bench.client.call('settings:set', { portLast: 2_000 })).rejects.toMatchObject({
      fault: { code: 'app/settings-range' },
    })
    expect(await bench.client.call('settings:get', null)).toEqual(set)
  })
})

describe('another program on the same catalog', () => {
  it('changes settings, templates and history, and every front end is told', async () => {
    const imageId = await bench.importImage(content)
    const plan = bench.plan(imageId, { start: { ...BY_HAND, afterReceivers: 1 } })
    const { id: sessionId } = await bench.client.call('session:open', plan)
    const kept = bench.event('history:added', entry => entry.sessionId === sessionId)
    await bench.receive(plan.name ?? '', 'target')
    await kept
    const detail = await bench.client.call('history:detail', { sessionId })

    const heard: string[] = []
    const stop = bench.client.on('history:added', entry => heard.push(entry.sessionId))
    const settings = bench.event('settings:changed', all => all.ttl === 7)
    const templates = bench.event('template:changed', all => all.length === 1)
    const added = bench.event('history:added', entry => entry.sessionId === '0000beef')
    const other = openCatalog(path.join(bench.directory, 'catalog'))
    createSettings(other.database).set({ ttl: 7 })
    createTemplates(other).save('Theirs', plan)
    const entry = { ...detail.entry, sessionId: '0000beef' }
    createHistory(other.database).add({ ...detail, entry })
    other.close()
    expect(await settings).toEqual(await bench.client.call('settings:get', null))
    expect(await templates).toMatchObject([{ name: 'Theirs' }])
    expect(await added).toMatchObject({ name: plan.name, outcome: 'verified' })
    // Our own session was told when it was kept, and is not told again.
    expect(heard).toEqual(['0000beef'])
    stop()
  })
})

describe('diagnostics', () => {
  it('name sessions, cards and what happened, and nothing that lies at home', async () => {
    const imageId = await bench.importImage(content)
    const { id } = await bench.client.call('session:open', bench.plan(imageId))
    await sleep(300)
    const { content: text } = await bench.client.call('app:diagnostics', null)
    for (const part of [
      /^lo: loopback/m,
      /task: Task 1, import: done/,
      /session: Session .*waiting/,
    ]) {
      expect(text).toMatch(part)
    }
    expect(text).toContain(id)
    expect(text).not.toContain(`${os.homedir()}/`)
    expect(text).not.toContain('disk.img')
  })
})
