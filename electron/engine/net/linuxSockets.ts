/**
 * The C library's socket calls that node:dgram lacks. What takes many datagrams in one call is packed in messageVector.ts.
 *
 * Structures are packed by hand into ArrayBuffers, whose memory never moves; koffi only passes numbers. All layouts
 * are those of 64-bit little-endian Linux, the same on x86_64 and arm64, glibc and musl.
 */
import { getSystemErrorMessage, getSystemErrorName } from 'node:util'
import type koffi from 'koffi'
import { cardName } from './delivery.ts'

type Ffi = Pick<typeof koffi, 'load' | 'errno' | 'address'>

export interface LinuxSockets {
  /** A UDP socket that never blocks. */
  open(): number
  bind(fd: number, address: string, port: number): void
  /** The port that `bind` chose. */
  port(fd: number): number
  /** For options of one int. */
  set(fd: number, option: SocketOption, value: number): void
  /** Option values of more than one int. */
  setBytes(fd: number, option: SocketOption, value: Uint8Array): void
  get(fd: number, option: SocketOption, into: Uint8Array): void
  /** A descriptor that `poll` finds readable after `signal`. */
  openSignal(): number
  signal(fd: number): void
  close(fd: number): void
  /** 0 when the name is unknown. */
  indexOfCard(name: string): number
  /** Waits for one of `count` struct pollfd at an address. Answers how many are ready, or minus errno. */
  poll(pollfds: number, count: number, timeoutMs: number): number
  /** `messages`: address of `count` struct mmsghdr. Answers how many were filled, or minus errno. */
  receive(fd: number, messages: number, count: number): number
  /** Answers how many were sent, or minus errno. */
  send(fd: number, messages: number, count: number): number
  /** Lets whoever else waits for this processor go first, sched_yield(2). */
  yield(): void
  /** Where an ArrayBuffer's memory begins. The buffer must outlive every structure that names it. */
  addressOf(buffer: ArrayBufferLike): number
}

export interface SocketOption {
  readonly name: string
  readonly level: number
  readonly option: number
}

/** asm-generic/socket.h, linux/in.h, linux/udp.h. */
export const OPTION = {
  reuseAddress: { name: 'SO_REUSEADDR', level: 1, option: 2 },
  broadcast: { name: 'SO_BROADCAST', level: 1, option: 6 },
  sendBuffer: { name: 'SO_SNDBUF', level: 1, option: 7 },
  receiveBuffer: { name: 'SO_RCVBUF', level: 1, option: 8 },
  device: { name: 'SO_BINDTODEVICE', level: 1, option: 25 },
  sendBufferForce: { name: 'SO_SNDBUFFORCE', level: 1, option: 32 },
  receiveBufferForce: { name: 'SO_RCVBUFFORCE', level: 1, option: 33 },
  memoryInfo: { name: 'SO_MEMINFO', level: 1, option: 55 },
  receiveErrors: { name: 'IP_RECVERR', level: 0, option: 11 },
  pathMtuDiscovery: { name: 'IP_MTU_DISCOVER', level: 0, option: 10 },
  multicastCard: { name: 'IP_MULTICAST_IF', level: 0, option: 32 },
  multicastTtl: { name: 'IP_MULTICAST_TTL', level: 0, option: 33 },
  multicastLoop: { name: 'IP_MULTICAST_LOOP', level: 0, option: 34 },
  join: { name: 'IP_ADD_MEMBERSHIP', level: 0, option: 35 },
  multicastAll: { name: 'IP_MULTICAST_ALL', level: 0, option: 49 },
  segment: { name: 'UDP_SEGMENT', level: 17, option: 103 },
  coalesce: { name: 'UDP_GRO', level: 17, option: 104 },
} as const satisfies Record<string, SocketOption>

/** asm-generic/errno*.h. */
export const ERRNO = {
  interrupted: 4,
  io: 5,
  again: 11,
  invalid: 22,
  messageSize: 90,
  noBuffer: 105,
} as const

/** struct sockaddr_in, netinet/in.h: u16 family, then u16 port and u32 address in network order, 8 bytes of zero. */
const SOCKADDR = { bytes: 16, family: 0, port: 2, address: 4 } as const

/** struct ip_mreqn, netinet/in.h: group, address of the card, i32 index of the card. */
const MREQN = { bytes: 12, group: 0, address: 4, index: 8 } as const

const AF_INET = 2
/** SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, bits/socket_type.h. */
const UDP_SOCKET = 2 | 0o4000 | 0o2000000
/** EFD_NONBLOCK | EFD_CLOEXEC, bits/eventfd.h. */
const SIGNAL_FLAGS = 0o4000 | 0o2000000
const MSG_DONTWAIT = 0x40
/** Null where there is no such library, or it was told to stay away: BENCHCAST_SOCKETS=dgram. */
export async function loadLinuxSockets(): Promise<LinuxSockets | null> {
  const isKnownLayout = process.arch === 'x64' || process.arch === 'arm64'
  if (process.platform !== 'linux' || !isKnownLayout) return null
  if (process.env['BENCHCAST_SOCKETS'] === 'dgram') return null
  try {
    const { default: koffi } = await import('koffi')
    return wrap(koffi)
  } catch {
    return null // No FFI in this installation, or another C library: node:dgram does the same, slower.
  }
}

