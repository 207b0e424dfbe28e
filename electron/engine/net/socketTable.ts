/**
 * Who holds which port, as Linux tells it: /proc/net/udp and its kin, proc(5), and the descriptors of each process.
 * Everything may be missing or refuse to be read; then that much is unknown.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** One line of /proc/net/{udp,tcp}[6]. */
export interface SocketEntry {
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  /** include/net/tcp_states.h. */
  readonly state: number
  readonly inode: string
}

const SYN_RECEIVED = 3
const LISTEN = 10
export const ANY_ADDRESS = '0.0.0.0'

/** Of IPv4; of IPv6 those that take IPv4 too, with their addresses as IPv4. `procfs` is /proc. */
export function socketTable(protocol: 'udp' | 'tcp', procfs = '/proc'): SocketEntry[] {
  return [protocol, `${protocol}6`].flatMap(name => {
    try {
      return readFileSync(`${procfs}/net/${name}`, 'utf8').split('\n').flatMap(parseLine)
    } catch {
      return []
    }
  })
}

/** TCP ports on which this very process listens. */
export function ownListeningPorts(procfs = '/proc'): Set<number> {
  const own = new Set(inodesOf('self', procfs))
  const listening = socketTable('tcp', procfs).filter(entry => entry.state === LISTEN)
  return new Set(listening.filter(({ inode }) => own.has(inode)).map(entry => entry.localPort))
}

/** Remote addresses with which a connection has come about, though it may have ended just now. */
export function connectedAddresses(procfs = '/proc'): Set<string> {
  const made = socketTable('tcp', procfs).filter(
    ({ state }) => state !== LISTEN && state !== SYN_RECEIVED,
  )
  return new Set(made.map(entry => entry.remoteAddress))
}

/** The process that has the socket; null when none shows it to us. */
export function holderOf(
  inode: string,
  procfs = '/proc',
): { readonly pid: number; readonly name: string } | null {
  const pids = entriesOf(procfs).filter(name => /^\d+$/.test(name))
  const pid = pids.find(one => inodesOf(one, procfs).includes(inode))
  if (pid === undefined) return null
  try {
    return { pid: Number(pid), name: readFileSync(`${procfs}/${pid}/comm`, 'utf8').trim() }
  } catch {
    return null // Ended meanwhile.
  }
}

/** Names of cards that hold a default route. */
export function defaultRouteCards(procfs = '/proc'): Set<string> {
  try {
    const lines = readFileSync(`${procfs}/net/route`, 'utf8').split('\n').slice(1)
    const routes = lines.map(line => line.split('\t'))
    // Destination and mask of zeros.
    const found = routes.filter(fields => fields[1] === '00000000' && fields[7] === '00000000')
    return new Set(found.map(fields => fields[0] ?? ''))
  } catch {
    return new Set()
  }
}

function parseLine(line: string): SocketEntry[] {
  const fields = line.trim().split(/\s+/)
  const local = parseAddress(fields[1] ?? '')
  const remote = parseAddress(fields[2] ?? '')
  if (local === null || remote === null) return []
  return [
    {
      localAddress: local.address,
      localPort: local.port,
      remoteAddress: remote.address,
      state: Number.parseInt(fields[3] ?? '', 16),
      inode: fields[9] ?? '',
    },
  ]
}

/** Addresses are 32-bit words as they lie in memory: 0100007F is 127.0.0.1 on the little-endian machines we know. */
function parseAddress(text: string): { readonly address: string; readonly port: number } | null {
  const match = /^([0-9A-F]+):([0-9A-F]{4})$/.exec(text)
  if (match === null) return null
  const [, hex = '', port = ''] = match
  const isAny = /^0+$/.test(hex)
  // IPv6 other than ::ffff:a.b.c.d has nothing to do with us.
  if (hex.length === 32 && !isAny && !hex.startsWith('0000000000000000FFFF0000')) return null
  const bytes = (hex.slice(-8).match(/../g) ?? []).map(byte => Number.parseInt(byte, 16))
  return { address: bytes.toReversed().join('.'), port: Number.parseInt(port, 16) }
}

function inodesOf(pid: string, procfs: string): string[] {
  const directory = `${procfs}/${pid}/fd`
  return entriesOf(directory).flatMap(fd => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${directory}/${fd}`))?.[1] ?? []
    } catch {
      return [] // Closed meanwhile.
    }
  })
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return [] // Not ours to read, or gone.
  }
}
