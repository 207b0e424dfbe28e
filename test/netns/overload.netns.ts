/** A machine short of processor: what it cannot read from its socket is not sent to it over and over. */
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { importImage, isSame, makeDirectory, receive, send, until, writeImage } from './commands.ts'
import { createLab, type Lab } from './harness.ts'

const IMAGE_BYTES = 256 * 1024 * 1024 // 192 MiB of it travel.
/** It runs so many ms of each hundred: that is a small part of what the cap sends. */
const PERIOD_MS = 100
const RUN_MS = 3
/** A small buffer, as of an unprivileged program, and one core. */
const POOR = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin', 'taskset', '-c', '1']

let directory: string
let lab: Lab | null = null
let holding: NodeJS.Timeout | null = null
beforeEach(() => {
  directory = makeDirectory()
})
afterEach(() => {
  release()
  lab?.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

test('one machine alone that cannot read what the cap sends is sent about what it reads', async () => {
  const image = path.join(directory, 'image')
  writeImage(image, IMAGE_BYTES, 3)
  const catalog = path.join(directory, 'catalog')
  const id = importImage(catalog, image)
  const inLab = createLab({ hosts: 2, hasOffload: false })
  lab = inLab
  const sender = send(inLab, catalog, id, ['--start-after', '1', '--rate', '200mbit'])
  const target = path.join(directory, 'target')
  const receiver = receive(inLab, 1, target, ['--timeout', '60'], POOR)
  await until('data flows', () => inLab.counters(1).rxBytes > 400_000, [sender, receiver])
  hold(receiver.process)
  const stateNow = (): string => sender.receiver(inLab.host(1).address)?.state ?? ''
  const isAllThere = (): boolean => ['verifying', 'done'].includes(stateNow())
  await until('all there', isAllThere, [sender, receiver], 120_000)
  release()
  await sleep(PERIOD_MS)
  receiver.process.kill('SIGCONT')
  expect((await receiver.ended).code, receiver.said()).toBe(0)
  expect((await sender.ended).code, sender.said()).toBe(0)
  expect(isSame(image, target)).toBe(true)
  const storedBytes = sender.last('ended')?.storedBytes ?? Number.NaN
  const paced = sender.events().flatMap(one => (one.event === 'session' ? [one.pacedBy] : []))
  expect(paced.some(one => one?.kind === 'receiver')).toBe(true)
  // A second and a half at the cap, headers, and some; four times the image if nothing slowed down for it.
  expect(inLab.counters(0).wireTxBytes / storedBytes).toBeLessThan(1.5)
}, 180_000)

/** Lets a process run only so many ms of each hundred. */
function hold(child: ChildProcess): void {
  holding = setInterval(() => {
    child.kill('SIGCONT')
    setTimeout(() => holding && child.kill('SIGSTOP'), RUN_MS)
  }, PERIOD_MS)
}

function release(): void {
  if (holding) clearInterval(holding)
  holding = null
}
