import { expect, test } from 'vitest'
import { BITMAP_BYTES } from '../../../shared/protocol/needReport.ts'
import { createFlights, type Lack } from './flights.ts'

const CHUNK = 5

function lack(...symbols: number[]): Lack {
  const missing = new Uint8Array(BITMAP_BYTES)
  for (const symbol of symbols)
    missing[symbol >> 3] = (missing[symbol >> 3] ?? 0) | (1 << (symbol & 7))
  return { chunk: CHUNK, block: 1, missingCount: symbols.length, missing }
}

/** Of block 1. */
const symbols = (...list: number[]): Uint16Array => Uint16Array.from(list, one => (1 << 8) | one)

test('each repair row on its way mends one missing symbol, whichever', () => {
  const flights = createFlights()
  flights.begin(CHUNK, symbols(128, 129))
  flights.sent(CHUNK, 100)
  expect(flights.beyond(lack(3, 4, 9), 90)).toEqual({ ...lack(3, 4, 9), missingCount: 1 })
  expect(flights.beyond(lack(3), 90).missingCount).toBe(0)
})

test('a source symbol on its way mends only itself', () => {
  const flights = createFlights()
  flights.begin(CHUNK, symbols(3, 7))
  flights.sent(CHUNK, 100)
  expect(flights.beyond(lack(3, 4), 90)).toEqual(lack(4))
  expect(flights.beyond(lack(4, 5), 90)).toEqual(lack(4, 5))
})

test('what a receiver has seen the end of, and what went out in another block, is not on its way', () => {
  const flights = createFlights()
  flights.begin(CHUNK, symbols(128))
  flights.sent(CHUNK, 100)
  expect(flights.areOut(CHUNK, 99)).toBe(true)
  expect(flights.areOut(CHUNK, 100)).toBe(false)
  expect(flights.beyond(lack(3), 100)).toEqual(lack(3))
  const other = { ...lack(3), block: 2 }
  expect(flights.beyond(other, 90)).toEqual(other)
})

test('flights add up, and the one that still goes out counts for everybody', () => {
  const flights = createFlights()
  flights.begin(CHUNK, symbols(128))
  flights.sent(CHUNK, 100)
  flights.begin(CHUNK, symbols(129, 4))
  expect(flights.beyond(lack(3, 4, 9, 10), 90)).toEqual({ ...lack(3, 9, 10), missingCount: 1 })
  expect(flights.beyond(lack(3, 4, 9, 10), 100)).toEqual({ ...lack(3, 9, 10), missingCount: 2 })
  flights.sent(CHUNK, 110)
  expect(flights.beyond(lack(3), 110)).toEqual(lack(3))
})

test('the numbers may wrap, and a chunk that goes out as a whole begins anew', () => {
  const flights = createFlights()
  flights.begin(CHUNK, symbols(128))
  flights.sent(CHUNK, 5)
  expect(flights.areOut(CHUNK, 0xffff_fff0)).toBe(true)
  flights.forget(CHUNK)
  expect(flights.areOut(CHUNK, 0xffff_fff0)).toBe(false)
})

test('memory stays in its bound: the chunk mended longest ago is forgotten first', () => {
  const flights = createFlights()
  for (let chunk = 0; chunk < 1_024; chunk++) flights.begin(chunk, symbols(128))
  flights.begin(0, symbols(129))
  flights.begin(5_000, symbols(128))
  const known = [0, 1, 2, 5_000].map(chunk => flights.areOut(chunk, 0))
  expect(known).toEqual([true, false, true, true])
})
