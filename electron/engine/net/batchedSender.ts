/**
 * Multicast out of one card, many datagrams to a system call (Linux). Datagrams stay where they are, header and payload;
 * `flush` hands a list of them to sendmmsg(2), equal ones in runs that the kernel or the card cuts apart (udp(7),
 * UDP_SEGMENT). A card without checksum offload refuses runs with EIO: from then on each datagram is a message of its own,
 * still in one call.
 *
 * Packed, several of what was sent make one datagram: they follow one another already, only the cuts are fewer.
 */
import { isMulticast } from './delivery.ts'
import type { GroupSender, GroupSenderOptions } from './groupSender.ts'
import {
  ERRNO,
  holdToCard,
  type LinuxSockets,
  OPTION,
  packAddress,
  packMembership,
  systemError,
} from './linuxSockets.ts'
import { createMessageVector, createPartList } from './messageVector.ts'
import { ANY_ADDRESS } from './socketTable.ts'

/**
 * Datagrams may wait in the process up to this many bytes, more than one tick of the transmitter; beyond it the sender
 * holds still.
 */
export const QUEUE_BYTES = 512 * 1024
/** And up to this many: tiny datagrams would otherwise outnumber the buffers that callers rotate. */
export const QUEUE_DATAGRAMS = 1024
/**
 * Gathered so far, a batch leaves: it is still in the processor's cache, and the card starts while we read on. Two
 * whole runs of the protocol's datagrams (45 x 1,432 bytes), so that no short ones are left between.
 */
const EAGER_BYTES = 2 * 45 * 1432
/** UDP_MAX_SEGMENTS, linux/udp.h of the kernel, up to 6.x; newer ones allow 128. */
const MAX_SEGMENTS = 64
/** 65,535 less IPv4 and UDP headers. */
const MAX_DATAGRAM_BYTES = 65_507
const MESSAGES = 64
/** Header and payload. */
const PARTS = 2
/** Of one message: UIO_MAXIOV, linux/uio.h. */
const MAX_PARTS = 1024
/** As groupSender.ts: below a card's own queue. The kernel doubles it: eight of the longest runs. */
const SEND_BUFFER_BYTES = 256 * 1024
/** linux/in.h IP_PMTUDISC_DO: set DF, never fragment. */
const NEVER_FRAGMENT = 2
/** What a send of a run fails with where runs are not possible; for anything else it is refused as a datagram too. */
const RUN_REFUSED: readonly number[] = [ERRNO.io, ERRNO.invalid, ERRNO.messageSize]

/** Throws system errors: the address is no card's, no socket left. */
export function openBatchedSender(sockets: LinuxSockets, options: GroupSenderOptions): GroupSender {
  const fd = sockets.open()
  try {
    tune(sockets, fd, options)
    sockets.bind(fd, options.interfaceAddress, 0)
    return createSender(sockets, fd, sockets.port(fd), options)
  } catch (error) {
    sockets.close(fd)
    throw error
  }
}

/** Everything but the system calls: what is sent is laid out and goes nowhere. */
export function openSenderToNowhere(sockets: LinuxSockets): GroupSender {
  const idle: LinuxSockets = {
    ...sockets,
    setBytes: () => undefined,
    send: (_fd, _messages, count) => count,
    close: () => undefined,
  }
  return createSender(idle, -1, 0, {
    interfaceAddress: ANY_ADDRESS,
    group: ANY_ADDRESS,
    port: 0,
    ttl: 0,
    isLoopedBack: false,
    onSendError: () => undefined,
  })
}

function tune(sockets: LinuxSockets, fd: number, options: GroupSenderOptions): void {
  try {
    sockets.set(fd, OPTION.sendBufferForce, SEND_BUFFER_BYTES)
  } catch {
    sockets.set(fd, OPTION.sendBuffer, SEND_BUFFER_BYTES) // Without CAP_NET_ADMIN: at most net.core.wmem_max.
  }
  sockets.set(fd, OPTION.pathMtuDiscovery, NEVER_FRAGMENT)
  if (!isMulticast(options.group)) {
    sockets.set(fd, OPTION.broadcast, 1)
    holdToCard(sockets, fd, options.interfaceAddress)
  }
  // Only then does Linux tell a sender (ENOBUFS) that the card's own queue dropped a datagram (ip(7), udp_sendmsg). Not
  // for unicast: there it tells of each receiver's ICMP errors too.
  else sockets.set(fd, OPTION.receiveErrors, 1)
  sockets.set(fd, OPTION.multicastTtl, options.ttl)
  sockets.set(fd, OPTION.multicastLoop, options.isLoopedBack ? 1 : 0)
}

