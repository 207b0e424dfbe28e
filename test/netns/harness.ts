/**
 * A bench in network namespaces: hosts on one switch (a Linux bridge), each with its own card, address, loss and
 * processes. Real kernels, real sockets, real multicast; only the cable is missing. Needs root.
 *
 *   host 0 ─ lan0 ═ p0 ┐
 *   host 1 ─ lan0 ═ p1 ┼ br0 (switch)          lan1 ═ q0 … br1: a second card and switch, when asked for
 *   host 2 ─ lan0 ═ p2 ┘
 */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { type Capture, startCapture } from './capture.ts'
import {
  guardNamespaces,
  ipBatch,
  removeNamespaces,
  shellIn,
  sweepStaleLabs,
} from './namespaces.ts'

export interface LabOptions {
  /** 1 to 250. By custom host 0 sends. */
  readonly hosts: number
  /** Gives every host a second card, lan1, on a switch of its own. */
  readonly secondCard?: boolean
  /** By host: what its kernel drops of the UDP that arrives on any card, 0 to 100. Missing hosts lose nothing. */
  readonly lossPercent?: readonly number[]
  /** `multicast` leaves unicast and broadcast alone; `udp` hits them too. TCP never. */
  readonly lossScope?: 'multicast' | 'udp'
  /** Caps what host 0 sends, on each of its cards. */
  readonly rateMbit?: number
  /** IGMP snooping in the switch; off floods multicast to every port, as a plain switch does. */
  readonly hasSnooping?: boolean
  /**
   * False switches segmentation and receive offload off. With them on, as on real cards, a batch of datagrams (UDP
   * GSO) crosses as one packet, and loss takes the batch whole.
   */
  readonly hasOffload?: boolean
}

export interface Host {
  readonly namespace: string
  /** Of lan0. */
  readonly address: string
  /** Of lan1; null without a second card. */
  readonly secondAddress: string | null
}

/** Since the lab was made. */
export interface Counters {
  readonly rxBytes: number
  readonly rxPackets: number
  readonly txBytes: number
  readonly txPackets: number
  /** As a wire would see it: each datagram of a GSO batch with headers of its own. */
  readonly wireTxBytes: number
  readonly wireTxPackets: number
}

