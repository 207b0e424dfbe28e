/** Real sockets on 127.0.0.1: honest receivers, and peers that break every rule. */
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import {
  CONTROL_SUBPROTOCOL,
  controlPath,
  decodeManifestPiece,
  type Join,
} from '../../../shared/protocol/control.ts'
import { MAX_REPORTS_PER_SECOND } from '../../../shared/protocol/limits.ts'
import { encodeNeedReport, type NeedReport } from '../../../shared/protocol/needReport.ts'
import type { SessionId } from '../../../shared/protocol/packet.ts'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { type ControlServer, openControlServer, type Peer } from './controlServer.ts'
import { SessionError } from './fault.ts'

const SESSION = 0x0000_beef as SessionId
const JOIN: Join = {
  type: 'join',
  protocol: 1,
  machine: {
    id: '00112233445566778899aabbccddeeff',
    uuid: '',
    name: 'pc-1',
    mac: '02:00:00:00:00:01',
    maker: 'Maker',
    model: 'Model',
    serial: '1',
    linkBitsPerSecond: 1_000_000_000,
  },
  target: { path: '/dev/sda', kind: 'device', sizeBytes: 1_000_000, disk: null },
  nonce: '0'.repeat(32),
}
const REPORT = encodeNeedReport({
  isFirst: false,
  limiter: null,
  seenSeq: 1,
  receivedDatagrams: 1,
  missedDatagrams: 0,
  kernelDrops: 0,
  freeAssemblyKiB: 0,
  entries: [{ kind: 'have', firstChunk: 0, length: 1 }],
})

let server: ControlServer
let joined: Peer[]
let events: string[]
let reports: NeedReport[]
let answer: (peer: Peer) => boolean
let isServerClosed: boolean

beforeEach(async () => {
  joined = []
  events = []
  reports = []
  answer = () => true
  isServerClosed = false
  // Each test's own lists: connections of the test before may still be closing.
  const [myJoined, myEvents, myReports] = [joined, events, reports]
  server = await openControlServer(SESSION, '127.0.0.1', peer => {
    myJoined.push(peer)
    if (!answer(peer)) return null
    return {
      onMessage: message => myEvents.push(message.type),
      onReport: report => myReports.push(report),
      onHeard: () => undefined,
      onClose: () => myEvents.push('close'),
    }
  })
})
afterEach(async () => {
  if (!isServerClosed) await server.close()
})

interface Client {
  readonly socket: WebSocket
  readonly texts: { readonly type: string; readonly fault?: { readonly code: string } }[]
  readonly closed: Promise<number>
}

async function connect(): Promise<Client> {
  const url = `ws://127.0.0.1:${server.port}${controlPath(SESSION)}`
  const socket = new WebSocket(url, [CONTROL_SUBPROTOCOL])
  const texts: Client['texts'] = []
  const closed = new Promise<number>(resolve => socket.once('close', code => resolve(code)))
  socket.on('error', () => undefined)
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) texts.push(JSON.parse(String(data)) as Client['texts'][number])
  })
  await once(socket, 'open')
  return { socket, texts, closed }
}

async function connectAndJoin(join: Join = JOIN): Promise<Client> {
  const client = await connect()
  client.socket.send(JSON.stringify(join))
  const before = joined.length
  await until(() => joined.length > before)
  return client
}

async function until(isTrue: () => boolean, timeoutMs = 5_000): Promise<void> {
  const endMs = Date.now() + timeoutMs
  while (!isTrue()) {
    if (Date.now() > endMs) throw new Error(`still not true: ${String(isTrue)}`)
    await sleep(5)
  }
}

/** The status line that a raw HTTP request gets. */
async function rawRequest(lines: readonly string[]): Promise<string> {
  const socket = net.connect(server.port, '127.0.0.1')
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const [data] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return String(data).split('\r\n')[0] ?? ''
}

function upgrade(path: string, ...more: string[]): string[] {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: bench',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...more,
  ]
}

async function isRefused(client: Client): Promise<string> {
  expect(await client.closed).toBe(1008)
  const [refusal] = client.texts.filter(text => text.type === 'refused')
  return refusal?.fault?.code ?? 'no fault'
}

