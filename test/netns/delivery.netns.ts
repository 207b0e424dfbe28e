/** Switches that block multicast: sessions that deliver by broadcast or unicast, on the chosen card and nothing else. */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { importImage, isSame, makeDirectory, receive, send, until, writeImage } from './commands.ts'
import { createLab, type Lab } from './harness.ts'
import { shellIn } from './namespaces.ts'

const IMAGE_BYTES = 12 * 1024 * 1024 + 1

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

interface Bench {
  readonly lab: Lab
  readonly catalog: string
  readonly image: string
  readonly id: string
}

function bench(machines: number, more: Partial<Parameters<typeof createLab>[0]> = {}): Bench {
  const image = path.join(directory, 'image')
  writeImage(image, IMAGE_BYTES, machines)
  const catalog = path.join(directory, 'catalog')
  const id = importImage(catalog, image)
  const made = createLab({ hosts: machines + 1, ...more })
  lab = made
  return { lab: made, catalog, image, id }
}

/** The switch sends no group out of any port. */
function blockMulticast({ lab: inLab }: Bench): void {
  const inSwitch = inLab.host(0).namespace.replace(/-h0$/, '-sw')
  const ports = inLab.hosts.map(
    (_, index) => `ip link set p0x${index} type bridge_slave mcast_flood off`,
  )
  shellIn(inSwitch, ports)
}

const target = (host: number): string => path.join(directory, `target${host}`)

test.each(['broadcast', 'unicast'] as const)(
  'where multicast is blocked, machines find the bench, and a session by %s ends verified on its card alone',
  async delivery => {
    const made = bench(2, { secondCard: true })
    blockMulticast(made)
    const before = made.lab.counters(0, 'lan1').txPackets
    const wireBefore = made.lab.counters(0).wireTxBytes
    const more = ['--start-after', '2', '--rate', '200mbit', '--delivery', delivery]
    const sender = send(made.lab, made.catalog, made.id, more)
    const machines = [1, 2].map(host => receive(made.lab, host, target(host)))
    const codes = await Promise.all(machines.map(async one => (await one.ended).code))
    const said = [sender, ...machines].map(one => one.said()).join('\n')
    expect(codes, said).toEqual([0, 0])
    expect((await sender.ended).code, said).toBe(0)
    for (const host of [1, 2]) expect(isSame(made.image, target(host))).toBe(true)
    expect(sender.last('ended')).toMatchObject({ delivery, counts: { verified: 2 } })
    expect(made.lab.counters(0, 'lan1').txPackets - before).toBe(0)
    // The image once by broadcast, once for each machine by unicast, and little more; and the session counts both.
    const wireBytes = made.lab.counters(0).wireTxBytes - wireBefore
    const stored = sender.last('ended')?.storedBytes ?? Number.NaN
    const copies = delivery === 'unicast' ? 2 : 1
    expect(wireBytes / stored).toBeGreaterThan(copies)
    expect(wireBytes / stored).toBeLessThan(copies * 1.35)
    expect((sender.last('ended')?.sentBytes ?? 0) / wireBytes).toBeGreaterThan(0.85)
    expect((sender.last('ended')?.sentBytes ?? 0) / wireBytes).toBeLessThan(1)
  },
)

test('by multicast the same bench is joined, and nothing arrives', async () => {
  const made = bench(1)
  blockMulticast(made)
  const sender = send(made.lab, made.catalog, made.id, ['--start-after', '1', '--rate', '100mbit'])
  const machine = receive(made.lab, 1, target(1))
  const address = made.lab.host(1).address
  await until('joined', () => sender.receiver(address) !== undefined, [sender, machine])
  const storedBytes = (): number => sender.last('session')?.storedBytes ?? Number.POSITIVE_INFINITY
  const sentBytes = (): number => sender.last('session')?.sentBytes ?? 0
  await until('the image sent', () => sentBytes() > storedBytes(), [sender, machine])
  expect(sender.receiver(address)?.haveBytes).toBe(0)
})

test('a fifth machine is refused by unicast, with what to do; the four end verified', async () => {
  const made = bench(5)
  const more = ['--start-after', '4', '--rate', '64mbit', '--delivery', 'unicast']
  const sender = send(made.lab, made.catalog, made.id, more)
  const four = [1, 2, 3, 4].map(host => receive(made.lab, host, target(host)))
  const joined = () => sender.last('session')?.counts.joined === 4
  await until('four joined', joined, [sender])
  const fifth = receive(made.lab, 5, target(5))
  expect((await fifth.ended).code).toBe(1)
  expect(fifth.last('fault'), fifth.said()).toMatchObject({ code: 'session/unicast-full' })
  expect(fifth.last('fault')?.message).toMatch(/multicast or broadcast/)
  expect(fs.existsSync(target(5))).toBe(false)
  const codes = await Promise.all(four.map(async one => (await one.ended).code))
  expect(codes, four.map(one => one.said()).join('\n')).toEqual([0, 0, 0, 0])
  expect((await sender.ended).code, sender.said()).toBe(0)
})