export interface Running {
  /** Of the command itself, for signals. */
  readonly pid: number
  readonly process: ChildProcess
  /** Everything printed so far; empty when `options.stdio` sends it elsewhere. */
  stdout(): string
  stderr(): string
  /** Never rejects: a signal is told by its name. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

export interface Lab {
  /** The process that made it; part of every namespace's name. */
  readonly pid: number
  readonly hosts: readonly Host[]
  host(index: number): Host
  /** Starts a command inside a host. `remove` ends it if it still runs. */
  run(host: number, command: string, args: readonly string[], options?: SpawnOptions): Running
  setLoss(host: number, percent: number): void
  counters(host: number, card?: 'lan0' | 'lan1'): Counters
  /** Writes a pcap of what passes a card; resolves once tcpdump listens. `filter` as in pcap-filter(7). */
  capture(host: number, card: 'lan0' | 'lan1', filter: string): Promise<Capture>
  /** Ends every process inside and takes everything away. Also done when this process ends, however. */
  remove(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Sweeps what killed runs left, then builds. Throws when the system refuses, and leaves nothing then. */
export function createLab(options: LabOptions): Lab {
  if (process.getuid?.() !== 0)
    throw new Error('Network namespaces need root: run this test as root.')
  if (!Number.isInteger(options.hosts) || options.hosts < 1 || options.hosts > 250) {
    throw new Error(`A lab has 1 to 250 hosts, not ${options.hosts}.`)
  }
  sweepStaleLabs()
  const prefix = `bc${process.pid}-${randomBytes(2).toString('hex')}`
  const network = 1 + ((randomBytes(1)[0] ?? 0) % 250)
  const hosts = Array.from({ length: options.hosts }, (_, index) => ({
    namespace: `${prefix}-h${index}`,
    address: `10.${network}.0.${index + 1}`,
    secondAddress: options.secondCard ? `10.${network}.1.${index + 1}` : null,
  }))
  const names = [`${prefix}-sw`, ...hosts.map(host => host.namespace)]
  const remove = removal(names)
  try {
    build(`${prefix}-sw`, hosts, options)
  } catch (error) {
    remove()
    throw error
  }
  const host = (index: number) => {
    const found = hosts[index]
    if (!found) throw new Error(`The lab has hosts 0 to ${hosts.length - 1}, not ${index}.`)
    return found
  }
  const setLoss = (index: number, percent: number) =>
    void shellIn(host(index).namespace, lossRules(percent, options.lossScope ?? 'multicast'))
  options.lossPercent?.forEach((percent, index) => percent > 0 && setLoss(index, percent))
  return {
    pid: process.pid,
    hosts,
    host,
    setLoss,
    remove,
    run: (index, command, args, spawnOptions) =>
      runIn(host(index).namespace, command, args, spawnOptions),
    counters: (index, card = 'lan0') => countersOf(host(index).namespace, card),
    capture: (index, card, filter) => startCapture(host(index).namespace, card, filter),
  }
}

function build(switchName: string, hosts: readonly Host[], options: LabOptions): void {
  const cards = options.secondCard ? [0, 1] : [0]
  ipBatch([switchName, ...hosts.map(host => host.namespace)].map(name => `netns add ${name}`))
  // Before any card comes up: no router solicitation or MLD report disturbs a packet count.
  const noIpv6 = 'for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 > $f; done'
  shellIn(switchName, [
    noIpv6,
    ...cards.flatMap(card => [
      `ip link add br${card} type bridge stp_state 0 mcast_snooping ${options.hasSnooping ? 1 : 0}`,
      `ip link set br${card} up`,
    ]),
  ])
  for (const host of hosts) shellIn(host.namespace, [noIpv6])
  ipBatch(
    cards.flatMap(card =>
      hosts.flatMap(({ namespace }, index) => [
        `link add lan${card} netns ${namespace} type veth peer name p${card}x${index} netns ${switchName}`,
      ]),
    ),
  )
  shellIn(
    switchName,
    cards.flatMap(card =>
      hosts.map((_, index) => `ip link set p${card}x${index} master br${card} up`),
    ),
  )
  for (const [index, host] of hosts.entries()) {
    shellIn(host.namespace, [
      'ip link set lo up',
      ...cards.flatMap(card => [
        `ip address add ${card === 0 ? host.address : host.secondAddress}/24 broadcast + dev lan${card}`,
        ...(options.hasOffload === false
          ? [`ethtool -K lan${card} tso off gso off gro off tx-udp-segmentation off`]
          : []),
        `ip link set lan${card} up`,
        // Any queueing discipline counts segments and their headers; a card without one does not.
        `tc qdisc add dev lan${card} root ${queue(index === 0 ? options.rateMbit : undefined)}`,
      ]),
    ])
  }
}

/** A burst of 2 ms, and room for one GSO batch of 64 KiB; 50 ms of queue, as a switch port has. */
function queue(rateMbit: number | undefined): string {
  if (rateMbit === undefined) return 'pfifo limit 10000'
  const burstBytes = Math.max(70_000, Math.round((rateMbit * 1e6 * 0.002) / 8))
  return `tbf rate ${rateMbit}mbit burst ${burstBytes} latency 50ms`
}

function lossRules(percent: number, scope: 'multicast' | 'udp'): string[] {
  const probability = (percent / 100).toFixed(6)
  const to = scope === 'multicast' ? '-d 224.0.0.0/4' : '! -i lo'
  const rule = `iptables -A INPUT -p udp ${to} -m statistic --mode random --probability ${probability} -j DROP`
  return ['iptables -F INPUT', ...(percent > 0 ? [rule] : [])]
}

/** Once, whoever asks first: the test, the end of the process, or a signal, which then takes its course. */
function removal(names: readonly string[]): () => void {
  let isRemoved = false
  const dismissGuard = guardNamespaces(names)
  const remove = () => {
    if (isRemoved) return
    isRemoved = true
    process.off('exit', remove)
    for (const signal of SIGNALS) process.off(signal, onSignal)
    removeNamespaces(names)
    dismissGuard()
  }
  const onSignal = (signal: NodeJS.Signals) => {
    remove()
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  process.on('exit', remove)
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return remove
}

/** `ip netns exec` becomes the command (execve): the pid is the command's. */
function runIn(
  namespace: string,
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Running {
  const child = spawn('ip', ['netns', 'exec', namespace, command, ...args], options)
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended: Running['ended'] = new Promise(resolve => {
    child.once('error', error => {
      stderr += error.message
      resolve({ code: -1, signal: null })
    })
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  return { pid: child.pid ?? -1, process: child, stdout: () => stdout, stderr: () => stderr, ended }
}

function countersOf(namespace: string, card: string): Counters {
  const [link, queues] = shellIn(namespace, [
    `ip -j -s link show dev ${card}`,
    'echo',
    `tc -j -s qdisc show dev ${card}`,
  ])
    .split('\n\n')
    .map(text => JSON.parse(text) as unknown)
  const { rx, tx } = (
    link as { stats64: Record<'rx' | 'tx', { bytes: number; packets: number }> }[]
  )[0]!.stats64
  const root = (queues as { root?: boolean; bytes: number; packets: number }[]).find(
    one => one.root,
  )!
  return {
    rxBytes: rx.bytes,
    rxPackets: rx.packets,
    txBytes: tx.bytes,
    txPackets: tx.packets,
    wireTxBytes: root.bytes,
    wireTxPackets: root.packets,
  }
}