describe('a receiver', () => {
  it('joins, tells its state, reports and ends', async () => {
    const { socket, closed } = await connectAndJoin()
    expect(joined[0]).toMatchObject({ address: '127.0.0.1', join: JOIN })
    socket.send(JSON.stringify({ type: 'state', state: 'receiving', doneBytes: 0 }))
    socket.send(REPORT)
    socket.send(
      JSON.stringify({ type: 'result', outcome: 'verified', receivedBytes: 1, fault: null }),
    )
    await until(() => events.length === 2 && reports.length === 1)
    expect(events).toEqual(['state', 'result'])
    expect(reports[0]?.entries).toEqual([{ kind: 'have', firstChunk: 0, length: 1 }])
    socket.close()
    await closed
    await until(() => events.includes('close'))
  })

  it('gets the manifest in pieces, whole and in order', async () => {
    const random = seededRandom(1)
    const manifest = Uint8Array.from({ length: 700_001 }, () => random() * 256)
    const client = await connectAndJoin()
    const got = new Uint8Array(manifest.length)
    let bytes = 0
    client.socket.on('message', (data: Buffer, isBinary) => {
      const piece = isBinary ? decodeManifestPiece(data) : null
      if (piece === null) return
      expect(piece.offset).toBe(bytes)
      got.set(piece.bytes, piece.offset)
      bytes += piece.bytes.length
    })
    joined[0]?.sendManifest(manifest)
    await until(() => bytes >= manifest.length)
    expect(Buffer.from(got).equals(manifest)).toBe(true)
    client.socket.terminate()
  })

  it('that the session refuses hears why and is gone', async () => {
    const fault = { code: 'disk/too-small', message: 'Use a larger disk.' }
    answer = peer => {
      peer.refuse(fault)
      return false
    }
    const client = await connectAndJoin()
    expect(await isRefused(client)).toBe('disk/too-small')
    expect(events).toEqual([])
  })
})

describe('what is not a receiver', () => {
  it('gets 404 at any other path, session or version', async () => {
    for (const path of [
      '/',
      '/v1',
      '/v1/0000beee',
      '/v1/0000beef/',
      '/v2/0000beef',
      '/v1/0000BEEF',
    ]) {
      expect(await rawRequest(upgrade(path))).toBe('HTTP/1.1 404 Not Found')
    }
    expect(await rawRequest(['GET /v1/0000beef HTTP/1.1', 'Host: bench'])).toBe(
      'HTTP/1.1 404 Not Found',
    )
    expect(joined).toEqual([])
  })

  it('gets 400 when it speaks no HTTP, or no WebSocket', async () => {
    expect(await rawRequest(['\u0000\u0001\u0002 hello'])).toBe('HTTP/1.1 400 Bad Request')
    const noKey = upgrade(controlPath(SESSION)).filter(line => !line.includes('-Key'))
    expect(await rawRequest(noKey)).toBe('HTTP/1.1 400 Bad Request')
  })

  it('may not leave the subprotocol out or choose another', async () => {
    const path = controlPath(SESSION)
    expect(await rawRequest(upgrade(path))).toBe('HTTP/1.1 400 Bad Request')
    for (const offered of ['benchcast.v9', 'chat, superchat', '']) {
      const url = `ws://127.0.0.1:${server.port}${path}`
      const socket = new WebSocket(url, offered === '' ? [] : offered.split(', '))
      const [error] = (await once(socket, 'error')) as [Error]
      expect(error.message).toMatch(/subprotocol|400/)
    }
    expect(joined).toEqual([])
  })
})

