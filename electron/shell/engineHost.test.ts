import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EngineStatus } from '../../shared/bridge.ts'
import { createClient } from '../../shared/rpc.ts'
import { createEngineHost, type EngineHost } from './engineHost.ts'

const scripted = path.join(import.meta.dirname, '../../test/window/scripted/process.ts')

let directory = ''
let hosts: EngineHost[] = []
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'benchcast-host-'))
})
afterEach(async () => {
  await Promise.all(hosts.map(host => host.close()))
  hosts = []
  await rm(directory, { recursive: true, force: true })
})

function start(entry: string): { host: EngineHost; states: EngineStatus[] } {
  const states: EngineStatus[] = []
  const env = { ...process.env, BENCHCAST_SCRIPT: 'running:2', TEST_DIRECTORY: directory }
  const host = createEngineHost({
    node: process.execPath,
    entry,
    env,
    onStatus: status => states.push(status),
  })
  hosts.push(host)
  return { host, states }
}

/** An entry that ends at once with this error, or says its pid and lives. */
async function entryThat(source: string): Promise<string> {
  const file = path.join(directory, 'entry.mjs')
  await writeFile(file, source)
  return file
}

const PID = `process.on('disconnect', () => process.exit())
process.on('message', ({ kind, connection }) => {
  if (kind === 'open') process.send({ kind: 'message', connection, text: String(process.pid) })
})
process.send({ kind: 'ready' })`

test('what is asked before the engine runs is answered once it does', async () => {
  const { host } = start(scripted)
  const client = createClient(host.connect())
  expect(await client.call('session:list', null)).toHaveLength(1)
})

test('two connections number their requests alike and get their own answers', async () => {
  const { host } = start(scripted)
  const [one, other] = [createClient(host.connect()), createClient(host.connect())]
  const [sessions, nics] = await Promise.all([
    one.call('session:list', null),
    other.call('net:list', null),
  ])
  expect(sessions[0]?.state).toBe('running')
  expect(nics[0]?.name).toBe('enp0s31f6')
})

test('an engine killed without warning ends its connections and is running again within a second', async () => {
  const { host, states } = start(await entryThat(PID))
  const connection = host.connect()
  const pid = await new Promise<number>(resolve =>
    connection.onMessage(pid => resolve(pid as number)),
  )
  const closed = new Promise<void>(resolve => connection.onClose(resolve))
  process.kill(pid, 'SIGKILL')
  await closed
  const next = host.connect()
  const pidNow = await new Promise(resolve => next.onMessage(resolve))
  expect(pidNow).not.toBe(pid)
  expect(states.map(status => status.state)).toEqual(['running', 'restarting', 'running'])
  expect(states[1]?.message).toBe('Ended by SIGKILL.')
})

test('an engine that never starts is given up with its own words, and a new try is made when asked', async () => {
  const entry = await entryThat(`
    process.send({ kind: 'failed', fault: { code: 'catalog/unreadable', message: 'The catalog is locked.' } }, () => process.exit(1))`)
  const { host } = start(entry)
  const waiting = host.connect()
  const closed = new Promise<void>(resolve => waiting.onClose(resolve))
  await closed
  expect(host.status).toEqual({ state: 'failed', message: 'The catalog is locked.' })
  await writeFile(entry, PID)
  const next = host.connect()
  expect(await new Promise(resolve => next.onMessage(resolve))).toBeTypeOf('number')
  expect(host.status.state).toBe('running')
}, 20_000)

test('a Node that does not exist is said, not thrown', async () => {
  const host = createEngineHost({
    node: path.join(directory, 'no-node'),
    entry: scripted,
    env: {},
    onStatus: () => undefined,
  })
  hosts.push(host)
  await vi.waitFor(() => expect(host.status.message).toContain('It could not be started'))
})

test('closing lets the engine put its things away and leaves no process', async () => {
  const { host } = start(await entryThat(PID))
  const connection = host.connect()
  const pid = await new Promise<number>(resolve =>
    connection.onMessage(pid => resolve(pid as number)),
  )
  await host.close()
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})
