/**
 * The thread that empties one socket, recvmmsg(2) by recvmmsg, into a ring. It never waits for the other end: when the
 * ring is full, the socket's own buffer fills, and what finds no room there the kernel drops and counts.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { createRingProducer, type SharedRing, SLOT_BYTES } from './datagramRing.ts'
import { ERRNO, type LinuxSockets, loadLinuxSockets, systemError } from './linuxSockets.ts'
import { createMessageVector } from './messageVector.ts'

export interface ReceiveThreadData {
  readonly fd: number
  /** Becomes readable when the thread shall end. */
  readonly stopFd: number
  readonly ring: SharedRing
  /** Whether the socket's buffer holds some milliseconds of traffic. */
  readonly isRoomy: boolean
}

export type ReceiveThreadEvent =
  /** It looks after the socket from now on. */
  | { readonly kind: 'ready' }
  /** The ring has something; once per `await` of the consumer. */
  | { readonly kind: 'filled' }
  /** The socket failed; nothing more will come. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** It has let go of the socket and will end. */
  | { readonly kind: 'stopped' }

/** Messages to a call: 2 MiB of slots. */
const MESSAGES = 32
/** A process that exits waits for its threads, so none may sleep in the kernel for long. */
const IDLE_MS = 100
/**
 * After each look, so that datagrams come in hundreds and not one to a wake-up of two threads: at 200 Mbit/s waking is
 * most of what receiving costs. Far less than any timer of the protocol, and than what a roomy buffer holds.
 */
const GATHER_MS = 8
/** When little comes, as at 20 Mbit/s and less, where each datagram would still be nearly alone. */
const LONG_GATHER_MS = 20
const LITTLE_BYTES = 32 * 1024

/**
 * From letting go of the socket to the thread's end, whose 10 ms of processor time are the main thread's: where many
 * receivers share a computer, all would take them when the last chunk has come and waits to be written.
 */
const LINGER_MS = 2_000

/** struct pollfd, poll.h: i32 descriptor, i16 events wanted, i16 events found. */
const POLLFD = { bytes: 8, wanted: 4, found: 6 } as const
const POLLIN = 1

if (parentPort) await run(workerData as ReceiveThreadData, parentPort)

async function run(data: ReceiveThreadData, port: NonNullable<typeof parentPort>): Promise<void> {
  const sockets = await loadLinuxSockets()
  if (sockets === null) throw new Error('no socket calls in the receiving thread')
  const tell = (event: ReceiveThreadEvent): void => port.postMessage(event)
  tell({ kind: 'ready' })
  const errno = receiveUntilStopped(sockets, data, () => tell({ kind: 'filled' }))
  if (errno !== 0) tell({ kind: 'failed', reason: systemError('recvmmsg', errno).message })
  tell({ kind: 'stopped' })
  await sleep(LINGER_MS)
}

/** Answers 0 when told to stop, else the errno that the socket failed with. */
function receiveUntilStopped(
  sockets: LinuxSockets,
  { fd, stopFd, ring, isRoomy }: ReceiveThreadData,
  wake: () => void,
): number {
  const producer = createRingProducer(ring)
  const vector = createMessageVector(sockets, MESSAGES)
  const ringAddress = sockets.addressOf(ring.data)
  const polled = pollfds([stopFd, fd])
  const pollAddress = sockets.addressOf(polled.buffer)
  /** Of the last look. */
  let bytes = 0
  const isFound = (index: number): boolean =>
    polled.getInt16(index * POLLFD.bytes + POLLFD.found, true) !== 0

  for (;;) {
    sockets.poll(pollAddress, 2, IDLE_MS)
    if (isFound(0)) return 0
    if (!isFound(1)) continue
    let slots: number
    let received: number
    bytes = 0
    do {
      slots = producer.reserve(MESSAGES)
      received = slots === 0 ? 0 : receive(slots)
    } while (received === MESSAGES)
    if (received < 0 && received !== -ERRNO.again && received !== -ERRNO.interrupted) {
      return -received
    }
    if (isRoomy || slots === 0) {
      sockets.poll(pollAddress, 1, bytes < LITTLE_BYTES ? LONG_GATHER_MS : GATHER_MS)
      if (isFound(0)) return 0
    }
  }

  function receive(slots: number): number {
    for (let i = 0; i < slots; i++) {
      vector.setData(i, ringAddress + producer.slotOffset + i * SLOT_BYTES, SLOT_BYTES)
      vector.allowControl(i)
    }
    const count = sockets.receive(fd, vector.address, slots)
    for (let i = 0; i < count; i++) {
      bytes += vector.bytes(i)
      producer.put(i, vector.bytes(i), vector.segment(i))
    }
    if (count > 0 && producer.publish()) wake()
    return count
  }
}

function pollfds(descriptors: readonly number[]): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(descriptors.length * POLLFD.bytes))
  descriptors.forEach((fd, i) => {
    view.setInt32(i * POLLFD.bytes, fd, true)
    view.setInt16(i * POLLFD.bytes + POLLFD.wanted, POLLIN, true)
  })
  return view
}