describe('a peer that breaks the rules loses its connection, with a fault', () => {
  it.each([
    ['text that is no JSON', '{"type":'],
    ['JSON of no message', '{"type":"hello"}'],
    ['a join without a machine', '{"type":"join","protocol":1}'],
    ['a join with a field too many', JSON.stringify({ ...JOIN, extra: 1 })],
    ['a join with a bad id', JSON.stringify({ ...JOIN, machine: { ...JOIN.machine, id: 'x' } })],
    ['a message before joining', '{"type":"state","state":"joining","doneBytes":0}'],
    ['null', 'null'],
    ['a number that is no size', '{"type":"state","state":"joining","doneBytes":-1}'],
  ])('for %s', async (_what, text) => {
    const client = await connect()
    client.socket.send(text)
    expect(await isRefused(client)).toBe('peer/bad-message')
    expect(joined).toEqual([])
  })

  it('for a report before joining', async () => {
    const client = await connect()
    client.socket.send(REPORT)
    expect(await isRefused(client)).toBe('peer/bad-message')
  })

  it('for joining twice, even with a good second join', async () => {
    const client = await connectAndJoin()
    client.socket.send(JSON.stringify(JOIN))
    expect(await isRefused(client)).toBe('peer/bad-message')
    expect(joined).toHaveLength(1)
    await until(() => events.includes('close'))
  })

  it('for another protocol version, naming both', async () => {
    const client = await connect()
    client.socket.send(JSON.stringify({ ...JOIN, protocol: 7 }))
    expect(await isRefused(client)).toBe('session/other-version')
    expect(JSON.stringify(client.texts)).toMatch(/version 7, this bench version 1/)
    expect(joined).toEqual([])
  })

  it.each([
    ['an empty report', new Uint8Array(0)],
    ['one byte', Uint8Array.of(2)],
    ['a manifest piece', Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1)],
    ['a report cut short', REPORT.subarray(0, REPORT.length - 1)],
    ['a report that is too long', Buffer.concat([REPORT, Buffer.alloc(1)])],
    ['zeros', new Uint8Array(1000)],
  ])('for %s', async (_what, bytes) => {
    const client = await connectAndJoin()
    client.socket.send(bytes)
    expect(await isRefused(client)).toBe('peer/bad-message')
    expect(reports).toEqual([])
    await until(() => events.includes('close'))
  })

  it('for random bytes, a hundred times', async () => {
    const random = seededRandom(2)
    for (let i = 0; i < 100; i++) {
      const client = await connectAndJoin()
      const bytes = Uint8Array.from({ length: 1 + random() * 200 }, () => random() * 256)
      client.socket.send(bytes, { binary: i % 2 === 0 })
      await client.closed
    }
    expect(reports).toEqual([])
    expect(joined).toHaveLength(100)
  })

  it('for a message larger than 64 KiB, before it is read whole', async () => {
    const client = await connectAndJoin()
    client.socket.send(Buffer.alloc(65_537))
    expect(await client.closed).toBe(1009)
    await until(() => events.includes('close'))
    expect(events).toEqual(['close'])
  })

  it('for a thousand reports in a second, of which at most a hundred count', async () => {
    const client = await connectAndJoin()
    for (let i = 0; i < 1_000; i++) client.socket.send(REPORT)
    expect(await isRefused(client)).toBe('peer/bad-message')
    expect(reports).toHaveLength(MAX_REPORTS_PER_SECOND)
  })

  it('and is not listened to while it lingers', async () => {
    const client = await connect()
    client.socket.send('rubbish')
    for (let i = 0; i < 20; i++) client.socket.send(JSON.stringify(JOIN))
    expect(await isRefused(client)).toBe('peer/bad-message')
    expect(joined).toEqual([])
    expect(client.texts).toHaveLength(1)
  })

  it('after a second at the latest, even if it does not close its end', async () => {
    const socket = net.connect(server.port, '127.0.0.1')
    socket.write(
      `${upgrade(controlPath(SESSION), `Sec-WebSocket-Protocol: ${CONTROL_SUBPROTOCOL}`).join('\r\n')}\r\n\r\n`,
    )
    await once(socket, 'data')
    // One masked text frame holding "x".
    socket.write(Uint8Array.of(0x81, 0x81, 0, 0, 0, 0, 0x78))
    const atMs = Date.now()
    await once(socket.resume(), 'close')
    expect(Date.now() - atMs).toBeLessThan(3_000)
  })
})

describe('a peer that does nothing', () => {
  it('is closed when it never joins', async () => {
    const client = await connect()
    const atMs = Date.now()
    expect(await client.closed).toBe(1006)
    expect(Date.now() - atMs).toBeGreaterThan(4_000)
    expect(Date.now() - atMs).toBeLessThan(8_000)
  })

  it('is closed when it never asks for anything', async () => {
    const socket = net.connect(server.port, '127.0.0.1')
    await once(socket, 'connect')
    await once(socket.resume(), 'close')
  }, 15_000)

  it('that never reads costs bounded memory, then its connection', async () => {
    const { socket } = await connectAndJoin()
    socket.pause()
    const peer = joined[0]
    const manifest = new Uint8Array(64 * 1024 * 1024)
    peer?.sendManifest(manifest)
    const fault = { code: 'session/dropped', message: 'x'.repeat(1_900) }
    const before = process.memoryUsage().rss
    for (let i = 0; i < 20_000 && !events.includes('close'); i++) {
      peer?.send({ type: 'dropped', fault })
      if (i % 100 === 0) await sleep(1)
    }
    await until(() => events.includes('close'))
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
    socket.terminate()
  })
})

describe('closing', () => {
  it('does not wait for anybody', async () => {
    const client = await connectAndJoin()
    const silent = net.connect(server.port, '127.0.0.1')
    const half = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
    half.write('GET /v1/0000beef HTTP/1.1\r\n')
    await Promise.all([once(silent, 'connect'), once(half, 'connect')])
    for (const socket of [silent, half]) socket.on('error', () => undefined).resume()
    await sleep(50)
    const atMs = Date.now()
    isServerClosed = true
    await server.close()
    expect(Date.now() - atMs).toBeLessThan(1_000)
    expect(await client.closed).toBe(1006)
    half.destroy()
  })
})

it('an address that no card has is a fault that names it', async () => {
  const opening = openControlServer(SESSION, '192.0.2.1', () => null)
  const error = await opening.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(SessionError)
  expect((error as SessionError).fault).toMatchObject({
    code: 'session/cannot-bind',
    address: '192.0.2.1',
  })
})
