/**
 * Multicast out of one card, many datagrams to a system call (Linux). Datagrams gather in one buffer; `flush` hands
 * them to sendmmsg(2), equal ones in runs that the kernel or the card cuts apart (udp(7), UDP_SEGMENT). A card without
 * checksum offload refuses runs with EIO: from then on each datagram is a message of its own, still in one call.
 *
 * Packed, several of what was sent make one datagram: they lie one after another already, only the cuts are fewer.
 */
import { isMulticast } from './delivery.ts'
import type { GroupSender, GroupSenderOptions } from './groupSender.ts'
import {
  createMessageVector,
  ERRNO,
  holdToCard,
  type LinuxSockets,
  OPTION,
  packAddress,
  packMembership,
  systemError,
} from './linuxSockets.ts'

/** More than one tick of the transmitter, and what waits when the kernel is full. */
const BATCH_BYTES = 512 * 1024
const BATCH_DATAGRAMS = 1024
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
/** As groupSender.ts: below a card's own queue. The kernel doubles it: eight of the longest runs. */
const SEND_BUFFER_BYTES = 256 * 1024
/** linux/in.h IP_PMTUDISC_DO: set DF, never fragment. */
const NEVER_FRAGMENT = 2
/** What a send of a run fails with where runs are not possible; for anything else it is refused as a datagram too. */
const RUN_REFUSED: readonly number[] = [ERRNO.io, ERRNO.invalid, ERRNO.messageSize]

/** Makes no views, as `set` and `subarray` would for each datagram. */
const copyBytes = Buffer.prototype.copy

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
  const batch = new Uint8Array(new ArrayBuffer(BATCH_BYTES))
  const batchAddress = sockets.addressOf(batch.buffer)
  const messages = createMessageVector(sockets, MESSAGES)
  messages.setTo(packAddress(options.group, options.port))
  const packetBytes = new Uint16Array(BATCH_DATAGRAMS)
  /** Packets in each message of the call that is being made, and datagrams in the first. */
  const inMessage = new Uint16Array(MESSAGES)
  let firstRun = 1
  /** Packets to a datagram, and the bytes that `gather` found. */
  let packing = 1
  let gatheredBytes = 0
  /** Packets [first, end) wait; their bytes are [firstByte, endByte). */
  let first = 0
  let end = 0
  let firstByte = 0
  let endByte = 0
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
    let atByte = firstByte
    while (at < end && count < MESSAGES) {
      const startByte = atByte
      const start = at
      let packets = gather(at)
      const segment = gatheredBytes
      let datagrams = 0
      do {
        at += packets
        atByte += gatheredBytes
        datagrams++
        packets = gather(at)
      } while (
        hasRuns &&
        at < end &&
        segment > 0 &&
        gatheredBytes > 0 &&
        gatheredBytes <= segment &&
        datagrams < MAX_SEGMENTS &&
        atByte - startByte === datagrams * segment && // After a shorter one the run is over.
        atByte - startByte + gatheredBytes <= MAX_DATAGRAM_BYTES
      )
      messages.setData(count, batchAddress + startByte, atByte - startByte)
      messages.setSegment(count, datagrams > 1 ? segment : 0)
      inMessage[count] = at - start
      if (count === 0) firstRun = datagrams
      count++
    }
    return count
  }

  function drop(packets: number): void {
    for (let i = 0; i < packets; i++) firstByte += packetBytes[first++] ?? 0
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
    first = end = firstByte = endByte = 0
  }

  function hasRoom(bytes: number): boolean {
    return end < BATCH_DATAGRAMS && endByte + bytes <= BATCH_BYTES
  }

  /** Moves what waits to the front. */
  function compact(): void {
    batch.copyWithin(0, firstByte, endByte)
    packetBytes.copyWithin(0, first, end)
    end -= first
    endByte -= firstByte
    first = firstByte = 0
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
      batch.set(header, endByte)
      if (payload !== null) copyBytes.call(payload, batch, endByte + header.length, from, to)
      packetBytes[end++] = bytes
      endByte += bytes
      if (!isBlocked && endByte - firstByte >= EAGER_BYTES) flush()
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
