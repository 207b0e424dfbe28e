import { once } from 'node:events'
import net from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { FileEvent } from '../fileEvent.ts'
import { type BootHttpServer, openBootHttpServer } from './http.ts'

const KERNEL = Uint8Array.from({ length: 8_000_000 }, (_, i) => (i * 31) >> 3)

let server: BootHttpServer
let events: FileEvent[]
beforeEach(async () => {
  events = []
  server = await openBootHttpServer({
    card: 'lo',
    address: '127.0.0.1',
    port: 0,
    lookup: name => (name === 'kernel' || name === 'grub/x 1' ? KERNEL : null),
    onEvent: event => void events.push(event),
  })
})
afterEach(() => server.close())

const at = (path: string): string => `http://127.0.0.1:${server.port}${path}`

/** What comes back, byte for byte, to a request as firmware writes it. */
async function raw(text: string, ms = 500): Promise<string> {
  const socket = net.connect(server.port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  let answer = ''
  socket.setEncoding('latin1').on('data', (data: string) => (answer += data))
  socket.write(text)
  await Promise.race([once(socket, 'close'), new Promise(resolve => setTimeout(resolve, ms))])
  socket.destroy()
  return answer
}

describe('a listed file', () => {
  test('comes whole, with its length spelled as GRUB wants it', async () => {
    const answer = await raw('GET /kernel HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(answer).toContain('\r\nContent-Length: 8000000\r\n')
    const body = await (await fetch(at('/kernel'))).bytes()
    expect(Buffer.from(body).equals(KERNEL)).toBe(true)
    expect(events.at(-1)?.step).toEqual({ kind: 'done', bytes: KERNEL.length })
  })

  test('is found behind a double slash, an absolute URL, escapes and a query, without a redirect', async () => {
    for (const path of ['//kernel', '/./kernel', '/kernel?x=1', '/grub/x%201']) {
      expect((await fetch(at(path), { method: 'HEAD', redirect: 'error' })).status, path).toBe(200)
    }
    expect(await raw('HEAD http://a.b/kernel HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('200 OK')
  })

  test('comes in parts', async () => {
    const part = await fetch(at('/kernel'), { headers: { Range: 'bytes=10-19' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe('bytes 10-19/8000000')
    expect(Buffer.from(await part.bytes()).equals(KERNEL.subarray(10, 20))).toBe(true)
    const behind = await fetch(at('/kernel'), { headers: { Range: 'bytes=8000000-' } })
    expect(behind.status).toBe(416)
    expect(behind.headers.get('content-range')).toBe('bytes */8000000')
  })
})

test('a missing file has a body, and the connection serves on', async () => {
  const twice = await raw(
    'GET /none HTTP/1.1\r\nHost: x\r\n\r\nHEAD /kernel HTTP/1.1\r\nHost: x\r\n\r\n',
  )
  expect(twice).toMatch(/^HTTP\/1.1 404 Not Found\r\n/)
  expect(twice).toContain('Content-Length: 11\r\n')
  expect(twice).toContain('Not found.\n')
  expect(twice).toContain('HTTP/1.1 200 OK')
})

test('paths that lead outside the list, and writing, are refused', async () => {
  for (const path of ['/../kernel', '/%2e%2e/kernel', '/a/..%2fkernel', '/kernel%00', '/%']) {
    expect(await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`), path).toMatch(/^HTTP\/1.1 40[04]/)
  }
  const put = await fetch(at('/kernel'), { method: 'PUT', body: 'x' })
  expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

test('an idle connection is reset, so that a machine that starts again finds its port free', async () => {
  const socket = net.connect(server.port, '127.0.0.1')
  const failed = once(socket, 'error') as Promise<[NodeJS.ErrnoException]>
  await once(socket, 'connect')
  socket.write('HEAD /kernel HTTP/1.1\r\nHost: x\r\n\r\n')
  const [error] = await failed
  expect(error.code).toBe('ECONNRESET')
})

test('a machine that starts anew has its old connections reset at once', async () => {
  const socket = net.connect(server.port, '127.0.0.1')
  const failed = once(socket, 'error') as Promise<[NodeJS.ErrnoException]>
  socket.write('HEAD /kernel HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'data')
  server.forget('127.0.0.1')
  expect((await failed)[0].code).toBe('ECONNRESET')
})

test('a client that takes nothing stalls no other, and its going is told', async () => {
  const slow = net.connect(server.port, '127.0.0.1').pause()
  slow.on('error', () => {})
  slow.write('GET /kernel HTTP/1.1\r\nHost: x\r\n\r\n')
  await vi.waitFor(() => expect(events.length).toBeGreaterThan(1))
  const all = await Promise.all(
    Array.from({ length: 15 }, async () => (await (await fetch(at('/kernel'))).bytes()).length),
  )
  expect(all.every(length => length === KERNEL.length)).toBe(true)
  slow.resetAndDestroy()
  await vi.waitFor(() => expect(events.at(-1)?.step.kind).toBe('aborted'))
  expect(events.at(-1)?.step).toMatchObject({
    sentBytes: expect.toSatisfy(sent => sent < KERNEL.length) as number,
  })
})

test('one client cannot take all connections', async () => {
  const many = Array.from({ length: 20 }, () => net.connect(server.port, '127.0.0.1'))
  const ends = many.map(socket => new Promise(resolve => socket.once('error', resolve)))
  await Promise.race(ends)
  await vi.waitFor(() => expect(many.filter(socket => socket.destroyed)).toHaveLength(4))
  for (const socket of many) socket.destroy()
})

test('garbage does not disturb it', async () => {
  for (const text of [
    '\0\0\0',
    'GET\r\n\r\n',
    `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
    '\r\n'.repeat(99),
  ])
    await raw(text, 100)
  expect((await fetch(at('/kernel'), { method: 'HEAD' })).status).toBe(200)
})
