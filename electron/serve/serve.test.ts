import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Channel, createClient } from '../../shared/rpc.ts'
import { openScripted } from '../../test/window/scripted/engine.ts'
import type { Attachable } from '../engine/parent.ts'
import { type Dashboard, startDashboard } from './serve.ts'

let directory = ''
let engine: Attachable
let dashboard: Dashboard
let token = ''

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'benchcast-serve-'))
  await writeFile(path.join(directory, 'index.html'), '<meta content="__CSP_NONCE__">')
  engine = await openScripted('running:3')
  dashboard = await startDashboard({ engine, port: 0, pageDirectory: directory, tokenFile: null })
  token = new URL(dashboard.url).hash.replace('#token=', '')
})
afterEach(async () => {
  await dashboard.close()
  await engine.close()
  await rm(directory, { recursive: true, force: true })
})

test('the link holds 128 random bits in its fragment and opens the page under a strict policy', async () => {
  expect(token).toMatch(/^[0-9a-f]{32}$/)
  const page = await fetch(dashboard.url)
  expect(page.status).toBe(200)
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('a viewer with the token talks to the engine and hears its events', async () => {
  const viewer = await open({ protocols: ['benchcast', `token.${token}`] })
  const client = createClient(channelOf(viewer))
  const changed = new Promise(resolve => client.on('session:changed', resolve))
  expect(await client.call('session:list', null)).toHaveLength(1)
  expect(await changed).toMatchObject({ receivers: [{ number: 1 }, { number: 2 }, { number: 3 }] })
  viewer.terminate()
})

test('several viewers hear the same events', async () => {
  const protocols = ['benchcast', `token.${token}`]
  const viewers = await Promise.all([open({ protocols }), open({ protocols })])
  const heard = viewers.map(
    viewer =>
      new Promise(resolve => createClient(channelOf(viewer)).on('session:changed', resolve)),
  )
  const [one, other] = await Promise.all(heard)
  expect(one).toEqual(other)
  for (const viewer of viewers) viewer.terminate()
})

test.each([
  ['no token', { protocols: ['benchcast'] }],
  ['a wrong token', { protocols: ['benchcast', `token.${'0'.repeat(32)}`] }],
  ['a token cut short', { protocols: ['benchcast', 'token.'] }],
  ['the origin of another page', { origin: 'https://evil.example' }],
  ['the origin of another port', { origin: 'http://127.0.0.1:1' }],
  ['a name that was rebound to this address', { host: 'evil.example' }],
  ['another path', { path: '/other' }],
])('a WebSocket with %s is refused', async (_, change) => {
  await expect(open({ protocols: ['benchcast', `token.${token}`], ...change })).rejects.toThrow(
    '403',
  )
})

test('the page itself is refused under a name that was rebound to this address', async () => {
  expect(await statusFor('GET', '/', 'evil.example')).toBe(403)
  expect(await statusFor('GET', '/', `127.0.0.1:${dashboard.port}`)).toBe(200)
})

test('nothing but reading is answered over HTTP', async () => {
  expect(await statusFor('POST', '/', `127.0.0.1:${dashboard.port}`)).toBe(405)
  expect(await statusFor('GET', '/../serve.ts', `127.0.0.1:${dashboard.port}`)).toBe(404)
})

test('a viewer that sends no JSON is cut off, and the others go on', async () => {
  const protocols = ['benchcast', `token.${token}`]
  const [bad, good] = await Promise.all([open({ protocols }), open({ protocols })])
  const closed = new Promise(resolve => bad.on('close', resolve))
  bad.send('{nonsense')
  await closed
  expect(await createClient(channelOf(good)).call('session:list', null)).toHaveLength(1)
  good.terminate()
})

test('a taken port is named, with what to do', async () => {
  await expect(
    startDashboard({ engine, port: dashboard.port, pageDirectory: directory, tokenFile: null }),
  ).rejects.toThrow(`Port ${dashboard.port} on 127.0.0.1 is taken by another program.`)
})

test('a page that was never built is said before the port is opened', async () => {
  const missing = path.join(directory, 'missing')
  await expect(
    startDashboard({ engine, port: 0, pageDirectory: missing, tokenFile: null }),
  ).rejects.toThrow(missing)
})

interface Change {
  readonly protocols?: readonly string[]
  readonly origin?: string
  readonly host?: string
  readonly path?: string
}

function open(change: Change): Promise<WebSocket> {
  const own = `127.0.0.1:${dashboard.port}`
  const socket = new WebSocket(
    `ws://${own}${change.path ?? '/engine'}`,
    [...(change.protocols ?? [])],
    {
      origin: change.origin ?? `http://${own}`,
      headers: { host: change.host ?? own },
    },
  )
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.once('error', reject)
  })
}

function channelOf(socket: WebSocket): Channel {
  return {
    send: message => socket.send(JSON.stringify(message)),
    onMessage: listener =>
      void socket.on('message', (data: Buffer) => listener(JSON.parse(data.toString()))),
    onClose: listener => void socket.on('close', () => listener()),
  }
}

/** fetch sets Host itself, so this asks by hand. */
function statusFor(method: string, urlPath: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(
      { host: '127.0.0.1', port: dashboard.port, method, path: urlPath, headers: { host } },
      response => {
        response.resume()
        resolve(response.statusCode ?? 0)
      },
    )
    asked.once('error', reject)
    asked.end()
  })
}

test('the token is kept for the next start, readable to its owner alone, and a damaged one is not used', async () => {
  const tokenFile = path.join(directory, 'token')
  const start = async (): Promise<string> => {
    const started = await startDashboard({ engine, port: 0, pageDirectory: directory, tokenFile })
    await started.close()
    return new URL(started.url).hash.replace('#token=', '')
  }
  const first = await start()
  expect(await start()).toBe(first)
  expect((await stat(tokenFile)).mode & 0o777).toBe(0o600)
  await writeFile(tokenFile, 'short')
  const next = await start()
  expect(next).toMatch(/^[0-9a-f]{32}$/)
  expect(next).not.toBe(first)
  expect(await start()).toBe(next)
})
