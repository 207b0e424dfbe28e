/** Debian's unmodified udp-receiver takes images from `benchcast send --protocol udpcast`. Needs its package, udpcast. */
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { until } from './commands.ts'
import { createLab, type Lab, type LabOptions } from './harness.ts'
import { createUdpcastBench, iptables, type UdpcastBench, udpcastEnd } from './udpcastBench.ts'

const MIB = 1024 * 1024
/** More of them, and more cells, in test/full/udpcast.full.ts. */
const SIZES = [1, 1456, 1457, 7000, 3 * MIB + 13, 24 * MIB]

let bench: UdpcastBench
let lab: Lab | null = null

beforeAll(() => {
  bench = createUdpcastBench(SIZES)
})
afterEach(() => {
  lab?.remove()
  lab = null
})
afterAll(() => bench.remove())

function newLab(options: LabOptions): Lab {
  lab = createLab({ hasOffload: false, ...options })
  return lab
}

describe('with answers', () => {
  for (const count of [1, 4]) {
    test(`${count} stock receivers that lose 1 % of the data hold images of every size`, async () => {
      const lossPercent = [0, 1, 1, 1, 1]
      const inLab = newLab({ hosts: count + 1, lossPercent: lossPercent.slice(0, count + 1) })
      const words = ['--start-after', `${count}`, '--rate', '200mbit']
      for (const sizeBytes of SIZES) {
        const ended = await bench.deliver(inLab, { sizeBytes, count, words })
        if (sizeBytes === 24 * MIB) expect(ended.resentBlocks).toBeGreaterThan(50)
      }
    })
  }

  test('loss on all datagrams, both ways, and lost replies to joins stop nobody', async () => {
    const inLab = newLab({ hosts: 5, lossPercent: [1, 1, 1, 1, 1], lossScope: 'udp' })
    // CONNECT_REPLY is 32 bytes, 60 with its headers: hosts 1 and 2 lose every one but each fourth.
    for (const host of [1, 2]) {
      const rule =
        '-I INPUT 1 -p udp --sport 9001 -m length --length 60 -m statistic --mode nth --every 4 --packet 3 -j ACCEPT'
      iptables(inLab, host, '-I INPUT 1 -p udp --sport 9001 -m length --length 60 -j DROP')
      iptables(inLab, host, rule)
    }
    const words = ['--start-after', '4', '--rate', '200mbit']
    await bench.deliver(inLab, { sizeBytes: 3 * MIB + 13, count: 4, words })
  })

  test('without a rate their sockets overflow, and they still get all; a second card sees none of it', async () => {
    const inLab = newLab({ hosts: 5, secondCard: true })
    for (const { namespace } of inLab.hosts) {
      execFileSync('ip', ['-n', namespace, 'route', 'add', 'default', 'dev', 'lan1'])
    }
    const words = ['--start-after', '4']
    await bench.deliver(inLab, { sizeBytes: 24 * MIB, count: 4, words })
    expect(inLab.counters(0).wireTxPackets).toBeGreaterThan(10_000)
    expect(inLab.counters(0, 'lan1').wireTxPackets).toBe(0)
  })

  test('Ctrl-C frees the receivers too, before and after the start', async () => {
    const inLab = newLab({ hosts: 2 })
    for (const isStarted of [false, true]) {
      const receivers = bench.receive(inLab, 1)
      const rule = ['--start-after', isStarted ? '1' : '2', '--rate', '20mbit']
      const sender = bench.send(inLab, 24 * MIB, rule)
      const mark = isStarted ? '"state":"running"' : '"event":"receiver"'
      await until('joined', () => sender.stdout().includes(mark), [sender])
      await sleep(700)
      sender.process.kill('SIGINT')
      expect(await sender.ended, sender.said()).toEqual({ code: 130, signal: null })
      expect(await udpcastEnd(sender)).toMatchObject({ isSuccess: false, isStopped: true })
      const freed = await Promise.race([receivers[0]!.ended, sleep(3_000)])
      expect(freed, `${isStarted}: ${receivers[0]!.stderr()}`).toBeDefined()
    }
  })
})

describe('without answers', () => {
  // Their sockets hold 92 datagrams by default, 55 ms of this rate; parity mends as long a stall again, no longer one.
  const RATE = ['--rate', '20mbit']

  for (const [count, sizes] of [
    [1, SIZES.slice(0, -1)],
    [4, [1457, 3 * MIB + 13]],
  ] as const) {
    test(`${count} stock receivers that lose 1 % of all datagrams hold images of every size`, async () => {
      const lossPercent = [0, 1, 1, 1, 1].slice(0, count + 1)
      const inLab = newLab({ hosts: count + 1, lossPercent, lossScope: 'udp' })
      const words = ['--async', '--start-after', `${count}`, '--wait', '1.5', ...RATE]
      for (const sizeBytes of sizes) {
        const ended = await bench.deliver(inLab, { sizeBytes, count, words })
        expect(ended.resentBlocks).toBe(0)
      }
    })
  }

  test('more loss than parity mends is told as a failure, never as success', async () => {
    const inLab = newLab({ hosts: 2, lossPercent: [0, 30] })
    const receivers = bench.receive(inLab, 1)
    const words = ['--async', '--start-after', '1', '--wait', '1.5', ...RATE]
    const ended = await udpcastEnd(bench.send(inLab, 3 * MIB + 13, words))
    expect(ended).toMatchObject({ code: 1, isSuccess: false })
    for (const one of receivers) one.process.kill('SIGKILL')
  })
})
