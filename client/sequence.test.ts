import { expect, test } from 'vitest'
import { seededRandom } from '../shared/seededRandom.ts'
import { createSequence } from './sequence.ts'

function see(...seqs: number[]): ReturnType<typeof createSequence> {
  const sequence = createSequence()
  for (const seq of seqs) sequence.see(seq)
  return sequence
}

test('a gap is missed, what came before the first datagram is not', () => {
  const sequence = see(100, 101, 105)
  expect(sequence.missed()).toBe(3)
  expect(sequence.received()).toBe(3)
  expect(sequence.seenSeq()).toBe(105)
})

test('a late datagram is taken out of the count again', () => {
  const sequence = see(1, 4)
  expect(sequence.see(2)).toBe('late')
  expect(sequence.missed()).toBe(1)
  expect(sequence.see(3)).toBe('late')
  expect(sequence.missed()).toBe(0)
  expect(sequence.seenSeq()).toBe(4)
})

test('a repeated datagram counts once, late or not', () => {
  const sequence = see(1, 2, 4)
  expect(sequence.see(4)).toBe('repeat')
  expect(sequence.see(3)).toBe('late')
  expect(sequence.see(3)).toBe('repeat')
  expect(sequence.received()).toBe(4)
  expect(sequence.missed()).toBe(0)
})

test('numbers go on counting across the wrap', () => {
  // No datagram has the number 0.
  const sequence = see(0xffff_fffe, 0xffff_ffff, 1, 3)
  expect(sequence.missed()).toBe(1)
  expect(sequence.see(2)).toBe('late')
  expect(sequence.missed()).toBe(0)
})

test('symbols without a number, from the control connection, change nothing', () => {
  const sequence = see(5, 6)
  expect(sequence.see(0)).toBe('old')
  expect([sequence.seenSeq(), sequence.received(), sequence.missed()]).toEqual([6, 2, 0])
})

test('a gap as long as the window, and longer, is counted in full', () => {
  for (const gap of [4094, 4095, 4096, 4097, 1_000_000]) {
    expect(see(1, 2 + gap).missed()).toBe(gap)
  }
})

test('one stray old datagram changes nothing, a row of them is a sender that started again', () => {
  const sequence = see(1_000_000)
  expect(sequence.see(5)).toBe('old')
  sequence.see(1_000_001)
  expect(sequence.seenSeq()).toBe(1_000_001)
  const seen = Array.from({ length: 70 }, (_, i) => sequence.see(10 + i))
  expect(seen.filter(each => each === 'old')).toHaveLength(63)
  expect(sequence.seenSeq()).toBe(79)
  expect(sequence.missed()).toBe(0)
})

test('after a restart the next number is the first, and what was counted stays', () => {
  const sequence = see(10, 12)
  sequence.restart()
  expect(sequence.seenSeq()).toBe(0)
  expect(sequence.see(3)).toBe('newest')
  expect(sequence.missed()).toBe(1)
})

test('with loss, reordering and repeats at random, missed is exactly what never came', () => {
  const random = seededRandom(42)
  const count = 50_000
  const order: { seq: number; at: number }[] = []
  let lost = 0
  for (let i = 0; i < count; i++) {
    const seq = (0xffff_f000 + i + (i < 0x1000 ? 0 : 1)) >>> 0 // Never 0.
    // The ends arrive, so that every gap lies between two arrivals.
    if (i > 100 && i < count - 100 && random() < 0.05) {
      lost++
      continue
    }
    order.push({ seq, at: i + (i > 100 && i < count - 200 ? random() * 50 : 0) })
    if (random() < 0.01) order.push({ seq, at: i + 60 })
  }
  const sequence = createSequence()
  for (const { seq } of order.toSorted((a, b) => a.at - b.at)) sequence.see(seq)
  expect(sequence.missed()).toBe(lost)
  expect(sequence.received()).toBe(count - lost)
})
