/** The tools under comparison: what each runs on the sender's host and on a receiver's, and what it says when. */
import path from 'node:path'
import { CLI } from '../built.ts'

/** One cell of a table: what is sent to whom over which network. */
export interface Plan {
  readonly file: string
  readonly catalog: string
  readonly image: string
  readonly receivers: number
  /** Cap of the sender's card; null for none. */
  readonly rateMbit: number | null
  /** Whether the sender is told of the cap, as a technician would who knows it. */
  readonly isRateTold: boolean
  /** Each receiver loses so much of the multicast, independently. */
  readonly lossPercent: number
  /** Segmentation offload of the virtual cards, as the kernel gives it. */
  readonly hasOffload: boolean
  /** Where CPU profiles of Benchcast's processes go; null for none. */
  readonly profiles: string | null
}

export interface Tool {
  readonly name: string
  /** The program to look for on the PATH. */
  readonly program: string
  sender(plan: Plan): readonly string[]
  /** `to` names the file it shall write; `host` is its number on the bench. */
  receiver(plan: Plan, host: number, to: string): readonly string[]
  /** Where the file then is. */
  outputPath(plan: Plan, to: string): string
  /** When data began to flow, as a line of the sender's output tells; null when it does not. Epoch, ms. */
  startedAtMs(line: string, readAtMs: number): number | null
  /** When a receiver had written all, or that it has not, as a line of its output tells; null when it tells neither. */
  written(line: string, readAtMs: number): { readonly atMs: number | null } | null
  /** Its receivers go on waiting for the next session and must be ended. */
  readonly isDaemon: boolean
}

/** Ethernet's share of a datagram of udpcast: 1472 bytes of payload travel in 1514. */
const UDPCAST_WIRE_SHARE = 1500 / 1514
/** uftp counts neither UDP nor IP nor Ethernet; a little is left for its status messages. */
const UFTP_WIRE_SHARE = 0.95

export const benchcast: Tool = {
  name: 'Benchcast',
  program: process.execPath,
  isDaemon: false,
  sender: plan => [
    ...node(plan, 'sender'),
    ...words(`send ${plan.image} --nic lan0 --start-after ${plan.receivers} --new --json`),
    ...(isTold(plan) ? ['--rate', `${plan.rateMbit}mbit`] : []),
    '--catalog',
    plan.catalog,
  ],
  receiver: (plan, host, to) => [
    ...node(plan, `receiver${host}`),
    ...words('receive --nic lan0 --timeout 60 --json --to'),
    to,
  ],
  outputPath: (_plan, to) => to,
  startedAtMs(line) {
    const startedAtMs = rowIn(line, 'session')?.startedAtMs
    return typeof startedAtMs === 'number' ? startedAtMs : null
  },
  // At the change to verifying everything is written and matched chunk by chunk; reading it back begins.
  written(line, readAtMs) {
    const row = rowIn(line, 'progress')
    if (row === null || row.state === 'done') return null
    if (row.state !== 'verifying') return { atMs: null }
    return { atMs: typeof row.atMs === 'number' ? row.atMs : readAtMs }
  },
}

/**
 * Tuned in its favour: one datagram of HELLO each 100 ms finds receivers at once, a receive buffer of 4 MiB instead of
 * the system's, no fsync, no half second of lingering at the end. It neither compares what it wrote nor writes zeros as holes. Its lone receiver gets multicast
 * as several do, where data is to be lost: a lost reply to its join would hang it for minutes.
 */
export const udpcast: Tool = {
  name: 'udpcast',
  program: 'udp-sender',
  isDaemon: false,
  sender: plan => [
    ...words(`udp-sender --interface lan0 --full-duplex --nokbd --min-receivers ${plan.receivers}`),
    ...words('--rexmit-hello-interval 100'),
    ...(plan.lossPercent > 0 ? ['--nopointopoint'] : []),
    ...(isTold(plan)
      ? ['--max-bitrate', `${Math.floor(1000 * plan.rateMbit * UDPCAST_WIRE_SHARE)}k`]
      : []),
    '--file',
    plan.file,
  ],
  receiver: (_plan, _host, to) => [
    ...words('udp-receiver --interface lan0 --nokbd --rcvbuf 4m --nosync --exit-wait 10 --file'),
    to,
  ],
  outputPath: (_plan, to) => to,
  startedAtMs: (line, readAtMs) => (line.includes('Starting transfer') ? readAtMs : null),
  written: (line, readAtMs) => (line.includes('Transfer complete') ? { atMs: readAtMs } : null),
}

/**
 * Tuned in its favour too: the largest buffers that serve it, blocks that fill a frame. The receivers are named to it,
 * so that it starts with the last of them instead of waiting for more.
 */
export const uftp: Tool = {
  name: 'uftp',
  program: 'uftp',
  isDaemon: true,
  sender: plan => [
    ...words('uftp -I lan0 -b 1400 -B 4194304 -q -R'),
    isTold(plan) ? String(Math.floor(1000 * plan.rateMbit * UFTP_WIRE_SHARE)) : '-1',
    '-H',
    Array.from({ length: plan.receivers }, (_, at) => uftpId(at + 1)).join(','),
    plan.file,
  ],
  receiver: (_plan, host, to) => [
    ...words(`uftpd -d -q -I lan0 -U ${uftpId(host)} -B 4194304 -c 10485760 -D`),
    `${to}.d`,
  ],
  outputPath: (plan, to) => path.join(`${to}.d`, path.basename(plan.file)),
  startedAtMs: (line, readAtMs) => (/Sending file/.test(line) ? readAtMs : null),
  written: (line, readAtMs) => (/[Ff]ile transfer complete/.test(line) ? { atMs: readAtMs } : null),
}

export const TOOLS = { benchcast, udpcast, uftp } as const
export type ToolName = keyof typeof TOOLS

function isTold(plan: Plan): plan is Plan & { readonly rateMbit: number } {
  return plan.isRateTold && plan.rateMbit !== null
}

/** Each thread writes a profile of its own, in a folder by its process. */
function node({ profiles }: Plan, who: string): string[] {
  const profiling =
    profiles === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${path.join(profiles, who)}`]
  return [process.execPath, ...profiling, CLI]
}

function uftpId(host: number): string {
  return `0x${host.toString(16).padStart(8, '0')}`
}

type Row = Readonly<Record<string, unknown>>

function rowIn(line: string, event: string): Row | null {
  if (!line.startsWith('{')) return null
  const row = JSON.parse(line) as Row
  return row.event === event ? row : null
}

/** A command as one types it; paths, which may hold spaces, come after. */
function words(line: string): string[] {
  return line.split(' ')
}
