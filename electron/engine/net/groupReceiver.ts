/**
 * Takes a multicast group's datagrams on one card. Bulk goes through batchedReceiver.ts where the system has it,
 * everything else through node:dgram.
 *
 * Linux: bound to the group's own address, so that unicast to the port does not count, and IP_MULTICAST_ALL off
 * (ip(7)), so that memberships of other sockets on other cards bring nothing here. Windows cannot bind a group address
 * (WSAEADDRNOTAVAIL): bound to the card instead.
 */
import { createSocket, type Socket } from 'node:dgram'
import { readFile, readlink } from 'node:fs/promises'
import { openBatchedReceiver } from './batchedReceiver.ts'
import { isMulticast } from './delivery.ts'
import { loadLinuxSockets } from './linuxSockets.ts'

export interface GroupReceiverOptions {
  /** A multicast group to join, the card's broadcast address or its own: the socket hears that address alone. */
  readonly group: string
  readonly port: number
  /** IPv4 address of the card that joins. */
  readonly interfaceAddress: string
  /** Many datagrams a second, worth a thread of their own. Default false. */
  readonly isBulk?: boolean
  /** `datagram` is the receiver's to keep; in bulk it is a view, valid during the call. */
  onDatagram(datagram: Buffer): void
  /**
   * Called instead, where given, with `count` datagrams: each between the offsets at `2 * i` and `2 * i + 1` of `spans`
   * in `memory`, valid during the call.
   */
  onSpans?(memory: Uint8Array, spans: Int32Array, count: number): void
  /** The socket failed after it was open; nothing more will come. */
  onFault?(error: Error): void
}

export interface GroupReceiver {
  /**
   * Datagrams that the socket's buffer had no room for, as of the last second or, once closed, of the end; 0 where the
   * system does not tell. Counting begins with the first call where it costs something.
   */
  kernelDrops(): number
  close(): Promise<void>
}

export type GroupReceiverFault = {
  readonly code: 'net/group-not-joined'
  readonly group: string
  readonly port: number
  readonly interfaceAddress: string
  readonly reason: string
}

export class GroupReceiverError extends Error {
  override readonly name = 'GroupReceiverError'
  readonly fault: GroupReceiverFault

  constructor(fault: GroupReceiverFault, options?: ErrorOptions) {
    super(
      `Cannot receive ${fault.group}:${fault.port} on the card with address ${fault.interfaceAddress}: ` +
        `${fault.reason}. Check that the card is up and no other program holds the port.`,
      options,
    )
    this.fault = fault
  }
}

/** 70 ms at 1 Gbit/s: longer than a garbage collection or a scheduler's turn on a busy machine. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024

const DROPS_INTERVAL_MS = 1000

/** Fault: net/group-not-joined. */
export async function openGroupReceiver(options: GroupReceiverOptions): Promise<GroupReceiver> {
  const sockets = options.isBulk === true ? await loadLinuxSockets() : null
  try {
    return sockets ? await openBatchedReceiver(sockets, options) : await openDgramReceiver(options)
  } catch (cause) {
    const { group, port, interfaceAddress } = options
    const reason = cause instanceof Error ? cause.message : String(cause)
    const fault = { code: 'net/group-not-joined', group, port, interfaceAddress, reason } as const
    throw new GroupReceiverError(fault, { cause })
  }
}

function deliver(options: GroupReceiverOptions, datagram: Buffer): void {
  if (options.onSpans) options.onSpans(datagram, Int32Array.of(0, datagram.length), 1)
  else options.onDatagram(datagram)
}

async function openDgramReceiver(options: GroupReceiverOptions): Promise<GroupReceiver> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  let closed: Promise<void> | null = null
  socket.on('message', datagram => {
    if (closed === null) deliver(options, datagram)
  })
  try {
    await bind(socket, options)
    await tune(socket)
    if (isMulticast(options.group)) {
      socket.addMembership(options.group, options.interfaceAddress)
    }
  } catch (error) {
    socket.close()
    throw error
  }
  socket.on('error', error => options.onFault?.(error))
  const drops = watchDrops(socket)
  return {
    kernelDrops: drops.count,
    close() {
      closed ??= drops.stop().then(() => new Promise(resolve => socket.close(() => resolve())))
      return closed
    },
  }
}

function bind(socket: Socket, options: GroupReceiverOptions): Promise<void> {
  const address = process.platform === 'win32' ? options.interfaceAddress : options.group
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ port: options.port, address }, () => {
      socket.off('error', reject)
      resolve()
    })
  })
}

/** Options that node:dgram has no method for go through the C library, where it can be called; each is best effort. */
async function tune(socket: Socket): Promise<void> {
  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES) // The kernel grants at most net.core.rmem_max.
  const fd = descriptor(socket)
  if (process.platform !== 'linux' || fd === null) return
  try {
    const { default: koffi } = await import('koffi')
    const libc = koffi.load('libc.so.6')
    const set = libc.func(
      'int setsockopt(int fd, int level, int name, const int32_t *value, uint32_t length)',
    )
    set(fd, SOL_SOCKET, SO_RCVBUFFORCE, [RECEIVE_BUFFER_BYTES], 4) // Needs CAP_NET_ADMIN.
    set(fd, IPPROTO_IP, IP_MULTICAST_ALL, [0], 4)
  } catch {
    return // No FFI in this installation: the smaller buffer, and the group address as the only filter.
  }
}

const SOL_SOCKET = 1
const SO_RCVBUFFORCE = 33
const IPPROTO_IP = 0
const IP_MULTICAST_ALL = 49

/** Node keeps it behind a symbol; null when it does so no longer. */
function descriptor(socket: Socket): number | null {
  const symbol = Object.getOwnPropertySymbols(socket).find(
    each => each.description === 'state symbol',
  )
  const state = symbol && (socket as unknown as Record<symbol, unknown>)[symbol]
  const fd = (state as { readonly handle?: { readonly fd?: unknown } } | undefined)?.handle?.fd
  return typeof fd === 'number' && fd >= 0 ? fd : null
}

/**
 * Reads the socket's line of /proc/net/udp (proc(5)), whose last column counts drops, once a second. The kernel
 * takes most of a millisecond for that table: who never asks never pays.
 */
function watchDrops(socket: Socket): { count(): number; stop(): Promise<void> } {
  let drops = 0
  let timer: NodeJS.Timeout | null = null
  let isStopped = false
  const fd = descriptor(socket)
  if (process.platform !== 'linux' || fd === null)
    return { count: () => drops, stop: () => Promise.resolve() }
  const inode = readlink(`/proc/self/fd/${fd}`).then(link => /^socket:\[(\d+)\]$/.exec(link)?.[1])
  inode.catch(() => undefined)
  const look = async (): Promise<void> => {
    try {
      const found = dropsOf(await readFile('/proc/net/udp', 'utf8'), (await inode) ?? '')
      if (found !== null) drops = found
    } catch {
      return // The count stays what it was.
    }
  }
  return {
    count() {
      if (timer === null && !isStopped) {
        timer = setInterval(() => void look(), DROPS_INTERVAL_MS).unref()
        void look()
      }
      return drops
    },
    async stop() {
      isStopped = true
      if (timer === null) return
      clearInterval(timer)
      await look()
    },
  }
}

/** Null when the table has no such socket. */
export function dropsOf(table: string, inode: string): number | null {
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/)
    if (fields[9] === inode) return Number(fields[12] ?? 0)
  }
  return null
}
