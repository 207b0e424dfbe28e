/**
 * Each fault that the doctor knows, made on a bench of real processes: it must be named, and nothing else with it. A
 * healthy bench yields nothing.
 */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Examination, Finding } from '../../shared/ipc.ts'
import { CLI } from '../built.ts'
import { importImage, makeDirectory, receive, writeImage } from './commands.ts'
import { createLab, type Lab, type LabOptions, type Running } from './harness.ts'
import { shellIn } from './namespaces.ts'

const MIB = 1024 * 1024

let directory: string
let catalog: string
let id: string
let lab: Lab
beforeEach(() => {
  directory = makeDirectory()
  const image = path.join(directory, 'image')
  catalog = path.join(directory, 'catalog')
  writeImage(image, 8 * MIB, 4)
  id = importImage(catalog, image)
})
afterEach(() => {
  lab.remove()
  vi.unstubAllEnvs()
  fs.rmSync(directory, { recursive: true, force: true })
})

interface Watch {
  readonly state: string
  readonly ready: number
  /** By receiver id. */
  readonly addresses: Readonly<Record<string, string>>
  readonly examination: Examination | null
}

interface Bench extends Running {
  /** The newest. */
  watch(): Watch
  watches(): readonly Watch[]
  examine(): Promise<Examination>
  start(): void
}

function makeLab(options: LabOptions): void {
  lab = createLab({ hasOffload: false, ...options })
}

const switchName = (): string => lab.host(0).namespace.replace(/h0$/, 'sw')
const onHost = (host: number, ...script: string[]): string =>
  shellIn(lab.host(host).namespace, script)

/** An engine with a session on host 0's lan0. */
function openBench(rateMbit = 100): Bench {
  const script = path.join(import.meta.dirname, 'doctorBench.ts')
  const args = [script, catalog, id, 'lan0', String(rateMbit)]
  const running = lab.run(0, process.execPath, args)
  const values = <T>(event: string): T[] =>
    running
      .stdout()
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as { event: string; value: T })
      .flatMap(one => (one.event === event ? one.value : []))
  return {
    ...running,
    watches: () => values<Watch>('watch'),
    watch: () => values<Watch>('watch').at(-1) as Watch,
    async examine() {
      const before = values('examined').length
      running.process.stdin?.write('examine\n')
      const examined = (): Examination[] => values<Examination>('examined')
      await vi.waitFor(() => expect(examined().length, running.stderr()).toBeGreaterThan(before), {
        timeout: 20_000,
        interval: 100,
      })
      return examined().at(-1) as Examination
    },
    start: () => void running.process.stdin?.write('start\n'),
  }
}

/** Receivers on hosts, once all of them are ready. */
async function joined(bench: Bench, hosts: readonly number[]): Promise<void> {
  for (const host of hosts) receive(lab, host, path.join(directory, `target${host}`))
  await vi.waitFor(() => expect(bench.watch()?.ready, bench.stderr()).toBe(hosts.length), {
    timeout: 20_000,
    interval: 100,
  })
}

/** What is wrong, as `code` or `code host`; information aside. */
function named(bench: Bench, findings: readonly Finding[]): string[] {
  const hostOf = (receiverId: string): number =>
    lab.hosts.findIndex(({ address }) => address === bench.watch().addresses[receiverId])
  return findings
    .filter(({ severity }) => severity !== 'info')
    .map(({ code, receiverId }) => {
      const what = code.replace('doctor/', '')
      return receiverId === null ? what : `${what} ${hostOf(receiverId)}`
    })
    .toSorted()
}

const told = (examination: Examination): string => JSON.stringify(examination, null, 1)

test('a healthy bench yields nothing, neither when asked nor while it watches a whole session', async () => {
  makeLab({ hosts: 4 })
  const bench = openBench(100)
  await joined(bench, [1, 2, 3])
  const examination = await bench.examine()
  expect(named(bench, examination.findings), told(examination)).toEqual([])
  expect(examination.unexamined).toEqual([])
  expect(examination.recommendedDelivery).toBe('multicast')
  bench.start()
  await vi.waitFor(() => expect(bench.watch().state).toBe('ended'), { timeout: 30_000 })
  const seen = bench.watches().flatMap(({ examination: one }) => one?.findings ?? [])
  expect(named(bench, seen)).toEqual([])
  expect(bench.watches().some(one => one.state === 'running' && one.examination)).toBe(true)
})

