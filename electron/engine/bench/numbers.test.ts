import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sql } from '../catalog/schema/0004-bench.ts'
import { createNumbers } from './numbers.ts'

const HOUR_MS = 3_600_000
let database: Sqlite.Database
let nowMs: number
const now = (): number => nowMs

beforeEach(() => {
  nowMs = 1_000_000_000
  database = new Sqlite(':memory:')
  database.exec(sql)
})
afterEach(() => void database.close())

test('numbers are given in order of coming, and the lowest free one first', () => {
  const numbers = createNumbers(database, now)
  expect(['a', 'b', 'a', 'c'].map(id => numbers.numberOf(id, null))).toEqual([1, 2, 1, 3])
  nowMs += 6 * HOUR_MS
  for (const id of ['a', 'c']) numbers.seen(id)
  nowMs += 7 * HOUR_MS
  // Nobody saw b for thirteen hours; a and c are still known.
  expect(numbers.numberOf('d', null)).toBe(2)
  expect(numbers.numberOf('c', null)).toBe(3)
  numbers.close()
})

test('an engine that comes after another knows its numbers, and two at once give none twice', () => {
  const first = createNumbers(database, now)
  first.numberOf('a', null)
  first.close()
  const second = createNumbers(database, now)
  expect(second.numberOf('b', null)).toBe(2)
  expect(second.numberOf('a', 9)).toBe(1)
  second.close()
  // The first has been open all the time.
  expect(first.numberOf('c', null)).toBe(3)
  first.close()
})

test('whoever invents machines fills no more than 4096 numbers, and takes those that were away longest', () => {
  const numbers = createNumbers(database, now)
  numbers.numberOf('first', null)
  for (let i = 0; i < 5_000; i++) {
    nowMs++
    numbers.seen('first')
    numbers.numberOf(`invented ${i}`, null)
  }
  numbers.close()
  expect(database.prepare('SELECT count(*) FROM bench_machines').pluck().get()).toBe(4_096)
  expect(numbers.numberOf('first', null)).toBe(1)
  numbers.close()
})
