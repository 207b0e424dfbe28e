/**
 * Datagrams from one thread to another, through shared memory: one producer, one consumer, nobody waits.
 *
 * The producer receives straight into the ring, into slots large enough for the largest message, then moves messages
 * together. A message is a run of datagrams of equal size, the last maybe shorter (udp(7), UDP_GRO). The memory between
 * belongs to the consumer from `publish` until it has taken the message.
 */

import { allocateMemory } from '../../../shared/wasmMemory.ts'

/** Shared by both threads; survives structured clone. */
export interface SharedRing {
  readonly control: SharedArrayBuffer
  readonly messages: SharedArrayBuffer
  readonly data: SharedArrayBuffer
  /** Of `data`, for messages. */
  readonly dataBytes: number
}

/** Largest message: a UDP datagram, or a run of them, stays under 65,535 bytes. */
export const SLOT_BYTES = 64 * 1024
/** A power of two. */
const MESSAGES = 16 * 1024
/** 250 ms at 1 Gbit/s. */
const DATA_BYTES = 32 * 1024 * 1024
/** Message starts are rounded up to this, and empty datagrams take it. */
const ALIGN_BYTES = 64
/** Room that may be left between two messages, as a part of the earlier one; beyond it the later one is moved down. */
const SPARE_SHIFT = 3
/** While less of the ring than this share is in use, room is plenty: then only what is small is moved. */
const PLENTY = 1 / 4
/** A single datagram at most: without segmentation offload each would touch a page, or two, of its own. */
const SMALL_BYTES = 16 * 1024

/** Indices into `control`. The counts run for ever and wrap. */
const PRODUCED = 0
const CONSUMED = 1
const IS_AWAITED = 2
const ARRIVED_DATAGRAMS = 3
const CONTROL_WORDS = 16

/** Three words for each message. */
const WORDS = 3
const OFFSET = 0
const BYTES = 1
const DATAGRAM_BYTES = 2

/** Handed over at a time, or one run if that is longer: Linux puts up to 128 datagrams together (UDP_MAX_SEGMENTS). */
const SPANS = 128
/** From and to of each, behind the data: so that a WebAssembly module finds both in one memory. */
const SPANS_BYTES = SPANS * 2 * 4

/** A consumer that keeps up uses the first few slots and no more. */
export function allocateRing(dataBytes = DATA_BYTES): SharedRing {
  return {
    control: new SharedArrayBuffer(CONTROL_WORDS * 4),
    messages: new SharedArrayBuffer(MESSAGES * WORDS * 4),
    data: allocateMemory(dataBytes + SPANS_BYTES).buffer,
    dataBytes,
  }
}

export interface RingProducer {
  /** How many slots are free in one piece from `slotOffset` on, at most `wanted`; 0: the consumer is behind. */
  reserve(wanted: number): number
  readonly slotOffset: number
  /** Slot `index` of those reserved now holds a message. Indices rise. */
  put(index: number, bytes: number, datagramBytes: number): void
  /** Lets the consumer see what was put. True when it waits to be woken. */
  publish(): boolean
}

export function createRingProducer(ring: SharedRing): RingProducer {
  const control = new Int32Array(ring.control)
  const messages = new Int32Array(ring.messages)
  const data = new Uint8Array(ring.data, 0, ring.dataBytes)
  let produced = Atomics.load(control, PRODUCED)
  let datagrams = 0
  let slotOffset = 0
  let isPlenty = true
  /** Where the next message may begin. */
  let head = 0

  /** Bytes from `head` on, after moving it to where there are more. */
  function findRoom(wantedBytes: number, consumed: number): number {
    if (consumed === produced) {
      isPlenty = true
      head = 0 // The memory that was used last is in the processor's cache.
      return data.length
    }
    const tail = messages[(consumed & (MESSAGES - 1)) * WORDS + OFFSET] ?? 0
    isPlenty = (head - tail + data.length) % data.length < data.length * PLENTY
    if (head <= tail) return tail - head
    const room = data.length - head
    if (room >= wantedBytes || tail <= room) return room
    head = 0
    return tail
  }

  return {
    get slotOffset() {
      return slotOffset
    },
    reserve(wanted) {
      const consumed = Atomics.load(control, CONSUMED)
      const room = findRoom(wanted * SLOT_BYTES, consumed)
      slotOffset = head
      const free = MESSAGES - ((produced - consumed) | 0)
      return Math.min(wanted, free, Math.floor(room / SLOT_BYTES))
    },
    put(index, bytes, datagramBytes) {
      const slot = slotOffset + index * SLOT_BYTES
      let at = slot
      if ((!isPlenty || bytes < SMALL_BYTES) && slot - head > bytes >> SPARE_SHIFT) {
        at = head
        data.copyWithin(at, slot, slot + bytes)
      }
      head = at + Math.max(ALIGN_BYTES, Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES)
      const entry = (produced & (MESSAGES - 1)) * WORDS
      messages[entry + OFFSET] = at
      messages[entry + BYTES] = bytes
      messages[entry + DATAGRAM_BYTES] = datagramBytes
      produced = (produced + 1) | 0
      datagrams = (datagrams + (datagramBytes === 0 ? 1 : Math.ceil(bytes / datagramBytes))) | 0
    },
    publish() {
      Atomics.store(control, ARRIVED_DATAGRAMS, datagrams)
      Atomics.store(control, PRODUCED, produced)
      return Atomics.exchange(control, IS_AWAITED, 0) === 1
    },
  }
}

