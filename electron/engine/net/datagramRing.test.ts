import { expect, test } from 'vitest'
import { seededRandom } from '../../../shared/seededRandom.ts'
import {
  allocateRing,
  createRingConsumer,
  createRingProducer,
  type RingProducer,
  type SharedRing,
  SLOT_BYTES,
  type TakeDatagrams,
} from './datagramRing.ts'

/** Fills slot `index` as recvmmsg would. */
function fill(ring: SharedRing, producer: RingProducer, index: number, bytes: Uint8Array): void {
  new Uint8Array(ring.data).set(bytes, producer.slotOffset + index * SLOT_BYTES)
}

test('runs come out as their datagrams, the last one shorter', () => {
  const ring = allocateRing()
  const producer = createRingProducer(ring)
  const consumer = createRingConsumer(ring)
  expect(producer.reserve(3)).toBe(3)
  fill(ring, producer, 0, Buffer.from('aabbc'))
  fill(ring, producer, 2, Buffer.from('single'))
  producer.put(0, 5, 2)
  producer.put(1, 0, 0)
  producer.put(2, 6, 0)
  producer.publish()
  const taken: string[] = []
  const take = each(datagram => taken.push(datagram.toString()) > 0)
  expect(consumer.drain(1_000_000, take)).toBe(false)
  expect(taken).toEqual(['aa', 'bb', 'c', '', 'single'])
  expect(consumer.arrived()).toEqual({ messages: 3, datagrams: 5 })
})

function each(take: (datagram: Buffer) => boolean): TakeDatagrams {
  return (memory, spans, count) => {
    for (let i = 0; i < count; i++) {
      if (!take(memory.subarray(spans[2 * i], spans[2 * i + 1]))) return false
    }
    return true
  }
}

test('any order of filling and draining keeps every byte, also around the end', () => {
  const ring = allocateRing(8 * SLOT_BYTES)
  const producer = createRingProducer(ring)
  const consumer = createRingConsumer(ring)
  const random = seededRandom(7)
  const expected: Buffer[] = []
  let compared = 0
  const compare = each(datagram => {
    if (!datagram.equals(expected[compared]!)) throw new Error(`message ${compared} differs`)
    compared++
    return true
  })
  let wasFull = 0
  for (let round = 0; round < 5_000; round++) {
    const slots = producer.reserve(4)
    if (slots === 0) wasFull++
    const used = Math.floor(random() * (slots + 1))
    const messages = Array.from({ length: used }, () =>
      Buffer.alloc(
        Math.floor(random() * (random() < 0.7 ? 1500 : 65_000)),
        Math.floor(random() * 256),
      ),
    )
    messages.forEach((bytes, i) => fill(ring, producer, i, bytes))
    messages.forEach((bytes, i) => producer.put(i, bytes.length, 0))
    expected.push(...messages)
    producer.publish()
    // The reader falls behind at times, so that the ring fills.
    if (round % 50 < 25 && random() < 0.97) continue
    consumer.drain(Math.floor(random() * 200_000), compare)
  }
  consumer.drain(Number.POSITIVE_INFINITY, compare)
  expect(compared).toBe(expected.length)
  expect(compared).toBeGreaterThan(1_000)
  expect(wasFull).toBeGreaterThan(10)
})

test('the counts may wrap', () => {
  const ring = allocateRing()
  new Int32Array(ring.control).fill(0x7fff_fffe, 0, 2)
  const producer = createRingProducer(ring)
  const consumer = createRingConsumer(ring)
  let taken = ''
  for (const text of ['a', 'b', 'c', 'd']) {
    expect(producer.reserve(2)).toBe(2)
    fill(ring, producer, 0, Buffer.from(text))
    producer.put(0, 1, 0)
    producer.publish()
    if (text === 'b' || text === 'd') {
      consumer.drain(
        100,
        each(datagram => (taken += datagram.toString()) !== ''),
      )
    }
  }
  expect(taken).toBe('abcd')
})

test('the producer is told once that somebody waits', () => {
  const ring = allocateRing()
  const producer = createRingProducer(ring)
  const consumer = createRingConsumer(ring)
  const produce = (): boolean => {
    producer.reserve(1)
    producer.put(0, 1, 0)
    return producer.publish()
  }
  expect(produce()).toBe(false)
  expect(consumer.await()).toBe(false)
  consumer.drain(100, () => true)
  expect(consumer.await()).toBe(true)
  expect(produce()).toBe(true)
  expect(produce()).toBe(false)
})

test('what was handed over counts as taken even if its reader throws', () => {
  const ring = allocateRing()
  const producer = createRingProducer(ring)
  const consumer = createRingConsumer(ring)
  const produce = (...sizes: readonly number[]): void => {
    producer.reserve(sizes.length)
    sizes.forEach((bytes, i) => producer.put(i, bytes, 0))
    producer.publish()
  }
  produce(1, 2)
  const fail = (): boolean => {
    throw new Error('reader')
  }
  expect(() => consumer.drain(100, fail)).toThrow('reader')
  produce(3)
  const taken: number[] = []
  consumer.drain(
    100,
    each(datagram => taken.push(datagram.length) > 0),
  )
  expect(taken).toEqual([3])
})

test('hands over so many at a time, and a run never in parts', () => {
  const ring = allocateRing()
  const producer = createRingProducer(ring)
  const consumer = createRingConsumer(ring)
  const runs = [100, 28, 1, 200, 5]
  producer.reserve(runs.length)
  runs.forEach((datagrams, i) => producer.put(i, datagrams * 10, 10))
  producer.publish()
  const counts: number[] = []
  expect(consumer.drain(100_000, (_, __, count) => counts.push(count) > 0)).toBe(false)
  expect(counts).toEqual([128, 1, 200, 5])
})

test('single datagrams lie together, long runs stay where the socket put them', () => {
  const ring = allocateRing()
  const producer = createRingProducer(ring)
  const consumer = createRingConsumer(ring)
  const sizes = [1400, 1400, 60_000, 1400, 60_000]
  producer.reserve(sizes.length)
  sizes.forEach((bytes, i) => fill(ring, producer, i, new Uint8Array(bytes).fill(i + 1)))
  sizes.forEach((bytes, i) => producer.put(i, bytes, 0))
  producer.publish()
  const offsets: number[] = []
  consumer.drain(1_000_000, (memory, spans, count) => {
    for (let i = 0; i < count; i++) {
      const [from = 0, to = 0] = [spans[2 * i], spans[2 * i + 1]]
      offsets.push(from)
      expect(memory.subarray(from, to).every(byte => byte === i + 1)).toBe(true)
    }
    return true
  })
  expect(offsets).toEqual([0, 1408, 2 * SLOT_BYTES, 2 * SLOT_BYTES + 60_032, 4 * SLOT_BYTES])
})
