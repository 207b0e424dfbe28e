/** With real sockets on 127.0.0.1: two receivers by unicast, one by broadcast, one by multicast. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type GroupSender, openGroupReceiver, openGroupSender } from '../net/net.ts'
import { createFanOut, type FanOut } from './fanOut.ts'

const PORT = 62_311
const GROUP = '239.255.99.51'
const BROADCAST = '127.255.255.255'
const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

async function listen(address: string): Promise<string[]> {
  const heard: string[] = []
  const receiver = await openGroupReceiver({
    group: address,
    port: PORT,
    interfaceAddress: '127.0.0.1',
    onDatagram: datagram => heard.push(String(datagram)),
  })
  open.push(receiver.close)
  return heard
}

function openSender(address: string): Promise<GroupSender> {
  return openGroupSender({
    interfaceAddress: '127.0.0.1',
    group: address,
    port: PORT,
    ttl: 1,
    isBulk: true,
    isLoopedBack: true,
    onSendError: () => undefined,
  })
}

function fanOut(openTo = openSender): { readonly fan: FanOut; readonly errors: Error[] } {
  const errors: Error[] = []
  const fan = createFanOut(openTo, error => errors.push(error))
  open.push(fan.close)
  return { fan, errors }
}

function say(fan: FanOut, text: string): void {
  fan.send(Buffer.from(text), null)
  fan.flush()
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const endMs = Date.now() + 2_000; !isTrue() && Date.now() < endMs;) await sleep(2)
}

test('each address hears what was sent while it was one of those delivered to', async () => {
  const addresses = [GROUP, BROADCAST, '127.0.0.1', '127.0.0.2']
  const [group, broadcast, one, two] = (await Promise.all(addresses.map(listen))) as [
    string[],
    string[],
    string[],
    string[],
  ]
  const { fan, errors } = fanOut()
  for (const [text, to] of [
    ['to all', [GROUP]],
    ['to both', ['127.0.0.1', '127.0.0.2']],
    ['to the second', ['127.0.0.2']],
    ['to the subnet', [BROADCAST]],
  ] as const) {
    await fan.deliver(to)
    expect(fan.copies()).toBe(to.length)
    say(fan, text)
  }
  await until(() => broadcast.length + two.length + one.length + group.length === 5)
  expect(group).toEqual(['to all'])
  expect(one).toEqual(['to both'])
  expect(two).toEqual(['to both', 'to the second'])
  expect(broadcast).toEqual(['to the subnet'])
  expect(errors).toEqual([])
})

test('with nobody to deliver to the stream stands still', async () => {
  const { fan } = fanOut()
  expect(fan.isFull()).toBe(true)
  await fan.deliver(['127.0.0.1'])
  expect(fan.isFull()).toBe(false)
  await fan.deliver([])
  expect(fan.isFull()).toBe(true)
  say(fan, 'to nobody')
})

test('an address that cannot be opened is told of, and the others hear', async () => {
  const heard = await listen('127.0.0.1')
  const { fan, errors } = fanOut(address =>
    address === 'nowhere' ? Promise.reject(new Error('no such address')) : openSender(address),
  )
  await fan.deliver(['nowhere', '127.0.0.1'])
  say(fan, 'heard')
  await until(() => heard.length === 1)
  expect(heard).toEqual(['heard'])
  expect(errors.map(error => error.message)).toEqual(['no such address'])
  expect(fan.copies()).toBe(1)
})

test('closed while it changes, it leaves nothing open', async () => {
  const closed: string[] = []
  const { fan } = fanOut(async address => {
    const sender = await openSender(address)
    return { ...sender, close: () => (closed.push(address), sender.close()) }
  })
  await fan.deliver([GROUP])
  const changing = fan.deliver([BROADCAST])
  fan.close()
  await changing
  expect(closed).toContain(GROUP)
  expect(fan.copies()).toBe(0)
})
