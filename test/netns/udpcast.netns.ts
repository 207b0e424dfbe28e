/** Debian's unmodified udp-receiver takes images from `benchcast send --protocol udpcast`. Needs its package, udpcast. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type Command,
  importImage,
  isSame,
  makeDirectory,
  send,
  until,
  writeImage,
} from './commands.ts'
import { createLab, type Lab, type LabOptions, type Running } from './harness.ts'

const MIB = 1024 * 1024
const SIZES = [1, 1456, 1457, 7000, 3 * MIB + 13, 24 * MIB]

let directory: string
let catalog: string
const ids = new Map<number, string>()
let lab: Lab | null = null

beforeAll(() => {
  directory = makeDirectory()
  catalog = path.join(directory, 'catalog')
  for (const size of SIZES) {
    writeImage(imageOf(size), size, size)
    ids.set(size, importImage(catalog, imageOf(size)))
  }
})
afterEach(() => {
  lab?.remove()
  lab = null
})
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))

const imageOf = (size: number): string => path.join(directory, `image${size}`)
const target = (host: number): string => path.join(directory, `target${host}`)

function sendImage(inLab: Lab, size: number, more: readonly string[]): Command {
  return send(inLab, catalog, ids.get(size) ?? '', ['--protocol', 'udpcast', ...more])
}

function stockReceivers(inLab: Lab, count: number): Running[] {
  return Array.from({ length: count }, (_, i) => {
    const args = ['--nokbd', '--nosync', '--interface', 'lan0', '--file', target(i + 1)]
    fs.rmSync(target(i + 1), { force: true })
    return inLab.run(i + 1, 'udp-receiver', args)
  })
}

interface Ended {
  readonly isSuccess: boolean
  readonly resentBlocks: number
  readonly durationMs: number
  readonly receivers: readonly { readonly address: string; readonly state: string }[]
}

async function endOf(sender: Command): Promise<Ended & { readonly code: number | null }> {
  const { code } = await sender.ended
  const last = sender.stdout().trimEnd().split('\n').at(-1) ?? '{}'
  return { ...(JSON.parse(last) as Ended), code }
}

/** One image to `count` receivers, until all have ended; each must hold it. */
async function deliver(
  inLab: Lab,
  size: number,
  count: number,
  more: readonly string[],
): Promise<Ended> {
  const receivers = stockReceivers(inLab, count)
  const sender = sendImage(inLab, size, more)
  const ended = await endOf(sender)
  const codes = await Promise.all(receivers.map(async one => (await one.ended).code))
  const said = `${size} bytes: ${sender.said()}${receivers.map(one => one.stderr()).join('\n')}`
  expect(codes, said).toEqual(receivers.map(() => 0))
  for (const i of receivers.keys()) {
    expect(isSame(imageOf(size), target(i + 1)), `host ${i + 1}, ${said}`).toBe(true)
  }
  expect(ended, said).toMatchObject({ code: 0, isSuccess: true })
  expect(ended.receivers.map(one => one.state)).toEqual(receivers.map(() => 'done'))
  return ended
}

function newLab(options: LabOptions): Lab {
  lab = createLab({ hasOffload: false, ...options })
  return lab
}

describe('with answers', () => {
  for (const count of [1, 4]) {
    test(`${count} stock receivers that lose 1 % of the data hold images of every size`, async () => {
      const lossPercent = [0, 1, 1, 1, 1]
      const inLab = newLab({ hosts: count + 1, lossPercent: lossPercent.slice(0, count + 1) })
      const rule = ['--start-after', `${count}`]
      for (const size of SIZES) {
        const ended = await deliver(inLab, size, count, [...rule, '--rate', '200mbit'])
        if (size === 24 * MIB) expect(ended.resentBlocks).toBeGreaterThan(50)
      }
    })
  }

  test('loss on all datagrams, both ways, and lost replies to joins stop nobody', async () => {
    const inLab = newLab({ hosts: 5, lossPercent: [1, 1, 1, 1, 1], lossScope: 'udp' })
    // CONNECT_REPLY is 32 bytes, 60 with its headers: hosts 1 and 2 lose every one but each fourth.
    for (const host of [1, 2]) {
      const rule =
        '-I INPUT 1 -p udp --sport 9001 -m length --length 60 -m statistic --mode nth --every 4 --packet 3 -j ACCEPT'
      const { namespace } = inLab.host(host)
      iptables(namespace, '-I INPUT 1 -p udp --sport 9001 -m length --length 60 -j DROP')
      iptables(namespace, rule)
    }
    await deliver(inLab, 3 * MIB + 13, 4, ['--start-after', '4', '--rate', '200mbit'])
  })

  test('without a rate their sockets overflow, and they still get all; a second card sees none of it', async () => {
    const inLab = newLab({ hosts: 5, secondCard: true })
    for (const { namespace } of inLab.hosts) {
      execFileSync('ip', ['-n', namespace, 'route', 'add', 'default', 'dev', 'lan1'])
    }
    await deliver(inLab, 24 * MIB, 4, ['--start-after', '4'])
    expect(inLab.counters(0).wireTxPackets).toBeGreaterThan(10_000)
    expect(inLab.counters(0, 'lan1').wireTxPackets).toBe(0)
  })

  test('Ctrl-C frees the receivers too, before and after the start', async () => {
    const inLab = newLab({ hosts: 2 })
    for (const isStarted of [false, true]) {
      const receivers = stockReceivers(inLab, 1)
      const rule = ['--start-after', isStarted ? '1' : '2', '--rate', '20mbit']
      const sender = sendImage(inLab, 24 * MIB, rule)
      const mark = isStarted ? '"state":"running"' : '"event":"receiver"'
      await until('joined', () => sender.stdout().includes(mark), [sender])
      await sleep(700)
      sender.process.kill('SIGINT')
      expect(await sender.ended, sender.said()).toEqual({ code: 130, signal: null })
      expect(await endOf(sender)).toMatchObject({ isSuccess: false, isStopped: true })
      const freed = await Promise.race([receivers[0]!.ended, sleep(3_000)])
      expect(freed, `${isStarted}: ${receivers[0]!.stderr()}`).toBeDefined()
    }
  })
})

test('without answers, a stock receiver that loses nothing holds images of every size', async () => {
  const inLab = newLab({ hosts: 2 })
  // Its socket holds 92 datagrams, 36 ms of this rate: nobody could ask again for what a busy test machine drops.
  const words = ['--async', '--wait', '1.5', '--rate', '30mbit']
  for (const size of SIZES) {
    const ended = await deliver(inLab, size, 1, words)
    expect(ended.resentBlocks).toBe(0)
  }
})

test('without answers, four stock receivers hold images of odd sizes', async () => {
  const inLab = newLab({ hosts: 5 })
  for (const size of [1457, 3 * MIB + 13]) {
    await deliver(inLab, size, 4, ['--async', '--wait', '1.5', '--rate', '20mbit'])
  }
})

function iptables(namespace: string, words: string): void {
  execFileSync('ip', ['netns', 'exec', namespace, 'iptables', ...words.split(' ')])
}
