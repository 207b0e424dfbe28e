/** The rate of a session: found behind real queues without overflowing them, and kept in small bursts. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { importImage, isSame, makeDirectory, receive, send, until, writeImage } from './commands.ts'
import { createLab, type Lab, type LabOptions } from './harness.ts'

const MIB = 1024 * 1024
/** Ethernet, IP, UDP and our own headers, SYNC, announces: what a byte of image costs without any loss. */
const WIRE_RATIO = 1.055

let directory: string
let lab: Lab | null = null
beforeEach(() => {
  directory = makeDirectory()
})
afterEach(() => {
  lab?.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

interface Carried {
  /** Of the bottleneck, while data flows. */
  readonly share: number
  readonly wireRatio: number
}

/** An image to two receivers, and what arrives at the first from one second after the start to near the end. */
async function carry(
  inLab: Lab,
  rateMbit: number,
  sizeMib: number,
  more: readonly string[] = [],
): Promise<Carried> {
  const image = path.join(directory, 'image')
  writeImage(image, sizeMib * MIB, 3)
  const stored = importImage(path.join(directory, 'catalog'), image)
  const sender = send(inLab, path.join(directory, 'catalog'), stored, [
    '--start-after',
    '2',
    ...more,
  ])
  const targets = [1, 2].map(host => path.join(directory, `target${host}`))
  const receivers = targets.map((target, i) => receive(inLab, i + 1, target))
  const idleBytes = 100_000
  await until('data flows', () => inLab.counters(1).rxBytes > idleBytes, [sender, ...receivers])
  await sleep(1_000)
  const from = { bytes: inLab.counters(1).rxBytes, atMs: performance.now() }
  await sleep(((sizeMib * MIB * 8) / 1e6 / rateMbit) * 1000 * 0.9 - 2_000)
  const to = { bytes: inLab.counters(1).rxBytes, atMs: performance.now() }
  for (const one of receivers) expect((await one.ended).code, one.said()).toBe(0)
  await sender.ended
  for (const target of targets) expect(isSame(image, target)).toBe(true)
  const bits = (to.bytes - from.bytes) * 8
  const storedBytes = sender.last('ended')?.storedBytes ?? Number.NaN
  return {
    share: bits / (to.atMs - from.atMs) / 1000 / rateMbit,
    wireRatio: inLab.counters(0).wireTxBytes / storedBytes,
  }
}

const open = (options: Partial<LabOptions>): Lab => (lab = createLab({ hosts: 3, ...options }))

test.each([
  [10, 10],
  [100, 64],
])(
  "a card of %d Mbit/s is kept full, and its queue's drops cost nothing",
  async (rateMbit, sizeMib) => {
    const { share, wireRatio } = await carry(open({ rateMbit }), rateMbit, sizeMib)
    expect(share).toBeGreaterThan(0.9)
    expect(wireRatio).toBeLessThan(WIRE_RATIO + 0.02)
  },
  120_000,
)

test('ports of 100 Mbit/s behind a fast card are kept full, at less than 15 % of overflow', async () => {
  const inLab = open({ hasOffload: false })
  const network = inLab.host(0).namespace.replace(/-h0$/, '-sw')
  for (const host of [1, 2]) {
    const queue = 'tbf rate 100mbit burst 5000 limit 128000'
    const words = `netns exec ${network} tc qdisc add dev p0x${host} root ${queue}`.split(' ')
    expect(spawnSync('ip', words).status).toBe(0)
  }
  const { share, wireRatio } = await carry(inLab, 100, 64)
  expect(share).toBeGreaterThan(0.9)
  expect(wireRatio).toBeLessThan(WIRE_RATIO + 0.15)
}, 120_000)

test.each([50, 200])(
  'at %d Mbit/s no burst is longer than 1 ms of the rate, seen on the wire',
  async rateMbit => {
    const inLab = open({ hasOffload: false })
    const capture = await inLab.capture(0, 'lan0', 'udp and greater 1000')
    const { share } = await carry(inLab, rateMbit, rateMbit === 50 ? 32 : 96, [
      '--rate',
      `${rateMbit}mbit`,
    ])
    const { missed } = await capture.stop()
    expect(missed).toBe(0)
    expect(share).toBeGreaterThan(0.98)
    const bursts = burstBytes(fs.readFileSync(capture.path)).toSorted((a, b) => a - b)
    const mostBytes = Math.max((rateMbit * 1e6) / 8000, 4 * 1500) + 1500
    const at = (part: number): number => bursts[Math.floor((bursts.length - 1) * part)] ?? 0
    // A capture's clock stops while the computer is busy with something else: a burst in a hundred may look longer.
    expect(at(0.99)).toBeLessThanOrEqual(mostBytes)
  },
  120_000,
)

/** Runs of datagrams less than 0.15 ms from each other, in bytes on the wire. Classic pcap, microseconds. */
function burstBytes(pcap: Buffer): number[] {
  const bursts: number[] = []
  let lastUs = -Infinity
  for (let at = 24; at + 16 <= pcap.length; at += 16 + pcap.readUInt32LE(at + 8)) {
    const us = pcap.readUInt32LE(at) * 1e6 + pcap.readUInt32LE(at + 4)
    const bytes = pcap.readUInt32LE(at + 12)
    if (us - lastUs < 150) bursts.push((bursts.pop() ?? 0) + bytes)
    else bursts.push(bytes)
    lastUs = us
  }
  return bursts
}