function createSender(
  sockets: LinuxSockets,
  fd: number,
  port: number,
  options: GroupSenderOptions,
): GroupSender {
  sockets.setBytes(
    fd,
    OPTION.multicastCard,
    packMembership(sockets, null, options.interfaceAddress),
  )
  const parts = createPartList(sockets, QUEUE_DATAGRAMS * PARTS)
  const messages = createMessageVector(sockets, MESSAGES)
  messages.setTo(packAddress(options.group, options.port))
  const packetBytes = new Uint16Array(QUEUE_DATAGRAMS)
  /** Packets in each message of the call that is being made, and datagrams in the first. */
  const inMessage = new Uint16Array(MESSAGES)
  let firstRun = 1
  /** Packets to a datagram, and the bytes that `gather` found. */
  let packing = 1
  let gatheredBytes = 0
  /** Packets [first, end) wait. */
  let first = 0
  let end = 0
  let waitingBytes = 0
  let hasRuns = true
  let isBlocked = false
  let isClosed = false

  /** How many packets the datagram takes that begins with this one. */
  function gather(from: number): number {
    gatheredBytes = packetBytes[from] ?? 0
    let packets = 1
    for (; packets < packing && from + packets < end; packets++) {
      gatheredBytes += packetBytes[from + packets] ?? 0
    }
    return packets
  }

  /** Lays out what waits as messages; answers how many. */
  function layOut(): number {
    let count = 0
    let at = first
    while (at < end && count < MESSAGES) {
      const start = at
      let bytes = 0
      let packets = gather(at)
      const segment = gatheredBytes
      let datagrams = 0
      do {
        at += packets
        bytes += gatheredBytes
        datagrams++
        packets = gather(at)
      } while (
        hasRuns &&
        at < end &&
        segment > 0 &&
        gatheredBytes > 0 &&
        gatheredBytes <= segment &&
        datagrams < MAX_SEGMENTS &&
        bytes === datagrams * segment && // After a shorter one the run is over.
        bytes + gatheredBytes <= MAX_DATAGRAM_BYTES &&
        (at + packets - start) * PARTS <= MAX_PARTS
      )
      messages.setParts(count, parts, start * PARTS, at * PARTS)
      messages.setSegment(count, datagrams > 1 ? segment : 0)
      inMessage[count] = at - start
      if (count === 0) firstRun = datagrams
      count++
    }
    return count
  }

  function drop(packets: number): void {
    for (let i = 0; i < packets; i++) waitingBytes -= packetBytes[first++] ?? 0
  }

  function refuse(errno: number): void {
    const count = inMessage[0] ?? 1
    // The card's MTU has shrunk: small ones still pass.
    if (packing > 1 && (errno === ERRNO.messageSize || errno === ERRNO.invalid)) {
      packing = 1
      return
    }
    if (firstRun > 1 && RUN_REFUSED.includes(errno)) {
      hasRuns = false
      return
    }
    drop(count)
    const error = systemError(`send to ${options.group}:${options.port}`, errno)
    for (let i = 0; i < count; i++) options.onSendError(error)
  }

  function flush(): void {
    if (isClosed) return
    isBlocked = false
    while (first < end) {
      const result = sockets.send(fd, messages.address, layOut())
      // Dropped is the first that was to leave, whole: it is sent again, like one that the socket had no room for.
      if (result === -ERRNO.again || result === -ERRNO.noBuffer) {
        isBlocked = true
        return
      }
      if (result < 0 && result !== -ERRNO.interrupted) refuse(-result)
      for (let i = 0; i < result; i++) drop(inMessage[i] ?? 0)
    }
    first = end = waitingBytes = 0
  }

  function hasRoom(bytes: number): boolean {
    return end < QUEUE_DATAGRAMS && waitingBytes + bytes <= QUEUE_BYTES
  }

  /** Moves what waits to the front. */
  function compact(): void {
    parts.moveToFront(first * PARTS, end * PARTS)
    packetBytes.copyWithin(0, first, end)
    end -= first
    first = 0
  }

  return {
    port,
    send(header, payload, from = 0, to = payload?.length ?? 0) {
      if (isClosed) throw new Error('send after close')
      const bytes = header.length + to - from
      if (bytes > MAX_DATAGRAM_BYTES) {
        const what = `send ${bytes} bytes to ${options.group}:${options.port}`
        return options.onSendError(systemError(what, ERRNO.messageSize))
      }
      if (!hasRoom(bytes)) {
        flush()
        if (isBlocked) compact()
        // A caller that asks isFull() first never comes here: the datagram counts as lost.
        if (!hasRoom(bytes)) return options.onSendError(systemError('send', ERRNO.again))
      }
      parts.set(end * PARTS, header, 0, header.length)
      parts.set(end * PARTS + 1, payload ?? header, from, to - from)
      packetBytes[end++] = bytes
      waitingBytes += bytes
      if (!isBlocked && waitingBytes >= EAGER_BYTES) flush()
    },
    flush,
    pack(packets) {
      flush()
      packing = packets
    },
    isFull() {
      if (isBlocked) flush()
      return isBlocked
    },
    close() {
      flush()
      if (!isClosed) sockets.close(fd)
      isClosed = true
    },
  }
}
