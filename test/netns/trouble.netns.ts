/** Sessions in trouble: a second card, a dead engine, an ill-meaning host, a dirty disk, a late stop. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  attachLoop,
  type Command,
  importImage,
  isSame,
  makeDirectory,
  receive,
  send,
  until,
  writeImage,
} from './commands.ts'
import { createLab, type Lab } from './harness.ts'

const MIB = 1024 * 1024
const IMAGE_BYTES = 32 * MIB // 24 MiB of it travel: a second at 200 Mbit/s.

let directory: string
let image: string
let catalog: string
let id: string
let lab: Lab | null = null
beforeEach(() => {
  directory = makeDirectory()
  image = path.join(directory, 'image')
  catalog = path.join(directory, 'catalog')
  writeImage(image, IMAGE_BYTES, 2)
  id = importImage(catalog, image)
})
afterEach(() => {
  lab?.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

const target = (host: number): string => path.join(directory, `target${host}`)

/** All ended well and wrote the image. */
async function expectEqual(
  receivers: readonly Command[],
  targets: readonly string[],
): Promise<void> {
  const codes = await Promise.all(receivers.map(async one => (await one.ended).code))
  expect(codes, receivers.map(one => one.said()).join('\n')).toEqual(receivers.map(() => 0))
  expect(targets.map(one => isSame(image, one))).toEqual(targets.map(() => true))
}

test('with two cards, not one packet of ours passes the other, though it holds the default route', async () => {
  lab = createLab({ hosts: 3, secondCard: true })
  const inLab = lab
  for (const { namespace } of lab.hosts) {
    execFileSync('ip', ['netns', 'exec', namespace, 'ip', 'route', 'add', 'default', 'dev', 'lan1'])
  }
  const captures = await Promise.all([
    lab.capture(0, 'lan0', 'ip multicast'),
    ...lab.hosts.map((_, host) => inLab.capture(host, 'lan1', '')),
  ])
  const sender = send(lab, catalog, id, ['--start-after', '2', '--rate', '200mbit'])
  const receivers = [1, 2].map(host => receive(inLab, host, target(host)))
  await expectEqual(receivers, [1, 2].map(target))
  expect(await sender.ended, sender.said()).toEqual({ code: 0, signal: null })
  const [chosen, ...others] = await Promise.all(captures.map(capture => capture.stop()))
  for (const capture of captures) fs.rmSync(path.dirname(capture.path), { recursive: true })
  expect(chosen?.packets).toBeGreaterThan(100) // Of batches, tcpdump sees each as one.
  expect(lab.counters(0).wireTxPackets).toBeGreaterThan(10_000)
  expect(others).toEqual(lab.hosts.map(() => ({ packets: 0, missed: 0 })))
  const cards = lab.hosts.map((_, host) => inLab.counters(host, 'lan1'))
  expect(cards.map(card => [card.wireTxPackets, card.rxPackets])).toEqual(
    lab.hosts.map(() => [0, 0]),
  )
})

test('after kill -9 of the engine, send goes on and receivers keep what they have', async () => {
  lab = createLab({ hosts: 3, lossPercent: [0, 1, 1], hasOffload: false })
  const inLab = lab
  const first = send(lab, catalog, id, ['--start-after', '2', '--rate', '50mbit'])
  const receivers = [1, 2].map(host => receive(inLab, host, target(host)))
  const share = (host: number): number => {
    const row = first.receiver(inLab.host(host).address)
    return row ? row.haveBytes / row.totalBytes : 0
  }
  await until('at 40 %', () => share(1) > 0.4 && share(2) > 0.4, [first, ...receivers])
  first.process.kill('SIGKILL')
  await first.ended
  await sleep(2_000)
  const second = send(lab, catalog, id, ['--start-after', '99', '--rate', '50mbit'])
  await expectEqual(receivers, [1, 2].map(target))
  expect(await second.ended, second.said()).toEqual({ code: 0, signal: null })
  const before = first.last('session')
  const after = second.last('ended')
  expect(after).toMatchObject({ id: before?.id, counts: { joined: 2, verified: 2 } })
  const storedBytes = before?.storedBytes ?? Number.NaN
  for (const one of receivers) {
    expect(one.last('result')?.receivedBytes).toBeLessThanOrEqual(1.05 * storedBytes)
  }
  // The second engine sent what was lacking, and little else.
  expect(after?.sentBytes).toBeLessThan(0.75 * storedBytes)
})

