/** What both implementations behind openGroupSender and openGroupReceiver must do alike. */
import { createSocket } from 'node:dgram'
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openBatchedSender } from './batchedSender.ts'
import { type GroupReceiver, GroupReceiverError, openGroupReceiver } from './groupReceiver.ts'
import { type GroupSender, GroupSenderError, openGroupSender } from './groupSender.ts'
import { ERRNO, type LinuxSockets, loadLinuxSockets } from './linuxSockets.ts'

const GROUP = '239.255.99.31'
const CARD = '127.0.0.1'
const isLinux = process.platform === 'linux'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
  vi.unstubAllEnvs()
})

async function listen(
  port: number,
  onDatagram: (datagram: Buffer) => void,
  group = GROUP,
): Promise<GroupReceiver> {
  const options = { group, port, interfaceAddress: CARD, isBulk: true, onDatagram }
  const receiver = await openGroupReceiver(options)
  open.push(receiver.close)
  return receiver
}

const senderOptions = (port: number, errors: Error[], interfaceAddress = CARD) => ({
  interfaceAddress,
  group: GROUP,
  port,
  ttl: 1,
  isBulk: true,
  isLoopedBack: true,
  onSendError: (error: Error) => void errors.push(error),
})

async function openSender(port: number, errors: Error[] = []): Promise<GroupSender> {
  const sender = await openGroupSender(senderOptions(port, errors))
  open.push(() => sender.close())
  return sender
}

async function until(isTrue: () => boolean, timeoutMs = 10_000): Promise<void> {
  for (const endMs = Date.now() + timeoutMs; !isTrue() && Date.now() < endMs;) await sleep(2)
}

const openFiles = (): number => (isLinux ? readdirSync('/proc/self/fd').length : 0)

const IMPLEMENTATIONS = isLinux ? (['dgram', 'batched'] as const) : (['dgram'] as const)

