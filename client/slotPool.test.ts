import { expect, test } from 'vitest'
import { createSlotPool } from './slotPool.ts'

const KIB64 = 65_536

test('a slot holds at least what was asked, in memory that threads share', () => {
  const pool = createSlotPool(10 * KIB64)
  const slot = pool.take(KIB64 + 1)
  expect(slot?.length).toBe(2 * KIB64)
  expect(slot?.buffer).toBeInstanceOf(SharedArrayBuffer)
  expect(pool.freeBytes()).toBe(8 * KIB64)
})

test('the bound holds, and what is given back can be taken again', () => {
  const pool = createSlotPool(3 * KIB64)
  const slots = [pool.take(1), pool.take(1), pool.take(1)]
  expect(pool.take(1)).toBeNull()
  const [first] = slots
  if (first) pool.give(first)
  expect(pool.take(1)).toBe(first)
})

test('idle slots of another size make way', () => {
  const pool = createSlotPool(4 * KIB64)
  const small = [pool.take(1), pool.take(1), pool.take(1), pool.take(1)]
  for (const slot of small) if (slot) pool.give(slot)
  expect(pool.take(4 * KIB64)?.length).toBe(4 * KIB64)
  expect(pool.freeBytes()).toBe(0)
})
