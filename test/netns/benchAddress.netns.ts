/** Machines that hear no announce, and were told their bench's address. */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CLI } from '../built.ts'
import { importImage, isSame, makeDirectory, receive, send, until, writeImage } from './commands.ts'
import { createLab, type Lab } from './harness.ts'
import { shellIn } from './namespaces.ts'

const IMAGE_BYTES = 6 * 1024 * 1024

let directory: string
let lab: Lab
beforeEach(() => {
  directory = makeDirectory()
})
afterEach(() => {
  lab.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

function bench(name: string, seed: number): { catalog: string; image: string; id: string } {
  const image = path.join(directory, `${name}.img`)
  writeImage(image, IMAGE_BYTES, seed)
  const catalog = path.join(directory, `${name}-catalog`)
  return { catalog, image, id: importImage(catalog, image) }
}

test('a machine that hears no announce asks its bench by address, and joins none but its sessions', async () => {
  lab = createLab({ hosts: 3 })
  const [first, second, others] = [bench('first', 1), bench('second', 2), bench('others', 3)]
  const [benchHost, machine, stranger] = [0, 1, 2]
  shellIn(lab.host(machine).namespace, ['iptables -A INPUT -p udp --dport 7767 -j DROP'])
  const once = ['--start-after', '1', '--rate', '100mbit']
  // Two programs on one card, each with a session: the second takes the next port.
  const sessions = [
    send(lab, first.catalog, first.id, [...once, '--name', 'first']),
    send(lab, second.catalog, second.id, [...once, '--name', 'second']),
  ]
  const foreign = [CLI, 'send', others.id, '--nic', 'lan0', '--catalog', others.catalog, ...once]
  lab.run(stranger, process.execPath, foreign)
  const areOpen = (): boolean => sessions.every(each => each.last('session') !== undefined)
  await until('sessions open', areOpen, sessions)
  const target = path.join(directory, 'target')

  const deaf = receive(lab, machine, target, ['--timeout', '4'])
  expect((await deaf.ended).code).toBe(1)
  expect(deaf.last('fault')).toMatchObject({ code: 'session/not-found' })

  const { address } = lab.host(benchHost)
  for (const [name, { image }] of [['second', second] as const, ['first', first] as const]) {
    const told = receive(lab, machine, target, [
      '--sender',
      address,
      '--session',
      name,
      '--timeout',
      '20',
    ])
    expect((await told.ended).code, told.said()).toBe(0)
    expect(isSame(image, target)).toBe(true)
  }
  for (const session of sessions) expect((await session.ended).code, session.said()).toBe(0)

  // The stranger's session is open still, and this machine would hear it: it is not its bench's.
  shellIn(lab.host(machine).namespace, ['iptables -F INPUT'])
  const faithful = receive(lab, machine, target, ['--sender', address, '--timeout', '4'])
  expect((await faithful.ended).code, faithful.said()).toBe(1)
  expect(faithful.last('fault')).toMatchObject({ code: 'session/not-found' })
}, 120_000)
