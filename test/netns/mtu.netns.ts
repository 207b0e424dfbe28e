/** Large datagrams: only where every port takes them, and given up at once when one does not. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
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
import { createLab, type Lab } from './harness.ts'
import { shellIn } from './namespaces.ts'

const MIB = 1024 * 1024

let directory: string
let lab: Lab | null = null
beforeEach(() => {
  directory = makeDirectory()
})
afterEach(() => {
  lab?.remove()
  lab = null
  fs.rmSync(directory, { recursive: true, force: true })
})

/** Every card and port takes `mtu` bytes, but those of `small` hosts 1500. */
function makeLab(machines: number, small: readonly number[] = []): Lab {
  // Without offload, as one large segment would pass any virtual port.
  const made = createLab({ hosts: machines + 1, hasOffload: false })
  lab = made
  const inSwitch = made.host(0).namespace.replace(/-h0$/, '-sw')
  for (const [index, { namespace }] of made.hosts.entries()) {
    const mtu = small.includes(index) ? 1500 : 9000
    shellIn(inSwitch, [`ip link set p0x${index} mtu ${mtu}`])
    shellIn(namespace, [`ip link set lan0 mtu ${mtu}`])
  }
  return made
}

function makeImage(mib: number): {
  readonly catalog: string
  readonly image: string
  readonly id: string
} {
  const image = path.join(directory, 'image')
  writeImage(image, mib * MIB, mib)
  const catalog = path.join(directory, 'catalog')
  return { catalog, image, id: importImage(catalog, image) }
}

const target = (host: number): string => path.join(directory, `target${host}`)

/** Mean bytes of what host 0 sends from here to when it is asked. */
function meanBytes(inLab: Lab): () => number {
  const before = inLab.counters(0)
  return () => {
    const { wireTxBytes, wireTxPackets } = inLab.counters(0)
    return (wireTxBytes - before.wireTxBytes) / (wireTxPackets - before.wireTxPackets)
  }
}

async function allVerified(
  image: string,
  sender: Command,
  machines: readonly (readonly [number, Command])[],
): Promise<void> {
  const codes = await Promise.all(machines.map(async ([, one]) => (await one.ended).code))
  const said = [sender, ...machines.map(([, one]) => one)].map(one => one.said()).join('\n')
  expect(codes, said).toEqual(machines.map(() => 0))
  expect((await sender.ended).code, said).toBe(0)
  for (const [host] of machines) expect(isSame(image, target(host))).toBe(true)
}

test('where every port takes 9000 bytes, datagrams become large', async () => {
  const { catalog, image, id } = makeImage(32)
  const made = makeLab(2)
  const sender = send(made, catalog, id, ['--start-after', '2', '--rate', '200mbit'])
  const mean = meanBytes(made)
  const machines = [1, 2].map(host => [host, receive(made, host, target(host))] as const)
  await allVerified(image, sender, machines)
  expect(mean()).toBeGreaterThan(4000)
})

/** DATA in datagrams that no card of 1500 bytes takes. */
const LARGE = 'udp[8] = 0x11 and greater 2000'

test('one port of 1500 among them keeps datagrams small, and all end verified', async () => {
  const { catalog, image, id } = makeImage(16)
  const made = makeLab(2, [2])
  const capture = await made.capture(0, 'lan0', LARGE)
  const sender = send(made, catalog, id, ['--start-after', '2', '--rate', '200mbit'])
  const machines = [1, 2].map(host => [host, receive(made, host, target(host))] as const)
  await allVerified(image, sender, machines)
  expect(await capture.stop()).toEqual({ packets: 0, missed: 0 })
})

test('a late machine behind a port of 1500 turns large datagrams small; nobody waits, all end verified', async () => {
  const { catalog, image, id } = makeImage(32)
  const made = makeLab(2, [2])
  const first = made.host(1).address
  const late = made.host(2).address
  const sender = send(made, catalog, id, ['--start-after', '1', '--rate', '30mbit'])
  const machine = receive(made, 1, target(1))
  const running = (): boolean => (sender.receiver(first)?.haveBytes ?? 0) > 2 * MIB
  await until('running', running, [sender, machine])
  const mean = meanBytes(made)
  await sleep(1000)
  // A burst of 1 ms holds 2 or 3 packets at this rate; small datagrams never come to more than 1,474.
  expect(mean()).toBeGreaterThan(1600)
  const latecomer = receive(made, 2, target(2))
  const hasCome = (): boolean => sender.receiver(late)?.state === 'receiving'
  await until('the late machine there', hasCome, [sender, machine, latecomer])
  const haveBytes = (): number => sender.receiver(first)?.haveBytes ?? 0
  const before = haveBytes()
  const capture = await made.capture(0, 'lan0', LARGE)
  await until('the first going on', () => haveBytes() > before + 3 * MIB, [sender, latecomer])
  expect(await capture.stop()).toEqual({ packets: 0, missed: 0 })
  await allVerified(image, sender, [
    [1, machine],
    [2, latecomer],
  ])
})
