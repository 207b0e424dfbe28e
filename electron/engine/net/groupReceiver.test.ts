import { createSocket } from 'node:dgram'
import { expect, test } from 'vitest'
import { dropsOf, GroupReceiverError, openGroupReceiver } from './groupReceiver.ts'

const GROUP = '239.255.99.21'

async function openSender(): Promise<{
  send(text: string, port: number, group?: string): Promise<void>
  close(): void
}> {
  const socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  socket.setMulticastInterface('127.0.0.1')
  return {
    send: (text, port, group = GROUP) =>
      new Promise((resolve, reject) =>
        socket.send(text, port, group, error => (error ? reject(error) : resolve())),
      ),
    close: () => socket.close(),
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !isTrue(); i++) await new Promise(resolve => setTimeout(resolve, 10))
}

test('two receivers on one computer both hear the group, until they close', async () => {
  const port = 62_101
  const heard: string[] = []
  const open = (name: string): ReturnType<typeof openGroupReceiver> =>
    openGroupReceiver({
      group: GROUP,
      port,
      interfaceAddress: '127.0.0.1',
      onDatagram: datagram => heard.push(`${name} ${datagram.toString()}`),
    })
  const [a, b] = await Promise.all([open('a'), open('b')])
  const sender = await openSender()
  await sender.send('one', port)
  await until(() => heard.length === 2)
  expect(heard.toSorted()).toEqual(['a one', 'b one'])
  await a.close()
  await sender.send('two', port)
  await until(() => heard.length === 3)
  expect(heard[2]).toBe('b two')
  await b.close()
  sender.close()
})

test.skipIf(process.platform === 'win32')(
  'another group on the same port, and unicast to the port, are not heard',
  async () => {
    const port = 62_102
    const heard: string[] = []
    const receiver = await openGroupReceiver({
      group: GROUP,
      port,
      interfaceAddress: '127.0.0.1',
      onDatagram: datagram => heard.push(datagram.toString()),
    })
    const other = await openGroupReceiver({
      group: '239.255.99.22',
      port,
      interfaceAddress: '127.0.0.1',
      onDatagram: () => undefined,
    })
    const sender = await openSender()
    await sender.send('other group', port, '239.255.99.22')
    await sender.send('unicast', port, '127.0.0.1')
    await sender.send('ours', port)
    await until(() => heard.length > 0)
    expect(heard).toEqual(['ours'])
    await Promise.all([receiver.close(), other.close()])
    sender.close()
  },
)

test('an address that no card has is a fault that names group and address', async () => {
  const failed = openGroupReceiver({
    group: GROUP,
    port: 62_103,
    interfaceAddress: '203.0.113.9',
    onDatagram: () => undefined,
  })
  await expect(failed).rejects.toThrow(GroupReceiverError)
  await expect(failed).rejects.toThrow(
    /239\.255\.99\.21:62103 on the card with address 203\.0\.113\.9/,
  )
})

test.skipIf(process.platform !== 'linux')(
  "what the socket's buffer had no room for is counted apart",
  async () => {
    const port = 62_104
    let heard = 0
    const receiver = await openGroupReceiver({
      group: GROUP,
      port,
      interfaceAddress: '127.0.0.1',
      onDatagram: () => heard++,
    })
    const sender = await openSender()
    // The loop is kept busy meanwhile, so that the buffer must overflow: 8 MiB granted, kernel doubles it.
    const payload = 'x'.repeat(1400)
    const sent = 40_000
    const sending: Promise<void>[] = []
    for (let i = 0; i < sent; i++) sending.push(sender.send(payload, port))
    await Promise.all(sending)
    await until(() => receiver.kernelDrops() > 0)
    await new Promise(resolve => setTimeout(resolve, 1200))
    expect(receiver.kernelDrops()).toBeGreaterThan(0)
    expect(heard + receiver.kernelDrops()).toBe(sent)
    await receiver.close()
    sender.close()
  },
)

test('drops are read from the line of our own socket', () => {
  const table = [
    '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
    '  101: 431FFFEF:1E57 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4242 2 0000000000000000 17',
    '  102: 431FFFEF:1E57 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4243 2 0000000000000000 0',
  ].join('\n')
  expect(dropsOf(table, '4242')).toBe(17)
  expect(dropsOf(table, '4243')).toBe(0)
  expect(dropsOf(table, '1')).toBeNull()
  expect(dropsOf('', '')).toBeNull()
})