describe.each(IMPLEMENTATIONS)('%s sockets', name => {
  const port = name === 'dgram' ? 62_210 : 62_230
  beforeEach(() => vi.stubEnv('BENCHCAST_SOCKETS', name))

  test('datagrams of every size up to 1,432 bytes arrive whole and in order', async () => {
    const heard: Buffer[] = []
    await listen(port, datagram => heard.push(Buffer.from(datagram)))
    const sender = await openSender(port)
    // Rising, falling, equal and jumping sizes: all ways in which a run of equal ones may begin or end.
    const sizes = [
      ...Array.from({ length: 1433 }, (_, i) => i),
      ...Array.from({ length: 1433 }, (_, i) => 1432 - i),
      ...Array.from({ length: 400 }, (_, i) => (i % 130 === 129 ? 1000 : 1432)),
      ...Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1433),
    ]
    const sent = sizes.map((bytes, i) => Buffer.alloc(bytes, i % 251))
    for (const [i, datagram] of sent.entries()) {
      const headerBytes = Math.min(24, datagram.length)
      const payload = datagram.subarray(headerBytes)
      sender.send(datagram.subarray(0, headerBytes), payload.length === 0 ? null : payload)
      if (i % 125 !== 124) continue
      sender.flush()
      await until(() => heard.length === i + 1)
    }
    sender.flush()
    await until(() => heard.length === sent.length)
    expect(heard.length).toBe(sent.length)
    expect(sent.findIndex((datagram, i) => !datagram.equals(heard[i]!))).toBe(-1)
  })

  test('100,000 datagrams pass and leave nothing behind', async () => {
    const before = openFiles()
    let heard = 0
    let isInOrder = true
    const receiver = await listen(port + 1, datagram => {
      isInOrder &&= datagram.length === 1432 && datagram.readUInt32BE(0) === heard
      heard++
    })
    const sender = await openSender(port + 1)
    // Bursts that fit the receive buffer of a user without privileges, 208 KiB.
    const headers = Array.from({ length: 125 }, () => Buffer.alloc(24))
    const payload = Buffer.alloc(1408, 1)
    let externalBytes = 0
    for (let sent = 0; sent < 100_000;) {
      for (const header of headers) {
        header.writeUInt32BE(sent++)
        sender.send(header, payload)
      }
      sender.flush()
      await until(() => heard === sent)
      if (sent === 20_000) externalBytes = process.memoryUsage().arrayBuffers
    }
    expect(heard).toBe(100_000)
    expect(isInOrder).toBe(true)
    expect(receiver.kernelDrops()).toBe(0)
    // dgram's buffers wait for the collector; ours are there once.
    const grownBytes = process.memoryUsage().arrayBuffers - externalBytes
    expect(grownBytes).toBeLessThan(64 * 1024 * 1024)
    sender.close()
    await receiver.close()
    await until(() => openFiles() <= before, 1000)
    expect(openFiles()).toBeLessThanOrEqual(before)
    open.length = 0
  })

  test('packed, so many sends in a row make one datagram where the system can; none is lost', async () => {
    const heard: Buffer[] = []
    await listen(port + 8, datagram => heard.push(Buffer.from(datagram)))
    const sender = await openSender(port + 8)
    const packets = Array.from({ length: 400 }, (_, i) =>
      Buffer.alloc(i % 61 === 60 ? 12 : 1432, i),
    )
    sender.pack(6)
    for (const [i, packet] of packets.entries()) {
      sender.send(packet.subarray(0, 12), packet.length > 12 ? packet.subarray(12) : null)
      if (i % 100 === 99) sender.flush()
    }
    sender.pack(1)
    sender.send(Buffer.from('alone'), null)
    sender.send(Buffer.from('alone'), null)
    sender.flush()
    await until(() => heard.filter(datagram => datagram.length === 5).length === 2)
    const all = Buffer.concat([...packets, Buffer.from('alonealone')])
    expect(Buffer.concat(heard).equals(all)).toBe(true)
    expect(Math.max(...heard.map(datagram => datagram.length))).toBe(
      name === 'batched' ? 6 * 1432 : 1432,
    )
  })

  test('two receivers hear the group; another group and unicast they do not', async () => {
    const heard: string[] = []
    await listen(port + 2, datagram => heard.push(`a ${datagram.toString()}`))
    await listen(port + 2, datagram => heard.push(`b ${datagram.toString()}`))
    await listen(port + 2, () => heard.push('other'), '239.255.99.32')
    const unicast = createSocket('udp4')
    await new Promise<void>(resolve => unicast.send('unicast', port + 2, CARD, () => resolve()))
    unicast.close()
    const sender = await openSender(port + 2)
    sender.send(Buffer.from('ours'), null)
    sender.flush()
    await until(() => heard.length >= 2)
    await sleep(20)
    expect(heard.toSorted()).toEqual(['a ours', 'b ours'])
  })

  test('what the kernel had no room for is counted as drops', async () => {
    let heard = 0
    const receiver = await listen(port + 3, () => heard++)
    const sender = await openSender(port + 3)
    const header = Buffer.alloc(24)
    const payload = Buffer.alloc(1408)
    // This thread reads nothing meanwhile: 33 MiB of ring and 64 MiB of the socket's buffer fill, or 16 MiB of dgram's.
    const sent = name === 'dgram' ? 20_000 : 90_000
    for (let i = 0; i < sent; i++) sender.send(header, payload)
    sender.flush()
    // A run that is dropped counts as a run of mean length: within one in a hundred.
    const missed = (): number => Math.abs(heard + receiver.kernelDrops() - sent)
    await until(() => receiver.kernelDrops() > 0 && missed() <= sent / 100)
    await sleep(50)
    expect(receiver.kernelDrops()).toBeGreaterThan(0)
    expect(missed()).toBeLessThanOrEqual(sent / 100)
    const drops = receiver.kernelDrops()
    await receiver.close()
    expect(receiver.kernelDrops()).toBe(drops)
  })

  test('closing takes no time, and nothing is heard after it', async () => {
    let heard = 0
    const receiver: GroupReceiver = await listen(port + 4, () => {
      heard++
      void receiver.close()
    })
    const sender = await openSender(port + 4)
    for (let i = 0; i < 100; i++) sender.send(Buffer.from('x'), null)
    sender.flush()
    await until(() => heard > 0)
    const atMs = performance.now()
    await receiver.close()
    expect(performance.now() - atMs).toBeLessThan(500)
    await sleep(20)
    expect(heard).toBe(1)
  })

  test('an address that no card has is a fault that names it', async () => {
    const interfaceAddress = '203.0.113.9'
    const receiving = openGroupReceiver({
      group: GROUP,
      port: port + 5,
      interfaceAddress,
      isBulk: true,
      onDatagram: () => undefined,
    })
    await expect(receiving).rejects.toThrow(GroupReceiverError)
    await expect(receiving).rejects.toThrow(/card with address 203\.0\.113\.9: .*ENODEV/)
    const sending = openGroupSender(senderOptions(port + 5, [], interfaceAddress))
    await expect(sending).rejects.toThrow(GroupSenderError)
    await expect(sending).rejects.toThrow(/card with address 203\.0\.113\.9: .*EADDRNOTAVAIL/)
  })

  test('a port that another program holds for itself is a fault that says so', async () => {
    const before = openFiles()
    const holder = createSocket('udp4')
    await new Promise<void>(resolve => holder.bind(port + 6, '0.0.0.0', resolve))
    await expect(listen(port + 6, () => undefined)).rejects.toThrow(/EADDRINUSE.* port/)
    await new Promise<void>(resolve => holder.close(() => resolve()))
    expect(openFiles()).toBeLessThanOrEqual(before)
  })

  test('a datagram that cannot be sent is told, and the next one goes', async () => {
    const heard: string[] = []
    const errors: Error[] = []
    await listen(port + 7, datagram => heard.push(datagram.toString()))
    const sender = await openSender(port + 7, errors)
    sender.send(Buffer.alloc(65_508), null)
    sender.send(Buffer.from('next'), null)
    sender.flush()
    await until(() => heard.length > 0 && errors.length > 0)
    expect(heard).toEqual(['next'])
    expect(errors.map(error => error.message)).toEqual([expect.stringContaining('EMSGSIZE')])
  })
})

