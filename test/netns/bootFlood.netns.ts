/** The boot helper under floods of random and mutated datagrams, port by port: it lives, does not grow, and serves. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { PART } from '../../electron/engine/boot/boot.ts'
import { writeBootParts } from './bootParts.fixture.ts'
import { makeDirectory, sha256 } from './commands.ts'
import { until } from './dhcpBench.ts'
import { createLab, type Lab, type Running } from './harness.ts'
import { shellIn } from './namespaces.ts'

const SERVE = path.join(import.meta.dirname, 'bootServe.ts')
const FLOODER = path.join(import.meta.dirname, 'bootFlooder.ts')
/** Heard by the helper, not only sent. */
const DATAGRAMS = process.env['BENCHCAST_TEST_FULL'] === '1' ? 1_000_000 : 50_000
/** So many machines, as far as TFTP can tell. */
const ADDRESSES = 40
/** Code, buffers, tables that fill up: a leak of 20 bytes a datagram is more than that in a million. */
const GROWTH_BYTES = 16 * 1024 * 1024
const RESIDENT_BYTES = 384 * 1024 * 1024

let directory: string
let lab: Lab
beforeEach(() => {
  directory = makeDirectory()
  lab = createLab({ hosts: 3 })
})
afterEach(() => {
  lab.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

interface Memory {
  readonly heldBytes: number
  readonly residentBytes: number
}

/** After a collection. */
async function memoryOf(helper: Running): Promise<Memory> {
  const told = (): string[] =>
    helper
      .stdout()
      .split('\n')
      .filter(line => line.includes('heldBytes'))
  const before = told().length
  helper.process.stdin?.write('look\n')
  await until('it told of its memory', () => told().length > before, helper.stderr)
  return JSON.parse(told().at(-1)!) as Memory
}

/** By programs on host 0, in all. /proc/net/snmp: a line of names, and one of values. */
function heard(): number {
  const [, names, values] = /Udp: (.*)\nUdp: (.*)/.exec(
    shellIn(lab.host(0).namespace, ['cat /proc/net/snmp']),
  )!
  return Number(values!.split(' ')[names!.split(' ').indexOf('InDatagrams')])
}

it.each([67, 4011, 69])(
  `port %d outlives ${DATAGRAMS.toLocaleString('en')} hostile datagrams, answers none wrongly, and serves the next machine`,
  { timeout: 900_000 },
  async port => {
    const hashes = writeBootParts(directory)
    const { address } = lab.host(0)
    const helper = lab.run(0, process.execPath, [
      '--expose-gc',
      SERVE,
      address,
      'server',
      directory,
      'quiet',
    ])
    await until('it opened', () => helper.stdout().includes('httpPort'), helper.stderr)
    const net = address.split('.').slice(0, 3).join('.')
    const from = Array.from({ length: ADDRESSES }, (_, i) => `${net}.${100 + i}`)
    shellIn(
      lab.host(1).namespace,
      from.map(each => `ip address add ${each}/24 dev lan0`),
    )
    const flooder = lab.run(1, process.execPath, [FLOODER, address, `${port}`, '7', ...from])
    const reached = async (count: number): Promise<void> => {
      while (heard() < count) {
        expect(flooder.process.exitCode, flooder.stderr()).toBeNull()
        expect(helper.process.exitCode, helper.stderr()).toBeNull()
        await sleep(100)
      }
    }
    // What the first fifth makes grow is code and buffers; after it nothing may.
    await reached(DATAGRAMS / 5)
    const before = await memoryOf(helper)
    await reached(DATAGRAMS)
    flooder.process.stdin?.end()
    expect((await flooder.ended).code, flooder.stderr()).toBe(0)
    const after = await memoryOf(helper)
    const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0)
    process.stdout.write(
      `port ${port}: ${flooder.stdout().trim()}, ${heard()} heard; holds ${mib(before.heldBytes)}, then ${mib(after.heldBytes)} MiB, ${mib(after.residentBytes)} resident\n`,
    )
    expect(after.heldBytes - before.heldBytes).toBeLessThan(GROWTH_BYTES)
    expect(after.residentBytes).toBeLessThan(RESIDENT_BYTES)
    expect(JSON.parse(flooder.stdout())).toMatchObject({
      answers: expect.toSatisfy(n => n > 0) as number,
    })

    const out = path.join(directory, 'out')
    const fetch = lab.run(2, 'curl', [
      '-sf',
      '-m',
      '20',
      '-o',
      out,
      `tftp://${address}/${PART.kernel}`,
    ])
    expect((await fetch.ended).code, fetch.stderr()).toBe(0)
    expect(sha256(out)).toBe(hashes.get(PART.kernel))
    // Offers to machines that were made up give way after 5 s.
    shellIn(lab.host(2).namespace, ['ip address flush dev lan0'])
    const machine = lab.run(2, 'udhcpc', [
      '-f',
      '-q',
      '-i',
      'lan0',
      '-s',
      '/bin/true',
      '-t',
      '15',
      '-T',
      '1',
      '-n',
    ])
    expect((await machine.ended).code, machine.stderr()).toBe(0)
    expect(helper.stderr()).toBe('')
  },
)
