/**
 * Takes a multicast group's datagrams on one card with a thread of its own (Linux): receiveThread.ts empties the
 * socket, whatever this thread is busy with, and datagramRing.ts brings them here.
 */
import { Worker } from 'node:worker_threads'
import { adviseLargePages, populateMemory } from '../libc/libc.ts'
import { isMulticast } from './delivery.ts'
import { allocateRing, createRingConsumer, type RingConsumer } from './datagramRing.ts'
import type { GroupReceiver, GroupReceiverOptions } from './groupReceiver.ts'
import { holdToCard, type LinuxSockets, OPTION, packMembership } from './linuxSockets.ts'
import type { ReceiveThreadData, ReceiveThreadEvent } from './receiveThread.ts'

/** 150 ms at 1 Gbit/s, as the kernel counts it: every datagram with its bookkeeping. */
const RECEIVE_BUFFER_BYTES = 32 * 1024 * 1024
/** A buffer so large holds several milliseconds at 1 Gbit/s: the thread may let datagrams gather. */
const ROOMY_BUFFER_BYTES = 4 * 1024 * 1024
/** Of the ring, used by whoever keeps up: has its pages before the first datagram, when nobody waits for them. */
const USUAL_RING_BYTES = 2 * 1024 * 1024
/** Handed over in one go; then timers and connections have their turn. */
const TURN_BYTES = 1024 * 1024

/** SO_MEMINFO, linux/sock_diag.h: nine u32 (SK_MEMINFO_VARS), the ninth the datagrams dropped. */
const MEMORY_INFO = { bytes: 36, drops: 32 } as const

/**
 * Once its thread looks after the socket: who says that he is ready shall be. Throws system errors: the address is no
 * card's, the port is taken.
 */
export async function openBatchedReceiver(
  sockets: LinuxSockets,
  options: GroupReceiverOptions,
): Promise<GroupReceiver> {
  const fd = openSocket(sockets, options)
  const stopFd = openSignal(sockets, fd)
  const ring = allocateRing()
  adviseLargePages(ring.data, 0, ring.dataBytes) // Before it is touched: 8,192 small ones otherwise.
  populateMemory(ring.data, 0, USUAL_RING_BYTES)
  const workerData: ReceiveThreadData = { fd, stopFd, ring, isRoomy: isRoomy(sockets, fd) }
  const worker = new Worker(new URL('./receiveThread.ts', import.meta.url), { workerData })
  const consumer = createRingConsumer(ring)
  const drops = countDrops(sockets, fd, consumer)
  let isClosed = false
  let hasEnded = false

  const take = (memory: Buffer, spans: Int32Array, count: number): boolean => {
    if (options.onSpans) options.onSpans(memory, spans, count)
    else {
      for (let i = 0; i < count && !isClosed; i++) {
        options.onDatagram(memory.subarray(spans[2 * i], spans[2 * i + 1]))
      }
    }
    return !isClosed
  }
  const turn = (): void => {
    if (isClosed) return
    let isMore = true
    try {
      isMore = consumer.drain(TURN_BYTES, take)
    } finally {
      // Also after an error in onDatagram, which is the caller's: the next datagram is not its fault.
      if (!isClosed && (isMore || !consumer.await())) setImmediate(turn)
    }
  }
  const ready = new Promise<void>((resolve, reject) => {
    worker.on('message', (event: ReceiveThreadEvent) => {
      if (event.kind === 'ready') resolve()
      else if (event.kind === 'filled') turn()
      else if (event.kind === 'failed') options.onFault?.(new Error(event.reason))
      else letGo()
    })
    worker.once('error', reject)
  })
  worker.on('error', error => options.onFault?.(error))
  let isOver: () => void = () => undefined
  const ended = new Promise<void>(resolve => {
    isOver = resolve
  })
  function letGo(): void {
    if (hasEnded) return
    hasEnded = true
    drops.stop()
    sockets.close(fd)
    sockets.close(stopFd)
    worker.unref() // It ends by itself, and must not hold up the end of the process.
    isOver()
  }
  worker.once('exit', letGo)
  turn()
  await ready
  return {
    kernelDrops: drops.count,
    close() {
      if (!isClosed) {
        isClosed = true
        drops.stop()
        if (!hasEnded) sockets.signal(stopFd) // Its number may be another file's by then.
      }
      return ended
    },
  }
}

function openSocket(sockets: LinuxSockets, options: GroupReceiverOptions): number {
  const { group, port, interfaceAddress } = options
  const fd = sockets.open()
  try {
    sockets.set(fd, OPTION.reuseAddress, 1) // Several receivers on one computer.
    sockets.set(fd, OPTION.multicastAll, 0)
    try {
      sockets.set(fd, OPTION.receiveBufferForce, RECEIVE_BUFFER_BYTES)
    } catch {
      sockets.set(fd, OPTION.receiveBuffer, RECEIVE_BUFFER_BYTES) // At most net.core.rmem_max.
    }
    coalesce(sockets, fd)
    sockets.bind(fd, group, port)
    if (isMulticast(group)) {
      sockets.setBytes(fd, OPTION.join, packMembership(sockets, group, interfaceAddress))
    } else holdToCard(sockets, fd, interfaceAddress)
    return fd
  } catch (error) {
    sockets.close(fd)
    throw error
  }
}

function openSignal(sockets: LinuxSockets, fd: number): number {
  try {
    return sockets.openSignal()
  } catch (error) {
    sockets.close(fd)
    throw error
  }
}

function coalesce(sockets: LinuxSockets, fd: number): void {
  try {
    sockets.set(fd, OPTION.coalesce, 1)
  } catch {
    // Linux before 5.0: every datagram is a message of its own.
  }
}

function isRoomy(sockets: LinuxSockets, fd: number): boolean {
  const bytes = new Int32Array(1)
  sockets.get(fd, OPTION.receiveBuffer, new Uint8Array(bytes.buffer))
  return (bytes[0] ?? 0) >= ROOMY_BUFFER_BYTES
}

/**
 * The kernel counts a dropped run of datagrams once, so drops are weighed with the mean length of the runs that
 * arrived meanwhile: exact without coalescing or with equal runs, close otherwise. Until any arrive, with the last mean.
 */
function countDrops(
  sockets: LinuxSockets,
  fd: number,
  ring: Pick<RingConsumer, 'arrived'>,
): { count(): number; stop(): void } {
  const info = new Uint8Array(MEMORY_INFO.bytes)
  let isStopped = false
  let seenDrops = 0
  let seen = ring.arrived()
  let runLength = 1
  let total = 0
  let told = 0

  function look(): void {
    sockets.get(fd, OPTION.memoryInfo, info)
    const drops = new DataView(info.buffer).getUint32(MEMORY_INFO.drops, true)
    const newDrops = (drops - seenDrops) >>> 0
    const arrived = ring.arrived()
    const messages = (arrived.messages - seen.messages) | 0
    if (messages > 0) runLength = ((arrived.datagrams - seen.datagrams) | 0) / messages
    told = Math.max(told, Math.round(total + newDrops * runLength))
    if (messages === 0) return
    total += newDrops * runLength
    seenDrops = drops
    seen = arrived
  }

  return {
    count() {
      if (!isStopped) look()
      return told
    },
    stop() {
      if (!isStopped) look()
      isStopped = true
    },
  }
}
