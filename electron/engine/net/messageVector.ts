/**
 * The structures that recvmmsg(2) and sendmmsg(2) take, packed by hand into ArrayBuffers, whose memory never moves. Layouts
 * are those of 64-bit little-endian Linux, as in linuxSockets.ts.
 */
import { type LinuxSockets, OPTION } from './linuxSockets.ts'

/**
 * struct mmsghdr, bits/socket.h: a struct msghdr (pointer to name, u32 its length, pointer to iovecs, u64 their count,
 * pointer to control, u64 its length, i32 flags), then u32 the bytes received.
 */
const MMSGHDR = {
  bytes: 64,
  name: 0,
  nameBytes: 8,
  iov: 16,
  iovCount: 24,
  control: 32,
  controlBytes: 40,
  receivedBytes: 56,
} as const

/** struct iovec, bits/types/struct_iovec.h: pointer, u64 length. */
const IOVEC = { bytes: 16, length: 8 } as const

/** struct cmsghdr, bits/socket.h: u64 length with this header, i32 level, i32 type, data. CMSG_SPACE of up to 8. */
const CMSG = { bytes: 24, level: 8, type: 12, data: 16 } as const

/** `count` struct mmsghdr, each with one iovec and room for one control message of up to 8 bytes. */
export interface MessageVector {
  readonly address: number
  /** From one message to the next. */
  readonly strideBytes: number
  /** Every message goes to this sockaddr, which the vector keeps alive. */
  setTo(sockaddr: Uint8Array<ArrayBuffer>): void
  /** Memory that the message sends or fills. */
  setData(index: number, address: number, bytes: number): void
  /** Instead: the message is gathered from parts `from` to before `to` of a list. */
  setParts(index: number, parts: PartList, from: number, to: number): void
  /** To receive, a message must be given its room for control data anew each time. */
  allowControl(index: number): void
  /** Bytes received. */
  bytes(index: number): number
  /** Sends the message as datagrams of so many bytes, the last maybe shorter (UDP_SEGMENT, u16); 0: as one datagram. */
  setSegment(index: number, bytes: number): void
  /** Size of the datagrams that were coalesced into this message (UDP_GRO, int); 0: it is one datagram. */
  segment(index: number): number
}

export function createMessageVector(sockets: LinuxSockets, count: number): MessageVector {
  const memory = new ArrayBuffer(count * (MMSGHDR.bytes + IOVEC.bytes + CMSG.bytes))
  const base = sockets.addressOf(memory)
  const view = new DataView(memory)
  const iovecs = count * MMSGHDR.bytes
  const controls = iovecs + count * IOVEC.bytes
  const setPointer = (at: number, address: number): void => writePointer(view, at, address)
  for (let i = 0; i < count; i++) {
    const at = i * MMSGHDR.bytes
    setPointer(at + MMSGHDR.iov, base + iovecs + i * IOVEC.bytes)
    view.setUint32(at + MMSGHDR.iovCount, 1, true)
    setPointer(at + MMSGHDR.control, base + controls + i * CMSG.bytes)
  }
  const setControlBytes = (index: number, bytes: number): void =>
    view.setUint32(index * MMSGHDR.bytes + MMSGHDR.controlBytes, bytes, true)
  let to: Uint8Array<ArrayBuffer> | null = null
  return {
    address: base,
    strideBytes: MMSGHDR.bytes,
    setTo(sockaddr) {
      to = sockaddr
      for (let i = 0; i < count; i++) {
        setPointer(i * MMSGHDR.bytes + MMSGHDR.name, sockets.addressOf(to.buffer))
        view.setUint32(i * MMSGHDR.bytes + MMSGHDR.nameBytes, sockaddr.length, true)
      }
    },
    setData(index, address, bytes) {
      const at = iovecs + index * IOVEC.bytes
      setPointer(at, address)
      view.setUint32(at + IOVEC.length, bytes, true)
    },
    setParts(index, parts, from, to) {
      const at = index * MMSGHDR.bytes
      setPointer(at + MMSGHDR.iov, parts.address + from * IOVEC.bytes)
      view.setUint32(at + MMSGHDR.iovCount, to - from, true)
    },
    allowControl: index => setControlBytes(index, CMSG.bytes),
    bytes: index => view.getUint32(index * MMSGHDR.bytes + MMSGHDR.receivedBytes, true),
    setSegment(index, bytes) {
      setControlBytes(index, bytes === 0 ? 0 : CMSG.bytes)
      if (bytes === 0) return
      const at = controls + index * CMSG.bytes
      view.setUint32(at, CMSG.data + 2, true)
      view.setInt32(at + CMSG.level, OPTION.segment.level, true)
      view.setInt32(at + CMSG.type, OPTION.segment.option, true)
      view.setUint16(at + CMSG.data, bytes, true)
    },
    segment(index) {
      if (view.getUint32(index * MMSGHDR.bytes + MMSGHDR.controlBytes, true) < CMSG.data + 4)
        return 0
      const at = controls + index * CMSG.bytes
      const isCoalesced =
        view.getInt32(at + CMSG.level, true) === OPTION.coalesce.level &&
        view.getInt32(at + CMSG.type, true) === OPTION.coalesce.option
      return isCoalesced ? view.getInt32(at + CMSG.data, true) : 0
    },
  }
}

/** Parts of messages, struct iovec each, in the order in which they leave. */
export interface PartList {
  readonly address: number
  /** The memory stays alive until another part takes its place. */
  set(index: number, memory: Uint8Array, from: number, bytes: number): void
  /** Parts [from, end) become the first. */
  moveToFront(from: number, end: number): void
}

export function createPartList(sockets: LinuxSockets, count: number): PartList {
  const memory = new ArrayBuffer(count * IOVEC.bytes)
  const view = new DataView(memory)
  const bytes = new Uint8Array(memory)
  const kept: (ArrayBufferLike | null)[] = Array.from({ length: count }, () => null)
  const addresses = new Float64Array(count)
  const known = new WeakMap<ArrayBufferLike, number>()

  function addressOf(buffer: ArrayBufferLike): number {
    const address = known.get(buffer)
    if (address !== undefined) return address
    const found = sockets.addressOf(buffer)
    known.set(buffer, found)
    return found
  }

  return {
    address: sockets.addressOf(memory),
    set(index, part, from, length) {
      const at = index * IOVEC.bytes
      const { buffer } = part
      // What had this place before lay in the same memory, mostly.
      if (kept[index] !== buffer) {
        kept[index] = buffer
        addresses[index] = addressOf(buffer)
      }
      writePointer(view, at, (addresses[index] ?? 0) + part.byteOffset + from)
      view.setUint32(at + IOVEC.length, length, true)
    },
    moveToFront(from, end) {
      bytes.copyWithin(0, from * IOVEC.bytes, end * IOVEC.bytes)
      kept.copyWithin(0, from, end)
      addresses.copyWithin(0, from, end)
    },
  }
}

/** 64 bits, of which an address in JavaScript takes 53. */
function writePointer(view: DataView, at: number, address: number): void {
  view.setUint32(at, address >>> 0, true)
  view.setUint32(at + 4, Math.floor(address / 0x1_0000_0000), true)
}
