/** A million datagrams of a hostile host, at the announce and the session's group, while two machines are imaged. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  importImage,
  isSame,
  makeDirectory,
  receive,
  send,
  until,
  writeImage,
} from '../netns/commands.ts'
import { createLab, type Lab } from '../netns/harness.ts'

const MIB = 1024 * 1024
const DATAGRAMS = 1_000_000
/** To each group each 20 ms: fast enough to be done in a minute or two. */
const AT_ONCE = 200
const HOSTILE = path.join(import.meta.dirname, '../netns/hostile.ts')

let directory: string
let lab: Lab
beforeEach(() => {
  directory = makeDirectory()
  lab = createLab({ hosts: 4, hasOffload: false })
})
afterEach(() => {
  lab.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

test('machines that are flooded all the while end equal, and nobody crashes', async () => {
  const image = path.join(directory, 'image')
  const catalog = path.join(directory, 'catalog')
  writeImage(image, 40 * MIB, 8)
  const id = importImage(catalog, image)
  const target = (host: number): string => path.join(directory, `target${host}`)
  const sender = send(lab, catalog, id, ['--start-after', '2', '--rate', '20mbit'])
  const args = [HOSTILE, lab.host(3).address, String(AT_ONCE)]
  const hostile = lab.run(3, process.execPath, args)
  await until('a hostile host at work', () => hostile.stdout().includes('ready'), [sender])
  // The first is there from the first datagram to the last; the session waits for the second.
  const first = receive(lab, 1, target(1))
  const sent = (): number => lab.counters(3).txPackets
  while (sent() < DATAGRAMS) {
    for (const one of [sender, first, hostile]) {
      expect(one.process.exitCode, `${sender.said()}\n${first.said()}`).toBe(null)
    }
    await sleep(500)
  }
  const second = receive(lab, 2, target(2))
  const codes = await Promise.all([first, second].map(async one => (await one.ended).code))
  expect(codes, `${first.said()}\n${second.said()}`).toEqual([0, 0])
  for (const host of [1, 2]) expect(isSame(image, target(host))).toBe(true)
  hostile.process.stdin?.end()
  expect((await hostile.ended).code, hostile.stderr()).toBe(0)
  expect((await sender.ended).signal, sender.said()).toBe(null)
  expect(sender.last('ended')?.fault).toBe(null)
  for (const host of [1, 2]) expect(sender.receiver(lab.host(host).address)?.state).toBe('done')
}, 400_000)
