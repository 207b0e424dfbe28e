/** Many machines fetch at once, by both ways; and curl, which asks for parts. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { PART } from '../../electron/engine/boot/boot.ts'
import { writeBootParts } from './bootParts.fixture.ts'
import { makeDirectory } from './commands.ts'
import { until } from './dhcpBench.ts'
import { createLab, type Lab, type Running } from './harness.ts'
import { shellIn } from './namespaces.ts'

const SERVE = path.join(import.meta.dirname, 'bootServe.ts')
const MIB = 1024 * 1024
const HOSTS = 8
const TFTP_CLIENTS = 32
const HTTP_CLIENTS = 64
/** A share may vary with the scheduler; one that waited for others to end would take as long as all together. */
const UNFAIR = 3

let directory: string
let lab: Lab
beforeEach(() => {
  directory = makeDirectory()
  lab = createLab({ hosts: 1 + HOSTS })
})
afterEach(() => {
  lab.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

async function serve(parts: string): Promise<{ helper: Running; base: string }> {
  const { address } = lab.host(0)
  const args = ['--expose-gc', SERVE, address, 'off', parts, 'quiet']
  const helper = lab.run(0, process.execPath, args)
  await until('it opened', () => helper.stdout().includes('httpPort'), helper.stderr)
  const { httpPort } = JSON.parse(helper.stdout().split('\n')[0]!) as { httpPort: number }
  return { helper, base: `http://${address}:${httpPort}` }
}

async function memoryOf(helper: Running): Promise<{ heldBytes: number; residentBytes: number }> {
  const told = (): string[] =>
    helper
      .stdout()
      .split('\n')
      .filter(line => line.includes('heldBytes'))
  const before = told().length
  helper.process.stdin?.write('look\n')
  await until('it told of its memory', () => told().length > before, helper.stderr)
  return JSON.parse(told().at(-1)!) as { heldBytes: number; residentBytes: number }
}

it(
  `${TFTP_CLIENTS} TFTP clients and ${HTTP_CLIENTS} HTTP clients at once all get their files, each its share`,
  { timeout: 240_000 },
  async () => {
    const parts = path.join(directory, 'parts')
    const hashes = writeBootParts(parts, name =>
      name === PART.initramfs ? 8 * MIB : name === PART.kernel ? 2 * MIB : 100_000,
    )
    const { helper, base } = await serve(parts)
    const before = await memoryOf(helper)
    const tftp = `curl -sf --tftp-blksize 1432 tftp://${lab.host(0).address}/${PART.kernel}`
    const http = `curl -sf ${base}/${PART.initramfs}`
    const startMs = performance.now()
    const fetch = async (host: number, command: string, name: string): Promise<number> => {
      const client = lab.run(host, 'sh', ['-c', `${command} | sha256sum`])
      await client.ended
      expect(client.stdout().split(' ')[0], `${command} ${client.stderr()}`).toBe(hashes.get(name))
      return performance.now() - startMs
    }
    const all = [
      ...Array.from({ length: TFTP_CLIENTS }, (_, i) => fetch(1 + (i % HOSTS), tftp, PART.kernel)),
      ...Array.from({ length: HTTP_CLIENTS }, (_, i) =>
        fetch(1 + (i % HOSTS), http, PART.initramfs),
      ),
    ]
    const tookMs = await Promise.all(all)
    for (const times of [tookMs.slice(0, TFTP_CLIENTS), tookMs.slice(TFTP_CLIENTS)]) {
      const sorted = times.toSorted((one, other) => one - other)
      expect(sorted.at(-1)! / sorted[sorted.length >> 1]!).toBeLessThan(UNFAIR)
    }
    const after = await memoryOf(helper)
    expect(after.heldBytes - before.heldBytes).toBeLessThan(8 * MIB)
    expect(after.residentBytes).toBeLessThan(384 * MIB)
    expect(helper.stderr()).toBe('')
  },
)

it('curl gets the parts that it asks for, goes on where it was cut, and is told where the file ends', async () => {
  writeBootParts(directory)
  const { base } = await serve(directory)
  const file = fs.readFileSync(path.join(directory, PART.kernel))
  const url = `${base}/${PART.kernel}`
  const out = path.join(directory, 'out')
  const curl = async (...args: string[]): Promise<string> => {
    const command = lab.run(1, 'curl', ['-sS', '-w', '%{http_code}', '-o', out, ...args, url])
    await command.ended
    return command.stdout()
  }
  const { length } = file
  for (const [range, first, end] of [
    ['0-0', 0, 1],
    ['100-199', 100, 200],
    ['1000-', 1000, length],
    ['-50', length - 50, length],
    [`${length - 1}-${length + 99}`, length - 1, length],
  ] as const) {
    fs.rmSync(out, { force: true })
    expect(await curl('-r', range), range).toBe('206')
    expect(fs.readFileSync(out).equals(file.subarray(first, end)), range).toBe(true)
  }
  expect(await curl('-r', `${length}-`)).toBe('416')
  // Several at once may be answered with the whole (RFC 9110 §14.2).
  expect(await curl('-r', '0-1,5-6')).toBe('200')
  fs.writeFileSync(out, file.subarray(0, 12_345))
  expect(await curl('-C', '-')).toBe('206')
  expect(fs.readFileSync(out).equals(file)).toBe(true)
})

it('a machine that died in the midst of HTTP starts again from the same ports, as GRUB does', async () => {
  const hashes = writeBootParts(directory, () => 4 * MIB)
  const { address } = lab.host(0)
  const helper = lab.run(0, process.execPath, [SERVE, address, 'server', directory])
  await until('it opened', () => helper.stdout().includes('httpPort'), helper.stderr)
  const { httpPort } = JSON.parse(helper.stdout().split('\n')[0]!) as { httpPort: number }
  const vendor = 'PXEClient:Arch:00007:UNDI:003000'
  const ask = async (): Promise<void> => {
    const args = ['-i', 'lan0', '-n', '-q', '-f', '-V', vendor, '-x', '0x5d:0007']
    const client = lab.run(1, 'timeout', ['20', 'udhcpc', ...args, '-r', address, '-s', script])
    expect((await client.ended).code, client.stderr()).toBe(0)
  }
  const script = path.join(directory, 'bound.sh')
  fs.writeFileSync(
    script,
    '#!/bin/sh\n[ "$1" = bound ] && ip address replace $ip/24 dev lan0\nexit 0\n',
    { mode: 0o755 },
  )
  const flush = lab.run(1, 'ip', ['address', 'flush', 'dev', 'lan0'])
  await flush.ended
  await ask()
  const url = `http://${address}:${httpPort}/${PART.kernel}`
  const fetch = (...more: string[]): Running =>
    lab.run(1, 'curl', ['-sf', '-m', '10', '--local-port', '21550', ...more, url])
  // Takes little, and dies without a word: nothing of it leaves any more, not even its end.
  const first = fetch('--limit-rate', '50k', '-o', '/dev/null')
  await until('it fetches', () => helper.stdout().includes(`"fetching":"${PART.kernel}"`))
  const cut = lab.run(1, 'sh', [
    '-c',
    `iptables -A OUTPUT -p tcp -j DROP; kill -9 ${first.pid}; sleep 0.3; ss -K sport = 21550 >/dev/null 2>&1; iptables -F OUTPUT`,
  ])
  await cut.ended
  const held = (): string => shellIn(lab.host(0).namespace, ['ss -Htn'])
  expect(held()).toContain(':21550')
  await ask()
  // GRUB's first SYN, with a sequence number as small as the last time, would be taken for a leftover.
  expect(held()).not.toContain(':21550')
  const second = fetch('-o', path.join(directory, 'again'))
  expect((await second.ended).code, second.stderr()).toBe(0)
  const hash = createHash('sha256')
    .update(fs.readFileSync(path.join(directory, 'again')))
    .digest('hex')
  expect(hash).toBe(hashes.get(PART.kernel))
})
