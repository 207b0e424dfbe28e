/** Real sockets on the loopback card; the receiver is a model behind them. */
import dgram from 'node:dgram'
import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { findNic } from '../net/net.ts'
import { sendUdpcast, type UdpcastOptions, type UdpcastProgress } from './send.ts'
import { BY_HAND } from '../../../shared/session.ts'
import { openModelReceiver, type OpenReceiver } from './wire.fixture.ts'

const ADDRESS = '127.0.0.1'
const receivers: OpenReceiver[] = []

async function openReceiver(): Promise<OpenReceiver> {
  const receiver = await openModelReceiver()
  receivers.push(receiver)
  return receiver
}

const image = randomBytes(600_001)
const sockets: dgram.Socket[] = []
afterEach(() => {
  for (const socket of [...sockets.splice(0), ...receivers.splice(0)]) socket.close()
})

async function bound(address: string, port: number): Promise<dgram.Socket> {
  const socket = dgram.createSocket('udp4')
  sockets.push(socket)
  await new Promise<void>(resolve => socket.bind(port, address, resolve))
  return socket
}

async function* content(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < image.length; at += 100_000) yield image.subarray(at, at + 100_000)
}

function optionsFor(portBase: number, more: Partial<UdpcastOptions> = {}): UdpcastOptions {
  return {
    content: content(),
    imageBytes: image.length,
    nic: findNic('lo'),
    start: { ...BY_HAND, afterReceivers: 1 },
    rateBitsPerSecond: null,
    isAsync: false,
    portBase,
    signal: new AbortController().signal,
    onOpened: () => undefined,
    onProgress: () => undefined,
    ...more,
  }
}

it('delivers an image and tells how it went', async () => {
  const { portBase, model } = await openReceiver()
  const told: UdpcastProgress[] = []
  const options = optionsFor(portBase, { onProgress: progress => void told.push(progress) })
  const result = await sendUdpcast(options)
  expect(model.content().equals(image)).toBe(true)
  expect(result).toMatchObject({ isSuccess: true, isStopped: false, sendErrors: 0 })
  expect(result.sentBytes).toBeGreaterThan(image.length)
  expect(told[0]?.state).toBe('waiting')
  expect(told.at(-1)).toMatchObject({
    state: 'ended',
    doneBytes: image.length,
    receivers: [{ number: 0, address: ADDRESS, state: 'done', haveBytes: image.length }],
  })
})

it('keeps to the rate', async () => {
  const { portBase } = await openReceiver()
  const result = await sendUdpcast(optionsFor(portBase, { rateBitsPerSecond: 5_000_000 }))
  // 600,001 bytes are 413 datagrams of up to 1,514 bytes on a cable: 0.99 s.
  expect(result.durationMs).toBeGreaterThan(950)
})

it('tells its receivers to give up when it is stopped, and when the image cannot be read', async () => {
  for (const isStop of [true, false]) {
    const { portBase, model } = await openReceiver()
    const stop = new AbortController()
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield* [image.subarray(0, 300_000)]
      if (isStop) stop.abort()
      else throw new Error('damaged')
      yield image.subarray(300_000)
    }
    const work = sendUdpcast(optionsFor(portBase, { content: broken(), signal: stop.signal }))
    if (isStop) expect(await work).toMatchObject({ isSuccess: false, isStopped: true })
    else await expect(work).rejects.toThrow('damaged')
    expect(model.content().length).toBeLessThan(image.length)
    await expect.poll(() => model.state).toBe('dropped out')
  }
})

it('says which port is taken', async () => {
  const taken = await bound(ADDRESS, 0)
  const portBase = taken.address().port - 1
  await expect(sendUdpcast(optionsFor(portBase))).rejects.toMatchObject({
    fault: { code: 'net/port-taken', address: ADDRESS, port: portBase + 1 },
  })
})

it('refuses a card without a broadcast address', async () => {
  const nic = { ...findNic('lo'), broadcast: null }
  await expect(sendUdpcast(optionsFor(9_000, { nic }))).rejects.toMatchObject({
    fault: { code: 'net/no-broadcast', card: 'lo' },
  })
})