function wrap(koffi: Ffi): LinuxSockets {
  const libc = koffi.load('libc.so.6')
  type Call = (...values: readonly (number | string | Uint8Array)[]) => number
  const bindCall = (definition: string): Call => libc.func(definition)
  const socket = bindCall('int socket(int domain, int type, int protocol)')
  const bind = bindCall('int bind(int fd, const uint8_t *address, uint32_t bytes)')
  const getsockname = bindCall('int getsockname(int fd, uint8_t *address, uint8_t *bytes)')
  const setsockopt = bindCall(
    'int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t bytes)',
  )
  const getsockopt = bindCall(
    'int getsockopt(int fd, int level, int name, uint8_t *value, uint8_t *bytes)',
  )
  const eventfd = bindCall('int eventfd(uint32_t value, int flags)')
  const eventfdWrite = bindCall('int eventfd_write(int fd, uint64_t value)')
  const close = bindCall('int close(int fd)')
  const nameToIndex = bindCall('uint32_t if_nametoindex(const char *name)')
  const poll = bindCall('int poll(uintptr_t pollfds, uint64_t count, int timeout)')
  const recvmmsg = bindCall(
    'int recvmmsg(int fd, uintptr_t messages, uint32_t count, int flags, uintptr_t timeout)',
  )
  const sendmmsg = bindCall('int sendmmsg(int fd, uintptr_t messages, uint32_t count, int flags)')
  const schedYield = bindCall('int sched_yield()')

  const must = (result: number, what: string): number => {
    if (result < 0) throw systemError(what, koffi.errno())
    return result
  }
  const counted = (result: number): number => (result < 0 ? -koffi.errno() : result)
  const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer)

  return {
    open: () => must(socket(AF_INET, UDP_SOCKET, 0), 'socket'),
    bind: (fd, address, port) =>
      void must(bind(fd, packAddress(address, port), SOCKADDR.bytes), `bind ${address}:${port}`),
    port(fd) {
      const address = new Uint8Array(SOCKADDR.bytes)
      must(getsockname(fd, address, int(SOCKADDR.bytes)), 'getsockname')
      return new DataView(address.buffer).getUint16(SOCKADDR.port)
    },
    set: (fd, { name, level, option }, value) =>
      void must(setsockopt(fd, level, option, int(value), 4), name),
    setBytes: (fd, { name, level, option }, value) =>
      void must(setsockopt(fd, level, option, value, value.length), name),
    get: (fd, { name, level, option }, into) =>
      void must(getsockopt(fd, level, option, into, int(into.length)), name),
    openSignal: () => must(eventfd(0, SIGNAL_FLAGS), 'eventfd'),
    signal: fd => void must(eventfdWrite(fd, 1), 'eventfd_write'),
    close: fd => void close(fd),
    indexOfCard: name => nameToIndex(name),
    poll: (pollfds, count, timeoutMs) => counted(poll(pollfds, count, timeoutMs)),
    receive: (fd, messages, count) => counted(recvmmsg(fd, messages, count, MSG_DONTWAIT, 0)),
    send: (fd, messages, count) => counted(sendmmsg(fd, messages, count, MSG_DONTWAIT)),
    yield: () => void schedYield(),
    addressOf: buffer => Number(koffi.address(buffer)),
  }
}

/** In the words of Node's own errors: `bind 10.0.0.1:0 EADDRNOTAVAIL: address not available`. */
export function systemError(what: string, errno: number): Error {
  const code = getSystemErrorName(-errno)
  return Object.assign(new Error(`${what} ${code}: ${getSystemErrorMessage(-errno)}`), { code })
}

export function packAddress(address: string, port: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(SOCKADDR.bytes))
  const view = new DataView(bytes.buffer)
  view.setUint16(SOCKADDR.family, AF_INET, true)
  view.setUint16(SOCKADDR.port, port)
  bytes.set(octets(address), SOCKADDR.address)
  return bytes
}

/** The card by index where it is known, so that two cards with one address are told apart from a route's choice. */
export function packMembership(
  sockets: LinuxSockets,
  group: string | null,
  cardAddress: string,
): Uint8Array {
  const bytes = new Uint8Array(MREQN.bytes)
  if (group !== null) bytes.set(octets(group), MREQN.group)
  bytes.set(octets(cardAddress), MREQN.address)
  const name = cardName(cardAddress)
  // An index of 0 lets the kernel look the address up.
  const index = name === null ? 0 : sockets.indexOfCard(name)
  new DataView(bytes.buffer).setInt32(MREQN.index, index, true)
  return bytes
}

/**
 * Holds a socket to one card, whatever the routes say: for broadcast and unicast, which IP_MULTICAST_IF does not guide.
 * Linux before 5.7 asks for CAP_NET_RAW; without it the routes decide.
 */
export function holdToCard(sockets: LinuxSockets, fd: number, cardAddress: string): void {
  const name = cardName(cardAddress)
  if (name === null) return
  try {
    sockets.setBytes(fd, OPTION.device, Buffer.from(`${name}\0`))
  } catch {
    // As above.
  }
}

function octets(address: string): number[] {
  return address.split('.').map(Number)
}