test('random datagrams, damaged copies and rubbish on the control port change nothing', async () => {
  lab = createLab({ hosts: 4, lossPercent: [0, 1, 1, 0], hasOffload: false })
  const inLab = lab
  const sender = send(lab, catalog, id, ['--start-after', '2', '--rate', '50mbit'])
  const script = path.join(import.meta.dirname, 'hostile.ts')
  const hostile = lab.run(3, process.execPath, [script, lab.host(3).address])
  await until('a hostile host at work', () => hostile.stdout().includes('ready'), [sender])
  await sleep(500)
  const receivers = [1, 2].map(host => receive(inLab, host, target(host)))
  await expectEqual(receivers, [1, 2].map(target))
  // Its own false machines were refused: the session is over, and no full success.
  expect(await sender.ended, sender.said()).toMatchObject({ signal: null })
  hostile.process.stdin?.end()
  expect(await hostile.ended, hostile.stderr()).toEqual({ code: 0, signal: null })
  const did = JSON.parse(hostile.stdout().split('\n')[1] ?? '{}') as Record<string, number>
  expect(did.datagrams).toBeGreaterThan(1_000)
  expect(did.damaged).toBeGreaterThan(100)
  expect(did.sockets).toBeGreaterThan(20)
  const ended = sender.last('ended')
  expect(ended?.fault).toBe(null)
  expect(ended?.counts.verified).toBe(2)
  for (const host of [1, 2]) expect(sender.receiver(lab.host(host).address)?.state).toBe('done')
})

test('a disk full of something else ends equal to the image, its zeros too', async () => {
  lab = createLab({ hosts: 2, lossPercent: [0, 1], hasOffload: false })
  const loop = attachLoop(path.join(directory, 'disk'), IMAGE_BYTES)
  try {
    const sender = send(lab, catalog, id, ['--rate', '200mbit'])
    await expectEqual([receive(lab, 1, loop.device)], [loop.device])
    expect(await sender.ended, sender.said()).toEqual({ code: 0, signal: null })
    expect(sender.receiver(lab.host(1).address)?.target).toMatchObject({
      kind: 'device',
      sizeBytes: IMAGE_BYTES,
    })
  } finally {
    loop.detach()
  }
})

test('Ctrl-C at the sender ends the receivers with a clear fault, and they keep what they have', async () => {
  lab = createLab({ hosts: 3 })
  const inLab = lab
  const sender = send(lab, catalog, id, ['--start-after', '2', '--rate', '20mbit'])
  const receivers = [1, 2].map(host => receive(inLab, host, target(host)))
  await until('under way', () => (sender.last('session')?.fraction ?? 0) > 0.2, [sender])
  sender.process.kill('SIGINT')
  expect(await sender.ended, sender.said()).toEqual({ code: 130, signal: null })
  expect(sender.last('ended')).toMatchObject({ isSuccess: false, state: 'ended' })
  for (const one of receivers) {
    expect(await one.ended, one.said()).toEqual({ code: 1, signal: null })
    expect(one.last('fault')?.code).toBe('session/ended')
    expect(one.last('fault')?.message).toMatch(/image/)
  }
  // A stopped session is over for good: the next is a new one, and resumes what the targets hold.
  const again = send(lab, catalog, id, ['--start-after', '2', '--rate', '200mbit'])
  const resumed = [1, 2].map(host => receive(inLab, host, target(host)))
  await expectEqual(resumed, [1, 2].map(target))
  expect((await again.ended).code, again.said()).toBe(0)
  expect(again.last('ended')?.id).not.toBe(sender.last('ended')?.id)
  for (const one of resumed) expect(one.last('result')?.keptBytes).toBeGreaterThan(2 * MIB)
})
