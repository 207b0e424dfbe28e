/** One session as a shop sees it: eight machines with 1 % loss, and nearly everything that can happen to them. */
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
  sha256,
  until,
  writeImage,
} from './commands.ts'
import { createLab, type Lab } from './harness.ts'

const SECTORS = 160 * 1024 // 80 MiB, of which 60 MiB and a byte travel.
const IMAGE_BYTES = SECTORS * 512 + 1
const STOP_MS = 10_000
/** A machine silent for 60 s has failed: the stopped one must come back before. */
const STOP_AT_MOST_MS = 45_000

let directory: string
let lab: Lab | null = null
let loop: ReturnType<typeof attachLoop> | null = null
beforeEach(() => {
  directory = makeDirectory()
})
afterEach(() => {
  lab?.remove()
  loop?.detach()
  fs.rmSync(directory, { recursive: true, force: true })
})

test('eight machines: a late one, a killed one, a stopped one, one with too small a disk; the rest end equal', async () => {
  const image = path.join(directory, 'image')
  writeImage(image, IMAGE_BYTES, 1)
  const catalog = path.join(directory, 'catalog')
  const id = importImage(catalog, image)
  // Without offload, so that single datagrams are lost, not batches.
  const lossPercent = [0, 1, 1, 1, 1, 1, 1, 1, 1]
  const inLab = createLab({ hosts: 9, lossPercent, hasOffload: false })
  lab = inLab
  loop = attachLoop(path.join(directory, 'small'), SECTORS * 512)
  const untouched = sha256(path.join(directory, 'small'))
  const target = (host: number): string => path.join(directory, `target${host}`)
  const start = (host: number): Command => receive(inLab, host, target(host))
  const address = (host: number): string => inLab.host(host).address
  const [LATE, KILLED, STOPPED, SMALL] = [5, 6, 7, 8] as const

  const sender = send(lab, catalog, id, ['--start-after', '6', '--rate', '100mbit'])
  const share = (host: number): number => {
    const row = sender.receiver(address(host))
    return row ? row.haveBytes / row.totalBytes : 0
  }
  const tooSmall = receive(lab, SMALL, loop.device)
  await tooSmall.ended
  const ordinary = [1, 2, 3, 4].map(start)
  const killed = start(KILLED)
  const stopped = start(STOPPED)

  await until('a quarter at the machine to stop', () => share(STOPPED) > 0.25, [sender, stopped])
  stopped.process.kill('SIGSTOP')
  const stoppedAtMs = performance.now()
  await until('half way', () => share(1) >= 0.5, [sender])
  const late = start(LATE)
  await until('60 % at the machine to kill', () => share(KILLED) >= 0.6, [sender, killed])
  killed.process.kill('SIGKILL')
  await killed.ended
  const restarted = start(KILLED)

  // They end while it is stopped, however slow this computer is; if they waited for it, they never would.
  const leftMs = STOP_AT_MOST_MS - (performance.now() - stoppedAtMs)
  await Promise.race([Promise.all(ordinary.map(one => one.ended)), sleep(leftMs)])
  const doneBefore = ordinary.map(one => one.last('result')?.outcome)
  await sleep(Math.max(0, STOP_MS - (performance.now() - stoppedAtMs)))
  expect(sender.receiver(address(STOPPED))?.state, sender.said()).toBe('lost')
  stopped.process.kill('SIGCONT')
  const takers = [...ordinary, late, restarted, stopped]
  const codes = await Promise.all(takers.map(async one => (await one.ended).code))

  expect(doneBefore).toEqual(ordinary.map(() => 'verified'))
  expect(codes, takers.map(one => one.said()).join('\n')).toEqual(takers.map(() => 0))
  for (const host of [1, 2, 3, 4, LATE, KILLED, STOPPED]) {
    expect(isSame(image, target(host)), `host ${host}`).toBe(true)
  }

  const storedBytes = sender.last('session')?.storedBytes ?? Number.NaN
  expect(storedBytes).toBeGreaterThan(50 * 1024 * 1024)
  expect(restarted.last('result')?.receivedBytes).toBeLessThanOrEqual(0.45 * storedBytes)
  // Going on after a stop takes nothing twice either.
  for (const one of [...ordinary, late, stopped]) {
    expect(one.last('result')?.receivedBytes).toBeLessThanOrEqual(1.05 * storedBytes)
  }

  expect(tooSmall.process.exitCode).toBe(1)
  expect(tooSmall.last('fault')?.code, tooSmall.said()).toBe('disk/too-small')
  expect(tooSmall.last('fault')?.message).toContain(String(IMAGE_BYTES))
  expect(sha256(path.join(directory, 'small'))).toBe(untouched)

  // One was refused: the session as a whole is no full success, and says which.
  expect((await sender.ended).code, sender.said()).toBe(1)
  expect(sender.last('ended')?.counts).toMatchObject({ joined: 8, verified: 7, failed: 1, lost: 0 })
  expect(sender.receiver(address(SMALL))?.state).toBe('refused')
}, 180_000)