test('a bad cable, an old switch port and a port without multicast are told apart, machine by machine', async () => {
  makeLab({ hosts: 5 })
  const bench = openBench()
  await joined(bench, [1, 2, 3, 4])
  lab.setLoss(2, 8)
  shellIn(switchName(), [
    // 20 KiB: what a port's own buffer may let through at once.
    'tc qdisc add dev p0x3 root tbf rate 100mbit burst 3000 latency 50ms',
    'bridge link set dev p0x4 mcast_flood off',
  ])
  const examination = await bench.examine()
  expect(named(bench, examination.findings), told(examination)).toEqual([
    'loss 2',
    'multicast-blocked 4',
    'slow-link 3',
  ])
  expect(examination.recommendedDelivery).toBe('broadcast')
  const loss = examination.findings.find(({ code }) => code === 'doctor/loss')
  expect(loss?.figures['lossFraction']).toBeGreaterThan(0.02)
  expect(loss?.sentence).toMatch(/\d %/)
})

test('a machine’s firewall is told from a switch that only lets unicast through', async () => {
  makeLab({ hosts: 4 })
  const bench = openBench()
  await joined(bench, [1, 2, 3])
  onHost(2, 'iptables -A INPUT -p udp ! --dport 7767 -j DROP')
  onHost(
    3,
    'iptables -A INPUT -p udp ! --dport 7767 -m pkttype --pkt-type multicast -j DROP',
    'iptables -A INPUT -p udp ! --dport 7767 -m pkttype --pkt-type broadcast -j DROP',
  )
  const examination = await bench.examine()
  expect(named(bench, examination.findings), told(examination)).toEqual([
    'group-blocked 3',
    'machine-firewall 2',
  ])
})

test('troubles of the network as a whole: a firewall here, a port taken, two DHCP servers, no querier', async () => {
  makeLab({ hosts: 3 })
  const servers = [1, 2].map(dhcpServer)
  vi.stubEnv('BENCHCAST_QUERIER_SECONDS', '0')
  onHost(0, 'iptables -A INPUT -i lan0 -p tcp --syn -j DROP')
  const holder = lab.run(0, process.execPath, [
    '-e',
    `const socket = require('node:dgram').createSocket('udp4'); socket.bind(69); process.stdin.resume()`,
  ])
  const bench = openBench()
  receive(lab, 1, path.join(directory, 'target'))
  await vi.waitFor(
    () => {
      const findings = bench.watch()?.examination?.findings ?? []
      expect(named(bench, findings), bench.stderr()).toContain('firewall-here')
    },
    { timeout: 20_000, interval: 200 },
  )
  const examination = await bench.examine()
  expect(named(bench, examination.findings), told(examination)).toEqual([
    'firewall-here',
    'missing-querier',
    'port-taken',
    'second-dhcp-server',
  ])
  const sentenceOf = (code: string): string =>
    examination.findings.find(one => one.code === `doctor/${code}`)?.sentence ?? ''
  expect(sentenceOf('firewall-here')).toContain(lab.host(1).address)
  expect(sentenceOf('port-taken')).toContain(`process ${holder.pid}`)
  for (const host of [1, 2]) {
    expect(sentenceOf('second-dhcp-server'), servers.map(one => one.stderr()).join('')).toContain(
      lab.host(host).address,
    )
  }
})

test('receivers that wait on another card than the chosen one are noticed, and nothing leaves by that card', async () => {
  makeLab({ hosts: 3, secondCard: true })
  for (const host of [1, 2]) {
    const args = [CLI, 'receive', '--nic', 'lan1', '--to', path.join(directory, `t${host}`)]
    lab.run(host, process.execPath, args)
  }
  await sleep(4_000) // What they say at the beginning is over.
  const bench = openBench()
  const heard = (): Finding | undefined =>
    bench.watch()?.examination?.findings.find(({ code }) => code === 'doctor/wrong-card')
  await vi.waitFor(() => expect(heard()?.figures).toMatchObject({ receivers: 2 }), {
    timeout: 20_000,
    interval: 200,
  })
  const examination = await bench.examine()
  expect(named(bench, examination.findings), told(examination)).toEqual(['wrong-card'])
  expect(heard()?.sentence).toMatch(/lan1.*lan0/)
  const { wireTxPackets, rxPackets } = lab.counters(0, 'lan1')
  expect(wireTxPackets).toBe(0)
  expect(rxPackets).toBeGreaterThan(0)
})