describe.skipIf(!isLinux)('batched sending', () => {
  async function sockets(): Promise<LinuxSockets> {
    const loaded = await loadLinuxSockets()
    if (loaded === null) throw new Error('koffi does not load here')
    return loaded
  }

  /** Sends `count` numbered datagrams; answers those heard. */
  async function hear(port: number, altered: LinuxSockets, count: number): Promise<number[]> {
    const heard: number[] = []
    const errors: Error[] = []
    await listen(port, datagram => heard.push(datagram.readUInt32BE(0)))
    const sender = openBatchedSender(altered, senderOptions(port, errors))
    open.push(() => sender.close())
    for (let i = 0; i < count; i++) {
      const header = Buffer.alloc(24)
      header.writeUInt32BE(i)
      sender.send(header, Buffer.alloc(1408))
    }
    sender.flush()
    for (let tries = 0; sender.isFull() && tries < 100; tries++) await sleep(1)
    await until(() => heard.length === count, 2000)
    expect(errors).toEqual([])
    return heard
  }

  const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

  test('nothing leaves before the flush', async () => {
    let heard = 0
    await listen(62_250, () => heard++)
    const sender = await openSender(62_250)
    sender.send(Buffer.from('x'), null)
    await sleep(30)
    expect(heard).toBe(0)
    sender.flush()
    await until(() => heard > 0)
    expect(heard).toBe(1)
  })

  test('a card that refuses runs gets single datagrams, none twice or lost', async () => {
    const real = await sockets()
    let refusals = 0
    const calls: number[] = []
    const altered: LinuxSockets = {
      ...real,
      send(fd, messages, count) {
        calls.push(count)
        return refusals++ === 0 ? -ERRNO.io : real.send(fd, messages, count)
      },
    }
    expect(await hear(62_251, altered, 80)).toEqual(numbers(80))
    // Two runs, refused; then 64 messages and the 16 left.
    expect(calls).toEqual([2, 64, 16])
  })

  test('a full kernel makes it hold still, and nothing is lost', async () => {
    const real = await sockets()
    let calls = 0
    const altered: LinuxSockets = {
      ...real,
      // Full for a while, then room for one message at a time.
      send: (fd, messages, count) =>
        calls++ % 3 === 2 ? real.send(fd, messages, Math.min(count, 1)) : -ERRNO.again,
    }
    expect(await hear(62_252, altered, 300)).toEqual(numbers(300))
  })

  test('beyond its memory it loses datagrams with an error instead of growing', async () => {
    const real = await sockets()
    const errors: Error[] = []
    const altered: LinuxSockets = { ...real, send: () => -ERRNO.again }
    const sender = openBatchedSender(altered, senderOptions(62_253, errors))
    open.push(() => sender.close())
    for (let i = 0; i < 400; i++) sender.send(Buffer.alloc(24), Buffer.alloc(1408))
    expect(sender.isFull()).toBe(true)
    expect(errors.length).toBe(400 - Math.floor((512 * 1024) / 1432))
    expect(errors[0]?.message).toContain('EAGAIN')
  })
})