/**
 * `count` datagrams, each between two offsets of `memory`: from at `2 * i` of `spans`, to after it. Valid during the
 * call. False: no more of them.
 */
export type TakeDatagrams = (memory: Buffer, spans: Int32Array, count: number) => boolean

export interface RingConsumer {
  /**
   * Hands over what is there, about `limitBytes` of it at most, many datagrams at a time: so each of many readers has a
   * while of its own. Stops early when `take` answers false or throws; what it was handed counts as taken. Answers
   * whether anything may be left.
   */
  drain(limitBytes: number, take: TakeDatagrams): boolean
  /** Asks to be woken by the next publish. False when something was there already. */
  await(): boolean
  /** Put into the ring since the start, taken or not; a run is one message. 32 bits: they wrap. */
  arrived(): { readonly messages: number; readonly datagrams: number }
}

export function createRingConsumer(ring: SharedRing): RingConsumer {
  const control = new Int32Array(ring.control)
  const messages = new Int32Array(ring.messages)
  const data = Buffer.from(ring.data, 0, ring.dataBytes)
  let spans: Int32Array = new Int32Array(ring.data, ring.dataBytes, 2 * SPANS)
  let count = 0
  let consumed = Atomics.load(control, CONSUMED)

  /** Gives the memory of all messages before `end` back once their datagrams are taken. */
  function hand(take: TakeDatagrams, end: number): boolean {
    const handed = count
    count = 0
    try {
      return handed === 0 || take(data, spans, handed)
    } finally {
      consumed = end
      Atomics.store(control, CONSUMED, consumed)
    }
  }

  /** False when `take` wants no more; the message stays where it is then. */
  function gather(message: number, take: TakeDatagrams): boolean {
    const entry = (message & (MESSAGES - 1)) * WORDS
    const bytes = messages[entry + BYTES] ?? 0
    const step = messages[entry + DATAGRAM_BYTES] || bytes
    const run = bytes === 0 ? 1 : Math.ceil(bytes / step)
    if (count + run > SPANS && !hand(take, message)) return false
    if (2 * run > spans.length) spans = new Int32Array(2 * run)
    let from = messages[entry + OFFSET] ?? 0
    const end = from + bytes
    do {
      spans[2 * count] = from
      from = Math.min(from + step, end)
      spans[2 * count + 1] = from
      count++
    } while (from < end)
    return true
  }

  return {
    drain(limitBytes, take) {
      let drainedBytes = 0
      let next = consumed
      while (next !== Atomics.load(control, PRODUCED)) {
        if (drainedBytes >= limitBytes) {
          hand(take, next)
          return true
        }
        drainedBytes += messages[(next & (MESSAGES - 1)) * WORDS + BYTES] ?? 0
        if (!gather(next, take)) return true
        next = (next + 1) | 0
      }
      return !hand(take, next)
    },
    await() {
      Atomics.store(control, IS_AWAITED, 1)
      if (consumed === Atomics.load(control, PRODUCED)) return true
      Atomics.store(control, IS_AWAITED, 0)
      return false
    },
    arrived: () => ({
      messages: Atomics.load(control, PRODUCED),
      datagrams: Atomics.load(control, ARRIVED_DATAGRAMS),
    }),
  }
}
