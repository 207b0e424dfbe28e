/** Why machines are slow, each cause made with real processes: the sender must name the right one, with its figure. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, afterAll, expect, test } from 'vitest'
import {
  type Command,
  importImage,
  isSame,
  makeDirectory,
  receive,
  send,
  until,
  writeImage,
} from './commands.ts'
import { createLab, type Lab, type LabOptions } from './harness.ts'

const MIB = 1024 * 1024
const IMAGE_BYTES = 96 * MIB // 72 MiB of it travel: 6 s at 100 Mbit/s.

let directory: string
let image: string
let catalog: string
let id: string
let lab: Lab | null = null
beforeAll(() => {
  directory = makeDirectory()
  image = path.join(directory, 'image')
  catalog = path.join(directory, 'catalog')
  writeImage(image, IMAGE_BYTES, 3)
  id = importImage(catalog, image)
})
afterEach(() => {
  lab?.remove()
  lab = null
})
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))

const target = (host: number): string => path.join(directory, `target${host}`)

/** Host 1 is well, host 2 is not. */
function bench(options: Partial<LabOptions>): Lab {
  for (const host of [1, 2]) fs.rmSync(target(host), { force: true })
  lab = createLab({ hosts: 3, hasOffload: false, ...options })
  return lab
}

/** Every reason the sender gave for the machine, in order, each once in a row. */
function reasons(sender: Command, address: string): string[] {
  const told = sender.events().flatMap(one => {
    const isOurs = one.event === 'receiver' && one.address === address
    return isOurs && one.slowBecause !== null ? [one.slowBecause.reason] : []
  })
  return told.filter((reason, at) => reason !== told[at - 1])
}

function sentence(sender: Command, address: string, reason: string): string {
  const row = sender
    .events()
    .findLast(
      one =>
        one.event === 'receiver' && one.address === address && one.slowBecause?.reason === reason,
    )
  return row?.event === 'receiver' ? (row.slowBecause?.sentence ?? '') : ''
}

async function expectVerified(sender: Command, receivers: readonly Command[]): Promise<void> {
  const codes = await Promise.all(receivers.map(async one => (await one.ended).code))
  expect(codes, receivers.map(one => one.said()).join('\n')).toEqual(receivers.map(() => 0))
  expect((await sender.ended).code, sender.said()).toBe(0)
  for (const host of receivers.keys()) expect(isSame(image, target(host + 1))).toBe(true)
}

test('5 % lost on one port is network loss there, and the cap elsewhere; the cap paces the session', async () => {
  const inLab = bench({ lossPercent: [0, 0, 5] })
  const sender = send(inLab, catalog, id, ['--start-after', '2', '--rate', '100mbit'])
  await expectVerified(
    sender,
    [1, 2].map(host => receive(inLab, host, target(host))),
  )
  const [well, ill] = [inLab.host(1).address, inLab.host(2).address]
  expect(new Set(reasons(sender, well)), sender.said()).toEqual(new Set(['cap']))
  expect(reasons(sender, ill)).toContain('network-loss')
  expect(reasons(sender, ill)).not.toContain('socket-overflow')
  const percent = Number(/^([\d.]+) %/.exec(sentence(sender, ill, 'network-loss'))?.[1])
  expect(percent).toBeGreaterThan(2.5)
  expect(percent).toBeLessThan(8)
  const paces = sender.events().flatMap(one => (one.event === 'session' ? [one.pacedBy] : []))
  expect(paces).toContainEqual({
    kind: 'cap',
    receiverNumber: null,
    sentence: 'The cap of 100 Mbit/s paces it',
  })
})

test('a machine that gets no processor time drops packets itself, and that is what is said', async () => {
  const inLab = bench({})
  const sender = send(inLab, catalog, id, ['--start-after', '2', '--rate', '100mbit'])
  // Without this right its buffer is what the kernel grants anyone: a few MiB.
  const poor = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin']
  const receivers = [
    receive(inLab, 1, target(1)),
    receive(inLab, 2, target(2), ['--timeout', '60'], poor),
  ]
  const starved = receivers[1]?.process
  const isOn = (): boolean => starved?.exitCode === null && starved.signalCode === null
  await until('under way', () => (sender.last('session')?.fraction ?? 0) > 0.1, [sender])
  for (let pulse = 0; pulse < 4 && isOn(); pulse++) {
    starved?.kill('SIGSTOP')
    await sleep(1_500) // Half of what makes a machine count as silent.
    starved?.kill('SIGCONT')
    await sleep(700)
  }
  await expectVerified(sender, receivers)
  const address = inLab.host(2).address
  expect(reasons(sender, address), sender.said()).toContain('socket-overflow')
  expect(reasons(sender, address)).not.toContain('network-loss')
  expect(sentence(sender, address, 'socket-overflow')).toMatch(/its own system dropped [\d.]+ %/)
  expect(reasons(sender, inLab.host(1).address)).not.toContain('socket-overflow')
})

test('a slow disk is named with what it writes, and paces the session once the others have ended', async () => {
  const inLab = bench({})
  const sender = send(inLab, catalog, id, ['--start-after', '2', '--rate', '200mbit'])
  await expectVerified(sender, [
    receive(inLab, 1, target(1)),
    receive(inLab, 2, target(2), ['--timeout', '60', '--throttle', '40mbit']),
  ])
  const [well, ill] = [inLab.host(1).address, inLab.host(2).address]
  expect(reasons(sender, ill), sender.said()).toContain('disk')
  expect(reasons(sender, well)).not.toContain('disk')
  const perSecond = /([\d.]+) MB\/s get written/.exec(sentence(sender, ill, 'disk'))?.[1]
  expect(Number(perSecond)).toBeLessThan(10) // 5 are allowed.
  const number = sender.receiver(ill)?.number
  const paces = sender.events().flatMap(one => (one.event === 'session' ? [one.pacedBy] : []))
  expect(paces).toContainEqual({
    kind: 'receiver',
    receiverNumber: number,
    sentence: `Machine ${number}’s disk paces the session`,
  })
})
