/**
 * Group and ports of a new session, at random from the settings' ranges. Never those of another open session, nor such
 * that its datagrams would reach somebody else: a card filters by MAC, which holds only 23 bits of a group (RFC 1112
 * §6.4), so groups that differ above those are one to it.
 */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { ANNOUNCE_GROUP, ANNOUNCE_PORT } from '../../../shared/protocol/limits.ts'
import type { Settings } from '../../../shared/settings.ts'
import { socketTable } from '../net/net.ts'
import { SessionError } from './fault.ts'

export interface SessionAddress {
  readonly group: string
  /** For data; the next one is for probes. */
  readonly port: number
}

type Ranges = Pick<Settings, 'groupFirst' | 'groupLast' | 'portFirst' | 'portLast'>

/** UDP ports that other parts of a bench use: proxyDHCP, announces and asking for them, stock receivers. */
const RESERVED_PORTS: readonly number[] = [
  4011,
  ...Array.from({ length: 9 }, (_, at) => ANNOUNCE_PORT + at),
  9000,
  9001,
]

const MAC_BITS = 0x7f_ffff

/** Faults: session/no-free-group, session/no-free-port. */
export async function chooseAddress(
  ranges: Ranges,
  others: readonly SessionAddress[],
  isTaken: (port: number) => Promise<boolean>,
): Promise<SessionAddress> {
  const group = chooseGroup(ranges, others)
  return { group, port: await choosePort(ranges, others, isTaken) }
}

/** Fault: session/no-free-group. */
export function chooseGroup(
  { groupFirst, groupLast }: Ranges,
  others: readonly Pick<SessionAddress, 'group'>[],
): string {
  const macs = new Set([ANNOUNCE_GROUP, ...others.map(other => other.group)].map(macOf))
  for (const value of wander(numberOf(groupFirst), numberOf(groupLast))) {
    const group = textOf(value)
    if (isSafe(value) && !macs.has(macOf(group))) return group
  }
  throw new SessionError({ code: 'session/no-free-group', groupFirst, groupLast })
}

async function choosePort(
  { portFirst, portLast }: Ranges,
  others: readonly SessionAddress[],
  isTaken: (port: number) => Promise<boolean>,
): Promise<number> {
  for (const port of wander(portFirst, portLast - 1)) {
    if (RESERVED_PORTS.includes(port) || RESERVED_PORTS.includes(port + 1)) continue
    if (others.some(other => Math.abs(other.port - port) < 2)) continue
    if (!(await isTaken(port)) && !(await isTaken(port + 1))) return port
  }
  throw new SessionError({ code: 'session/no-free-port', portFirst, portLast })
}

/** Whether a program on this computer has the UDP port, on this card or on all. */
export function takenPorts(cardAddress: string): (port: number) => Promise<boolean> {
  // Sockets on a group's address do not stand in the way of binding, but show in the table.
  const known = new Set(socketTable('udp').map(entry => entry.localPort))
  return async port => known.has(port) || cannotBind(cardAddress, port)
}

function cannotBind(address: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createSocket('udp4')
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close()
      // Anything else is not about the port: opening the session says what it is.
      resolve(error.code === 'EADDRINUSE')
    })
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(false)))
  })
}

/** Each whole number of the range once, from a random one on. */
function* wander(first: number, last: number): Generator<number> {
  const size = last - first + 1
  const start = randomInt(size)
  for (let step = 0; step < size; step++) yield first + ((start + step) % size)
}

/**
 * Not x.0.0.y and x.128.0.y, whose MAC is that of 224.0.0.y, which every switch floods; nor 239.255.255.y, which RFC 2365
 * §9 keeps for protocols such as SSDP.
 */
function isSafe(group: number): boolean {
  return (group & MAC_BITS) >= 256 && group >>> 8 !== 0xef_ffff
}

function macOf(group: string): number {
  return numberOf(group) & MAC_BITS
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

function textOf(value: number): string {
  return [24, 16, 8, 0].map(shift => (value >>> shift) & 255).join('.')
}
