/** One of eight machines has a disk at a tenth of the rate: the seven others end as if it were not there. */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  type Command,
  importImage,
  isSame,
  makeDirectory,
  receive,
  send,
  writeImage,
} from './commands.ts'
import { createLab, type Lab } from './harness.ts'

/** Three quarters of it travel: 8 s at 50 Mbit/s in `npm run test:full`, 5 s otherwise, and ten times that to the slow one. */
const IMAGE_BYTES = (process.env['BENCHCAST_TEST_FULL'] === '1' ? 64 : 40) * 1024 * 1024
const RATE = ['--rate', '50mbit']

let directory: string
let lab: Lab | null = null
beforeEach(() => {
  directory = makeDirectory()
})
afterEach(() => {
  lab?.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

test('seven end within 5 % of their time alone, and the slow one is verified in the end', async () => {
  const image = path.join(directory, 'image')
  writeImage(image, IMAGE_BYTES, 9)
  const catalog = path.join(directory, 'catalog')
  const id = importImage(catalog, image)
  const inLab = createLab({ hosts: 9, hasOffload: false })
  lab = inLab
  const target = (host: number): string => path.join(directory, `target${host}`)

  async function run(hosts: readonly number[], slow: number | null): Promise<number> {
    for (const host of hosts) fs.rmSync(target(host), { force: true })
    const sender = send(inLab, catalog, id, ['--start-after', String(hosts.length), ...RATE])
    const commands = hosts.map(host =>
      receive(inLab, host, target(host), host === slow ? ['--throttle', '5mbit'] : []),
    )
    const codes = await Promise.all(commands.map(async one => (await one.ended).code))
    expect(codes, sender.said()).toEqual(hosts.map(() => 0))
    expect((await sender.ended).code, sender.said()).toBe(0)
    for (const host of hosts) expect(isSame(image, target(host))).toBe(true)
    const deferred = sender
      .events()
      .flatMap(one => (one.event === 'receiver' && one.isDeferred ? [one.address] : []))
    const expected = slow === null ? [] : [inLab.host(slow).address]
    expect(new Set(deferred)).toEqual(new Set(expected))
    return lastOf(
      sender,
      hosts.filter(host => host !== slow).map(host => inLab.host(host).address),
    )
  }

  const seven = [1, 2, 3, 4, 5, 6, 7]
  const alone = await run(seven, null)
  const beside = await run([...seven, 8], 8)
  expect(beside / alone).toBeLessThan(1.05)
}, 240_000)

/** From the start until the last of these was verified, ms, as the sender's rows tell. */
function lastOf(sender: Command, addresses: readonly string[]): number {
  const events = sender.events()
  const startedAtMs = events.flatMap(one =>
    one.event === 'ended' ? [(one as { startedAtMs?: number | null }).startedAtMs ?? NaN] : [],
  )[0]
  const ended = addresses.map(address => sender.receiver(address)?.endedAtMs ?? NaN)
  return Math.max(...ended) - (startedAtMs ?? NaN)
}
