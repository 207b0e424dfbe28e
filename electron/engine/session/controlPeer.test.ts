/** A fill on its way to one machine, and pings, through real sockets. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { CONTROL_SUBPROTOCOL, controlPath } from '../../../shared/protocol/control.ts'
import { encodeNeedReport } from '../../../shared/protocol/needReport.ts'
import { PROTOCOL_VERSION, type SessionId } from '../../../shared/protocol/packet.ts'
import { type ControlServer, openControlServer, type Peer } from './controlServer.ts'

const SESSION = 0x51 as SessionId
const JOIN = {
  type: 'join',
  protocol: PROTOCOL_VERSION,
  machine: {
    id: 'ab'.repeat(16),
    uuid: '',
    name: '',
    mac: '',
    maker: '',
    model: '',
    serial: '',
    linkBitsPerSecond: null,
  },
  target: { path: '', kind: 'memory', sizeBytes: null, disk: null },
  nonce: '00'.repeat(16),
}

let server: ControlServer | null = null
let client: WebSocket | null = null
afterEach(async () => {
  client?.terminate()
  await server?.close()
})

/** Joins; `onClosed` when the server has noticed that the machine is gone. */
async function join(onClosed: () => void): Promise<{ socket: WebSocket; peer: Peer }> {
  const joined: Peer[] = []
  server = await openControlServer(SESSION, '127.0.0.1', peer => {
    joined.push(peer)
    return {
      onMessage: () => undefined,
      onReport: () => undefined,
      onHeard: () => undefined,
      onClose: onClosed,
    }
  })
  const socket = new WebSocket(
    `ws://127.0.0.1:${server.port}${controlPath(SESSION)}`,
    CONTROL_SUBPROTOCOL,
  )
  client = socket
  await once(socket, 'open')
  socket.send(JSON.stringify(JOIN))
  await expect.poll(() => joined.length).toBe(1)
  const [peer] = joined
  if (!peer) throw new Error('nobody joined')
  return { socket, peer }
}

const bytes = new Uint8Array(90_000).fill(3)

test('a fill arrives as it is, and the sender hears when the system took it', async () => {
  const { socket, peer } = await join(() => undefined)
  const got = once(socket, 'message') as Promise<[Buffer, boolean]>
  await new Promise<void>(resolve => peer.fill(bytes, resolve))
  const [data, isBinary] = await got
  expect([data.equals(bytes), isBinary]).toEqual([true, true])
})

test('a fill to a machine that is gone counts as taken: nothing waits for it', async () => {
  let isClosed = false
  const { socket, peer } = await join(() => (isClosed = true))
  socket.terminate()
  await expect.poll(() => isClosed).toBe(true)
  await new Promise<void>(resolve => peer.fill(bytes, resolve))
})

test('a fill to a machine that reads nothing is not called taken while it waits in this process', async () => {
  const { socket, peer } = await join(() => undefined)
  socket.pause()
  let taken = 0
  // What the kernels hold between them is theirs; then the engine's own queue begins.
  for (let i = 0; i < 200; i++) peer.fill(bytes, () => taken++)
  await expect.poll(() => taken).toBeGreaterThan(0)
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(taken).toBeLessThan(200)
})

test('a machine that says nothing is pinged each second', async () => {
  const { socket } = await join(() => undefined)
  await once(socket, 'ping')
  const atMs = Date.now()
  await once(socket, 'ping')
  expect(Date.now() - atMs).toBeGreaterThan(700)
})

test('a machine whose reports tell of new datagrams is not; one that repeats itself is', async () => {
  const { socket } = await join(() => undefined)
  await once(socket, 'ping')
  let seenSeq = 0
  const report = (): void => socket.send(reportOf(seenSeq))
  const repeating = setInterval(report, 200)
  const telling = setInterval(() => seenSeq++, 200)
  try {
    report()
    let pings = 0
    socket.on('ping', () => pings++)
    await sleep(2500)
    expect(pings).toBe(0)
    clearInterval(telling)
    await sleep(2500)
    expect(pings).toBeGreaterThan(0)
  } finally {
    clearInterval(telling)
    clearInterval(repeating)
  }
}, 15_000)

function reportOf(seenSeq: number): Uint8Array {
  return encodeNeedReport({
    isFirst: false,
    limiter: null,
    seenSeq,
    receivedDatagrams: seenSeq,
    missedDatagrams: 0,
    kernelDrops: 0,
    freeAssemblyKiB: 0,
    entries: [],
  })
}
