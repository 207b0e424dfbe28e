/** A machine that already holds most of an image receives what differs: in whole chunks of 1 MiB, wherever it differs. */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '../../shared/seededRandom.ts'
import { attachLoop, importImage, isSame, makeDirectory, receive, send } from './commands.ts'
import { createLab, type Lab } from './harness.ts'

const MIB = 1024 * 1024
const IMAGE_MIB = 256

let directory: string
let lab: Lab
let loop: ReturnType<typeof attachLoop> | null = null
beforeEach(() => {
  directory = makeDirectory()
  lab = createLab({ hosts: 2 })
})
afterEach(() => {
  lab.remove()
  loop?.detach()
  loop = null
  fs.rmSync(directory, { recursive: true, force: true })
})

function noise(bytes: number, random: () => number): Buffer {
  const words = new Uint32Array(Math.ceil(bytes / 4))
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32
  return Buffer.from(words.buffer).subarray(0, bytes)
}

/** New content of one length in each of as many equal stretches of the image, at any byte of it. Answers bytes changed. */
function change(file: string, places: number, bytes: number, random: () => number): number {
  const fd = fs.openSync(file, 'r+')
  const stretch = Math.floor((IMAGE_MIB * MIB) / places)
  for (let i = 0; i < places; i++) {
    const at = i * stretch + Math.floor(random() * (stretch - bytes))
    fs.writeSync(fd, noise(bytes, random), 0, bytes, at)
  }
  fs.closeSync(fd)
  return places * bytes
}

test('with 5 % of the image changed in a few places it receives at most 8 %, and a chunk for each scattered change', async () => {
  const random = seededRandom(7)
  const image = path.join(directory, 'image')
  fs.writeFileSync(image, '')
  for (let i = 0; i < IMAGE_MIB; i += 8) fs.appendFileSync(image, noise(8 * MIB, random))
  const disk = path.join(directory, 'disk')
  const catalog = path.join(directory, 'catalog')
  loop = attachLoop(disk, (IMAGE_MIB + 16) * MIB)
  const { device } = loop

  /** Shares of the image's bytes: what the machine took, and what the bench sent. */
  async function refresh(): Promise<{ received: number; sent: number }> {
    const id = importImage(catalog, image)
    const sender = send(lab, catalog, id, ['--start-after', '1', '--rate', '400mbit'])
    const receiver = receive(lab, 1, device)
    expect((await receiver.ended).code, receiver.said()).toBe(0)
    expect((await sender.ended).code, sender.said()).toBe(0)
    const whole = IMAGE_MIB * MIB
    const received = receiver.last('result')?.receivedBytes ?? Number.NaN
    const sent = sender.last('ended')?.sentBytes ?? Number.NaN
    return { received: received / whole, sent: sent / whole }
  }

  const fresh = await refresh()
  expect(fresh.received).toBeGreaterThan(0.99)

  // Programs updated: regions of some MiB. Each takes its own length, and part of a chunk more at either end.
  const changed = change(image, 5, Math.floor((0.05 * IMAGE_MIB * MIB) / 5), random)
  expect(changed / (IMAGE_MIB * MIB)).toBeCloseTo(0.05, 4)
  const update = await refresh()
  expect(update.received).toBeLessThanOrEqual(0.08)
  expect(update.received).toBeGreaterThanOrEqual(0.05)
  expect(update.sent).toBeLessThanOrEqual(0.08 * 1.03)

  // Settings written here and there: 80 KiB in all, 1 MiB each on the wire.
  change(image, 20, 4096, random)
  const scattered = await refresh()
  expect(scattered.received * IMAGE_MIB).toBe(20)
  const written = path.join(directory, 'written')
  fs.copyFileSync(disk, written)
  fs.truncateSync(written, IMAGE_MIB * MIB)
  expect(isSame(written, image)).toBe(true)
}, 120_000)
