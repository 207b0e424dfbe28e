/**
 * Listens to one card (Linux, packet(7)) and never sends: a packet socket has no address to answer from. What the
 * kernel drops later (firewall) or hands to nobody is seen too. Needs CAP_NET_RAW.
 */
import { getSystemErrorMessage, getSystemErrorName } from 'node:util'

export interface FrameSocket {
  /** Frames that came since the last call, each a copy; never waits. */
  frames(): Uint8Array[]
  close(): void
}

/** linux/if_packet.h, asm-generic/socket.h. */
const AF_PACKET = 17
/** SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC. */
const RAW_SOCKET = 3 | 0o4000 | 0o2000000
const ETH_P_ALL = 3
const SOL_PACKET = 263
const PACKET_ADD_MEMBERSHIP = 1
const PACKET_IGNORE_OUTGOING = 23
const PACKET_MR_ALLMULTI = 2
const SOL_SOCKET = 1
const SO_ATTACH_FILTER = 26
const MSG_DONTWAIT = 0x40

const FRAME_BYTES = 2048
/** In one call of `frames`: a flood must not hold the engine up. */
const MAX_FRAMES = 256

/** struct sockaddr_ll: u16 family, u16 protocol in network order, i32 card, then what receiving fills in. */
const SOCKADDR_BYTES = 20
/** struct packet_mreq: i32 card, u16 type, u16 address bytes, 8 bytes of address. */
const MREQ_BYTES = 16

/**
 * Classic BPF (linux/filter.h): code, jump if true, jump if false, value. Takes IPv4 IGMP, UDP to port 67 and TCP SYN
 * without ACK; the image's own data, a gigabit of it, never reaches this process.
 */
const FILTER: readonly (readonly [number, number, number, number])[] = [
  [0x28, 0, 0, 12], // 0: A = ethertype
  [0x15, 0, 12, 0x0800], // 1: not IPv4: 14
  [0x30, 0, 0, 23], // 2: A = protocol
  [0x15, 9, 0, 2], // 3: IGMP: 13
  [0xb1, 0, 0, 14], // 4: X = IP header bytes
  [0x15, 0, 3, 17], // 5: not UDP: 9
  [0x48, 0, 0, 16], // 6: A = destination port
  [0x15, 5, 6, 67], // 7: DHCP: 13, else 14
  [0x06, 0, 0, 0], // 8: unreached
  [0x15, 0, 4, 6], // 9: not TCP: 14
  [0x50, 0, 0, 27], // 10: A = flags
  [0x54, 0, 0, 0x12], // 11: SYN and ACK of them
  [0x15, 0, 1, 0x02], // 12: not SYN alone: 14
  [0x06, 0, 0, FRAME_BYTES], // 13: take
  [0x06, 0, 0, 0], // 14: drop
]

/** Rejects with system errors: EPERM without the right. Null where there is no such socket. */
export async function openFrameSocket(card: string): Promise<FrameSocket | null> {
  const isKnownLayout = process.arch === 'x64' || process.arch === 'arm64'
  if (process.platform !== 'linux' || !isKnownLayout) return null
  const libc = await loadLibc()
  if (libc === null) return null
  const fd = libc.must(libc.socket(AF_PACKET, RAW_SOCKET, 0), 'packet socket')
  try {
    const index = libc.nameToIndex(card)
    if (index === 0) throw new Error(`no network card ${card}`)
    attachFilter(libc, fd)
    const one = new Uint8Array(Int32Array.of(1).buffer)
    // Linux before 4.20 lacks it: our own frames then come too, and say nothing of others.
    libc.setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, one, one.length)
    const mreq = new DataView(new ArrayBuffer(MREQ_BYTES))
    mreq.setInt32(0, index, true)
    mreq.setUint16(4, PACKET_MR_ALLMULTI, true)
    const wanted = new Uint8Array(mreq.buffer)
    libc.must(
      libc.setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, wanted, wanted.length),
      'PACKET_ADD_MEMBERSHIP',
    )
    // Only now with a protocol: a packet socket that is not yet bound hears every card.
    const address = new DataView(new ArrayBuffer(SOCKADDR_BYTES))
    address.setUint16(0, AF_PACKET, true)
    address.setUint16(2, ETH_P_ALL)
    address.setInt32(4, index, true)
    libc.must(libc.bind(fd, new Uint8Array(address.buffer), SOCKADDR_BYTES), `bind ${card}`)
  } catch (error) {
    libc.close(fd)
    throw error
  }
  return createSocket(libc, fd)
}

function createSocket(libc: Libc, fd: number): FrameSocket {
  const memory = new Uint8Array(FRAME_BYTES)
  let isClosed = false
  return {
    frames() {
      const found: Uint8Array[] = []
      while (!isClosed && found.length < MAX_FRAMES) {
        // Below 0: nothing there, or the card is down, which the next call finds out again.
        const bytes = Number(libc.recv(fd, memory, FRAME_BYTES, MSG_DONTWAIT))
        if (bytes < 0) break
        found.push(memory.slice(0, bytes))
      }
      return found
    },
    close() {
      if (!isClosed) libc.close(fd)
      isClosed = true
    },
  }
}

/** struct sock_fprog: u16 count, then a pointer to struct sock_filter: u16 code, u8 jt, u8 jf, u32 value. */
function attachFilter(libc: Libc, fd: number): void {
  const program = new DataView(new ArrayBuffer(FILTER.length * 8))
  FILTER.forEach(([code, ifTrue, ifFalse, value], i) => {
    program.setUint16(i * 8, code, true)
    program.setUint8(i * 8 + 2, ifTrue)
    program.setUint8(i * 8 + 3, ifFalse)
    program.setUint32(i * 8 + 4, value, true)
  })
  const header = new DataView(new ArrayBuffer(16))
  header.setUint16(0, FILTER.length, true)
  header.setBigUint64(8, libc.addressOf(program.buffer), true)
  const bytes = new Uint8Array(header.buffer)
  libc.must(
    libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, bytes, bytes.length),
    'SO_ATTACH_FILTER',
  )
}

interface Libc {
  socket(domain: number, type: number, protocol: number): number
  bind(fd: number, address: Uint8Array, bytes: number): number
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, bytes: number): number
  recv(fd: number, into: Uint8Array, bytes: number, flags: number): number | bigint
  close(fd: number): number
  nameToIndex(name: string): number
  addressOf(buffer: ArrayBuffer): bigint
  /** Throws as Node words system errors. */
  must(result: number, what: string): number
}

async function loadLibc(): Promise<Libc | null> {
  try {
    const { default: koffi } = await import('koffi')
    const libc = koffi.load('libc.so.6')
    return {
      socket: libc.func('int socket(int domain, int type, int protocol)'),
      bind: libc.func('int bind(int fd, const uint8_t *address, uint32_t bytes)'),
      setsockopt: libc.func(
        'int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t bytes)',
      ),
      recv: libc.func('int64_t recv(int fd, _Out_ uint8_t *into, size_t bytes, int flags)'),
      close: libc.func('int close(int fd)'),
      nameToIndex: libc.func('uint32_t if_nametoindex(const char *name)'),
      addressOf: buffer => koffi.address(buffer),
      must(result, what) {
        if (result >= 0) return result
        const errno = koffi.errno()
        const code = getSystemErrorName(-errno)
        throw Object.assign(new Error(`${what} ${code}: ${getSystemErrorMessage(-errno)}`), {
          code,
        })
      },
    }
  } catch {
    return null // No FFI in this installation, or another C library.
  }
}
