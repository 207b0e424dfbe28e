import dgram from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { QUEUE_DATAGRAMS } from './batchedSender.ts'
import { type GroupSender, openGroupSender, openNowhere } from './groupSender.ts'

const GROUP = '239.255.99.7'
const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

async function listen(): Promise<{ port: number; received: Buffer[] }> {
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true })
  open.push(() => socket.close())
  socket.bind(0, GROUP)
  await once(socket, 'listening')
  socket.setRecvBufferSize(4 * 1024 * 1024)
  socket.addMembership(GROUP, '127.0.0.1')
  const received: Buffer[] = []
  socket.on('message', datagram => received.push(datagram))
  return { port: socket.address().port, received }
}

async function openSender(
  port: number,
  isLoopedBack = true,
): Promise<{ sender: GroupSender; errors: Error[] }> {
  const errors: Error[] = []
  const sender = await openGroupSender({
    interfaceAddress: '127.0.0.1',
    group: GROUP,
    port,
    ttl: 1,
    isLoopedBack,
    onSendError: error => errors.push(error),
  })
  open.push(() => sender.close())
  return { sender, errors }
}

async function until(isTrue: () => boolean, timeoutMs = 5_000): Promise<void> {
  for (const endMs = Date.now() + timeoutMs; !isTrue() && Date.now() < endMs;) await sleep(5)
}

test('header and payload arrive as one datagram, or the header alone', async () => {
  const { port, received } = await listen()
  const { sender, errors } = await openSender(port)
  sender.send(Buffer.from('head'), Buffer.from('payload'))
  sender.send(Buffer.from('alone'), null)
  await until(() => received.length === 2)
  expect(received.map(String)).toEqual(['headpayload', 'alone'])
  expect(errors).toEqual([])
})

test('it leaves from the address of the chosen card', async () => {
  const { port } = await listen()
  const { sender } = await openSender(port)
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true })
  open.push(() => socket.close())
  socket.bind(port, GROUP)
  await once(socket, 'listening')
  socket.addMembership(GROUP, '127.0.0.1')
  const heard = once(socket, 'message') as Promise<[Buffer, dgram.RemoteInfo]>
  sender.send(Buffer.from('x'), null)
  const [, from] = await heard
  expect(from).toMatchObject({ address: '127.0.0.1', port: sender.port })
})

test('headers from a ring of twice the bound stay with their payloads', async () => {
  const { port, received } = await listen()
  const { sender } = await openSender(port)
  const ring = Array.from({ length: 2 * QUEUE_DATAGRAMS }, () => Buffer.alloc(4))
  for (let sent = 0; sent < 20_000;) {
    while (sender.isFull()) await sleep(1)
    for (let burst = 0; burst < 256; burst++, sent++) {
      const header = ring[sent % ring.length] ?? Buffer.alloc(4)
      header.writeUInt32BE(sent)
      sender.send(header, Buffer.from(header))
    }
    await new Promise(resolve => setImmediate(resolve))
  }
  await until(() => received.length === 20_000, 500)
  // A busy kernel may drop some: those that arrived must be whole, new and in order.
  expect(received.length).toBeGreaterThan(1_000)
  expect(received.filter(one => one.readUInt32BE(0) !== one.readUInt32BE(4))).toEqual([])
  const numbers = received.map(one => one.readUInt32BE(0))
  expect(numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0))).toBe(true)
})

test('a card that has gone is told by the errors of single sends, never thrown', async () => {
  const { sender, errors } = await openSender(1)
  // 65,508 bytes do not fit a datagram: the surest way to make one send fail on any system.
  sender.send(Buffer.alloc(65_508), null)
  await until(() => errors.length > 0)
  expect(errors).toHaveLength(1)
  sender.send(Buffer.from('x'), null)
  await sleep(20)
  expect(errors).toHaveLength(1)
})

test('an address that no card has is refused when it opens', async () => {
  const options = {
    interfaceAddress: '192.0.2.1',
    group: GROUP,
    port: 1,
    ttl: 1,
    isLoopedBack: false,
    onSendError: () => undefined,
  }
  await expect(openGroupSender(options)).rejects.toThrow('EADDRNOTAVAIL')
})

test.runIf(process.platform === 'linux')(
  'to nowhere takes everything and sends nothing',
  async () => {
    const sender = await openNowhere()
    if (sender === null) throw new Error('no socket calls')
    const [header, payload] = [Buffer.alloc(24), Buffer.alloc(1408)]
    for (let i = 0; i < 10 * QUEUE_DATAGRAMS; i++) {
      expect(sender.isFull()).toBe(false)
      sender.send(header, payload)
    }
    sender.flush()
    expect(sender.port).toBe(0)
    sender.close()
  },
)
