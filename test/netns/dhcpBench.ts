/** A lab for DHCP: the boot helper's side on host 0, and what clients and other servers the world has. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { BootEvent, BootFault, DhcpPlan } from '../../electron/engine/boot/boot.ts'
import { decodeDhcp, type DhcpPacket } from '../../electron/engine/boot/dhcpPacket.ts'
import type { Lease } from '../../electron/engine/boot/leases.ts'
import { makeDirectory } from './commands.ts'
import { createLab, type Running } from './harness.ts'

const HELPER = path.join(import.meta.dirname, 'dhcpServer.ts')
export const CLIENT = path.join(import.meta.dirname, 'dhcpClient.ts')

/** Short, so that a renewal (half of it) comes while one waits. */
const LEASE_SECONDS = 6

export interface Said {
  readonly event?: BootEvent
  readonly ready?: DhcpPlan
  readonly reason?: string
  readonly fault?: BootFault
  readonly message?: string
  readonly trouble?: BootFault
  readonly warnings?: string[]
  readonly leases?: Lease[]
  readonly counts?: Record<string, number>
  readonly rss?: number
  readonly heapUsed?: number
}

export interface Helper extends Running {
  said(): Said[]
  /** What it says on being asked. */
  look(): Promise<Required<Pick<Said, 'leases' | 'counts' | 'rss' | 'heapUsed'>>>
}

export interface Reply {
  readonly from: string
  readonly tookMs: number
  readonly packet: DhcpPacket
}

export type DhcpBench = ReturnType<typeof createDhcpBench>

/** Four hosts, two cards each. `remove` it. */
export function createDhcpBench() {
  const lab = createLab({ hosts: 4, secondCard: true })
  const net = lab.host(0).address.split('.').slice(0, 3).join('.')
  const directory = makeDirectory()

  /** Resolves when it answers, or has said why it does not. */
  async function open(more: object = {}, before: readonly string[] = []): Promise<Helper> {
    const card = { name: 'lan0', address: lab.host(0).address, prefixLength: 24 }
    const options = JSON.stringify({ card, leaseSeconds: LEASE_SECONDS, ...more })
    const command = [...before, process.execPath, '--expose-gc', HELPER, options]
    const running = lab.run(0, command[0]!, command.slice(1))
    const said = (): Said[] =>
      running
        .stdout()
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line) as Said)
    const helper: Helper = {
      ...running,
      said,
      async look() {
        const before = said().filter(one => one.leases).length
        running.process.stdin?.write('collect\n')
        await until('it told of its leases', () => said().filter(one => one.leases).length > before)
        return said().findLast(one => one.leases) as Awaited<ReturnType<Helper['look']>>
      },
    }
    await until(
      'the helper opened',
      () => said().some(one => one.ready ?? one.fault) || running.process.exitCode !== null,
      () => running.stderr(),
    )
    return helper
  }

  async function withoutAddress(host: number): Promise<void> {
    await lab.run(host, 'ip', ['address', 'flush', 'dev', 'lan0']).ended
  }

  async function macOf(host: number): Promise<string> {
    const shown = lab.run(host, 'cat', ['/sys/class/net/lan0/address'])
    await shown.ended
    return shown.stdout().trim()
  }

  /** dhclient in the foreground; its script prints `REASON ADDRESS` and puts the address on the card. */
  function dhclient(host: number): Running {
    const script = path.join(directory, 'dhclient-script')
    const lines = [
      '#!/bin/sh',
      'echo "$reason $new_ip_address"',
      'case $reason in',
      'BOUND|RENEW|REBIND|REBOOT) ip address replace $new_ip_address/24 dev $interface ;;',
      'esac',
    ]
    fs.writeFileSync(script, `${lines.join('\n')}\n`, { mode: 0o755 })
    const config = path.join(directory, 'dhclient.conf')
    fs.writeFileSync(config, 'initial-interval 1;\nretry 2;\nbackoff-cutoff 2;\n')
    const lease = path.join(directory, `dhclient-${host}.leases`)
    const pid = path.join(directory, `dhclient-${host}.pid`)
    return lab.run(host, 'dhclient', [
      '-4',
      '-d',
      '-sf',
      script,
      '-cf',
      config,
      '-lf',
      lease,
      '-pf',
      pid,
      'lan0',
    ])
  }

  /** udhcpc in the foreground; as above: `bound ADDRESS`. */
  function udhcpc(host: number, more: readonly string[] = []): Running {
    const script = path.join(directory, 'udhcpc-script')
    const lines = [
      '#!/bin/sh',
      'echo "$1 $ip"',
      'case $1 in bound|renew) ip address replace $ip/24 dev $interface ;; esac',
    ]
    fs.writeFileSync(script, `${lines.join('\n')}\n`, { mode: 0o755 })
    return lab.run(host, 'udhcpc', [
      '-f',
      '-i',
      'lan0',
      '-s',
      script,
      '-t',
      '10',
      '-T',
      '1',
      ...more,
    ])
  }

  async function startDnsmasq(host: number, ...options: readonly string[]): Promise<Running> {
    const dnsmasq = lab.run(host, 'dnsmasq', [
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--port=0',
      '--log-facility=-',
      '--no-ping',
      '--leasefile-ro',
      ...options,
    ])
    await until(
      'dnsmasq listens',
      () => dnsmasq.stderr().includes('DHCP, IP range'),
      dnsmasq.stderr,
    )
    return dnsmasq
  }

  /** On the lab's own network, and on its card alone. */
  function startOther(host: number): Promise<Running> {
    const range = `--dhcp-range=${net}.200,${net}.210,255.255.255.0,10m`
    return startDnsmasq(host, '--bind-interfaces', '--interface=lan0', range)
  }

  /** What comes back to one datagram. */
  async function ask(
    host: number,
    [port, address, toPort]: readonly [number, string, number],
    bytes: Uint8Array,
    card = 'lan0',
  ): Promise<Reply[]> {
    const hex = Buffer.from(bytes).toString('hex')
    const args = [CLIENT, 'ask', card, `${port}`, address, `${toPort}`, hex]
    const asking = lab.run(host, process.execPath, args)
    await asking.ended
    expect(asking.stderr()).toBe('')
    return asking
      .stdout()
      .split('\n')
      .slice(0, -1)
      .flatMap(line => {
        const [from = '', tookMs, hex = ''] = line.split(' ')
        const packet = decodeDhcp(Buffer.from(hex, 'hex'))
        return packet.kind === 'dhcp' ? [{ from, tookMs: Number(tookMs), packet }] : []
      })
  }

  return {
    lab,
    net,
    directory,
    open,
    withoutAddress,
    macOf,
    dhclient,
    udhcpc,
    startDnsmasq,
    startOther,
    ask,
    remove() {
      lab.remove()
      fs.rmSync(directory, { recursive: true, force: true })
    },
  }
}

export async function until(
  what: string,
  isTrue: () => boolean,
  said = (): string => '',
  timeoutMs = 30_000,
): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error(`Not in time: ${what}. ${said()}`)
    await sleep(25)
  }
}

export async function stop(running: Running, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  running.process.kill(signal)
  await running.ended
}