test('a switch that goes deaf to one port in the middle of a session is noticed while it runs', async () => {
  makeLab({ hosts: 3 })
  const bench = openBench(4)
  await joined(bench, [1, 2])
  bench.start()
  await vi.waitFor(() => expect(bench.watch().state).toBe('running'), { timeout: 10_000 })
  shellIn(switchName(), ['bridge link set dev p0x2 mcast_flood off'])
  const found = (): string[] => named(bench, bench.watch().examination?.findings ?? [])
  await vi.waitFor(() => expect(found()).toEqual(['multicast-blocked 2']), {
    timeout: 15_000,
    interval: 200,
  })
  expect(bench.watch().state).toBe('running')
  expect(bench.watch().examination?.recommendedDelivery).toBe('broadcast')
  const ever = bench.watches().flatMap(({ examination }) => examination?.findings ?? [])
  expect(new Set(named(bench, ever))).toEqual(new Set(['multicast-blocked 2']))
})

/** dnsmasq on a host: gives out addresses of the lab's subnet. */
function dhcpServer(host: number): Running {
  const { address } = lab.host(host)
  const prefix = address.replace(/\d+$/, '')
  return lab.run(host, 'dnsmasq', [
    '--keep-in-foreground',
    '--log-facility=-',
    '--conf-file=/dev/null',
    '--port=0',
    '--interface=lan0',
    '--bind-interfaces',
    '--user=root',
    '--no-ping',
    '--pid-file=',
    `--dhcp-range=${prefix}${100 + 10 * host},${prefix}${109 + 10 * host},1h`,
    `--dhcp-leasefile=${path.join(directory, `leases${host}`)}`,
  ])
}

/** The command line's doctor, on host 0. */
async function cliDoctor(): Promise<{ findings: Finding[]; code: number | null; said: string }> {
  const running = lab.run(0, process.execPath, [CLI, 'doctor', '--nic', 'lan0', '--json'])
  const { code } = await running.ended
  const events = running
    .stdout()
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Finding & { event: string })
  const findings = events.filter(({ event }) => event === 'finding')
  return { findings, code, said: running.stdout() + running.stderr() }
}

const codes = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code)

test('the command line names what a card alone shows, one thing after the other', async () => {
  makeLab({ hosts: 2, secondCard: true })
  const near = lab.host(0).address.replace(/\d+$/, '77')
  onHost(0, 'ip address flush dev lan1', `ip address add ${near}/24 broadcast + dev lan1`)
  const server = dhcpServer(1)
  await vi.waitFor(() => expect(server.stderr()).toContain('DHCP, IP range'), 5_000)
  const same = await cliDoctor()
  expect(codes(same.findings), same.said).toEqual(['doctor/same-subnet', 'doctor/dhcp-server'])
  expect(same.code).toBe(1)

  onHost(0, 'ip address flush dev lan1')
  const firmware = lab.run(1, process.execPath, [
    path.join(import.meta.dirname, 'pxeDiscover.ts'),
    lab.host(1).secondAddress ?? '',
  ])
  shellIn(switchName(), ['ip link set p0x0 down'])
  const cut = await cliDoctor()
  expect(codes(cut.findings), cut.said).toEqual(['doctor/no-link', 'doctor/wrong-card'])
  expect(cut.findings[1]?.figures).toEqual({ receivers: 0, booting: 1 })

  firmware.process.kill()
  await firmware.ended
  shellIn(switchName(), ['ip link set p0x0 up', 'sleep 1'])
  const mended = await cliDoctor()
  expect(codes(mended.findings), mended.said).toEqual(['doctor/dhcp-server'])
  expect(mended.code).toBe(0)
})
