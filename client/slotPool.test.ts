import { expect, test } from 'vitest'
import { firstLargePage, LARGE_PAGE_BYTES } from '../electron/engine/libc/libc.ts'
import { createSlotPool, RESERVED_BYTES } from './slotPool.ts'

const KIB64 = 65_536
const MIB = 1024 * 1024

test('a slot holds at least what was asked, in memory that threads share', () => {
  const pool = createSlotPool(10 * KIB64)
  const slot = pool.take(KIB64 + 1)
  expect(slot?.bytes.length).toBe(2 * KIB64)
  expect(slot?.bytes.buffer).toBeInstanceOf(SharedArrayBuffer)
  expect(slot?.address).toBeGreaterThanOrEqual(RESERVED_BYTES)
  expect(pool.freeBytes()).toBe(8 * KIB64)
})

test('the bound holds, and what is given back can be taken again', () => {
  const pool = createSlotPool(3 * KIB64)
  const slots = [pool.take(1), pool.take(1), pool.take(1)]
  expect(pool.take(1)).toBeNull()
  const [first] = slots
  if (first) pool.give(first)
  expect(pool.take(1)).toEqual(first)
})

test('slots of many sizes find room up to the bound, whatever gaps were left', () => {
  const pool = createSlotPool(20 * KIB64)
  const small = Array.from({ length: 20 }, () => pool.take(1))
  // Every other one: no two free pages lie together.
  for (const [i, slot] of small.entries()) if (slot && i % 2 === 0) pool.give(slot)
  expect(pool.take(10 * KIB64)?.bytes.length).toBe(10 * KIB64)
  expect(pool.freeBytes()).toBe(0)
})

test('the first slot begins, and the memory ends, where a large page does', () => {
  const pool = createSlotPool(64 * MIB)
  const first = firstLargePage(pool.memory.buffer)
  for (let i = 0; i < 50; i++) {
    const slot = pool.take(MIB)
    if (i === 0) expect(((slot?.address ?? 0) - first) % LARGE_PAGE_BYTES).toBe(0)
    expect((pool.memory.buffer.byteLength - first) % LARGE_PAGE_BYTES).toBe(0)
  }
})

test('growing leaves what is there as it is, and no two slots overlap', () => {
  const pool = createSlotPool(64 * MIB)
  const slots = Array.from({ length: 50 }, () => pool.take(MIB + 1))
  for (const [i, slot] of slots.entries()) slot?.bytes.fill(i + 1)
  for (const [i, slot] of slots.entries()) {
    expect(slot?.bytes.every(byte => byte === i + 1)).toBe(true)
    expect(new Uint8Array(pool.memory.buffer)[slot?.address ?? 0]).toBe(i + 1)
  }
})
