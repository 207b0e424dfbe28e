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
/** What a collector that is not in a hurry lets lie; a leak of 100 bytes a datagram is more than that in a million. */
const GROWTH_MIB = 64

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

function residentMib({ pid }: Running): number {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
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
    const helper = lab.run(0, process.execPath, [SERVE, address, 'server', directory, 'quiet'])
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
    const beforeMib = residentMib(helper)
    await reached(DATAGRAMS)
    flooder.process.stdin?.end()
    expect((await flooder.ended).code, flooder.stderr()).toBe(0)
    const afterMib = residentMib(helper)
    process.stdout.write(
      `port ${port}: ${flooder.stdout().trim()}, ${heard()} heard; ${beforeMib.toFixed(0)} to ${afterMib.toFixed(0)} MiB resident\n`,
    )
    expect(afterMib - beforeMib).toBeLessThan(GROWTH_MIB)
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
