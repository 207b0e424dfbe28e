/** Power cuts by the dozen: one receiver killed fifty times, and the engine ten times, in the middle of one image. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '../../shared/seededRandom.ts'
import {
  type Command,
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
const RECEIVER_KILLS = 50
const ENGINE_KILLS = 10
/** Longest that one lives on after it has begun to receive: the journal is synced about once a second. */
const LIFE_MS = 2_500

let directory: string
let image: string
let catalog: string
let id: string
let lab: Lab
beforeEach(() => {
  directory = makeDirectory()
  image = path.join(directory, 'image')
  catalog = path.join(directory, 'catalog')
  // At 20 Mbit/s: longer than all lives together.
  writeImage(image, 256 * MIB, 3)
  id = importImage(catalog, image)
  lab = createLab({ hosts: 3, lossPercent: [0, 1, 1], hasOffload: false })
})
afterEach(() => {
  lab.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

const target = (host: number): string => path.join(directory, `target${host}`)

test(`a receiver killed ${RECEIVER_KILLS} times keeps what it told, and ends equal`, async () => {
  const random = seededRandom(50)
  const sender = send(lab, catalog, id, ['--start-after', '1', '--rate', '20mbit'])
  const held = (): number => sender.receiver(lab.host(1).address)?.haveBytes ?? 0
  let told = 0
  for (let kill = 1; kill <= RECEIVER_KILLS; kill++) {
    const one = receive(lab, 1, target(1))
    await until(`receiving after ${kill - 1} kills`, () => isReceiving(one), [sender, one])
    // What the bench was told is on the disk: HAVE comes after the journal.
    const kept = one.last('progress')?.haveBytes ?? 0
    expect(kept, `after kill ${kill - 1}: ${one.said()}`).toBeGreaterThanOrEqual(told)
    await sleep(random() * LIFE_MS)
    told = Math.max(told, held())
    one.process.kill('SIGKILL')
    await one.ended
  }
  expect(told).toBeGreaterThan(0)
  const last = receive(lab, 1, target(1))
  expect((await last.ended).code, last.said()).toBe(0)
  expect(last.last('result')?.keptBytes).toBeGreaterThanOrEqual(told)
  expect(isSame(image, target(1))).toBe(true)
  expect((await sender.ended).code, sender.said()).toBe(0)
}, 600_000)

test(`an engine killed ${ENGINE_KILLS} times goes on with the same session, and all end equal`, async () => {
  const random = seededRandom(10)
  const rules = ['--start-after', '2', '--rate', '100mbit']
  const receivers = [1, 2].map(host => receive(lab, host, target(host)))
  let name: string | undefined
  for (let kill = 1; kill <= ENGINE_KILLS; kill++) {
    const engine = send(lab, catalog, id, rules)
    const isRunning = (): boolean => engine.last('session')?.state === 'running'
    await until(`running after ${kill - 1} kills`, isRunning, [engine, ...receivers])
    name ??= engine.last('session')?.id
    expect(engine.last('session')?.id).toBe(name)
    await sleep(random() * LIFE_MS)
    engine.process.kill('SIGKILL')
    await engine.ended
  }
  const last = send(lab, catalog, id, rules)
  const codes = await Promise.all(receivers.map(async one => (await one.ended).code))
  expect(codes, receivers.map(one => one.said()).join('\n')).toEqual([0, 0])
  for (const host of [1, 2]) expect(isSame(image, target(host)), `host ${host}`).toBe(true)
  expect((await last.ended).code, last.said()).toBe(0)
}, 600_000)

function isReceiving(one: Command): boolean {
  return one.last('progress')?.state === 'receiving'
}
