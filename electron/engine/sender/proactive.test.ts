import { expect, test } from 'vitest'
import { createLossMeter, lastRows, proactiveRows, spareRows } from './proactive.ts'

const many = (count: number, loss: number): number[] => Array.from({ length: count }, () => loss)

test('nothing is sent unasked while nine in ten machines lose less than half a per cent', () => {
  expect(proactiveRows(125, [])).toBe(0)
  expect(proactiveRows(125, many(8, 0.004))).toBe(0)
  expect(proactiveRows(125, [...many(19, 0), 0.3])).toBe(0)
})

test('the more machines lose, the more rows somebody surely needs', () => {
  const rows = [1, 8, 32, 200].map(count => proactiveRows(125, many(count, 0.05)))
  expect(rows).toEqual(rows.toSorted((a, b) => a - b))
  // Of 125 symbols at 5 % one machine loses 6.25, the worst of eight about ten.
  expect(rows[0]).toBe(3)
  expect(rows[1]).toBe(8)
})

test('of the rows for a block all are needed in nine blocks of ten', () => {
  const [k, loss, machines] = [125, 0.05, 8]
  const rows = proactiveRows(k, many(machines, loss))
  let [term, sum] = [(1 - loss) ** k, 0]
  for (let lost = 0; lost < rows; lost++) {
    sum += term
    term *= ((k - lost) / (lost + 1)) * (loss / (1 - loss))
  }
  expect(1 - sum ** machines).toBeGreaterThan(0.9)
})

/** That a receiver loses at most `most` of `count`. */
function chance(most: number, count: number, loss: number): number {
  let [term, sum] = [(1 - loss) ** count, 0]
  for (let lost = 0; lost <= most; lost++) {
    sum += term
    term *= ((count - lost) / (lost + 1)) * (loss / (1 - loss))
  }
  return sum
}

test('with the last chunk go as many rows as suffice for all its blocks nine times of ten', () => {
  const [k, loss, machines, blocks] = [125, 0.01, 32, 6]
  const rows = lastRows(k, many(machines, loss), blocks)
  const counted = Math.ceil(machines * 0.9)
  expect(chance(rows, k, loss) ** (counted * blocks)).toBeGreaterThanOrEqual(0.9)
  expect(chance(rows - 1, k, loss) ** (counted * blocks)).toBeLessThan(0.9)
  expect(rows).toBeGreaterThan(proactiveRows(k, many(machines, loss)))
  expect(lastRows(k, many(32, 0.001), blocks)).toBe(0)
})

test('what is mended last gets spare rows for its own losses, at most as many again', () => {
  const [loss, machines] = [0.05, 10]
  const spare = spareRows(3, many(machines, loss), machines)
  expect(chance(spare, 3 + spare, loss) ** machines).toBeGreaterThanOrEqual(0.9)
  expect(chance(spare - 1, 3 + spare - 1, loss) ** machines).toBeLessThan(0.9)
  expect(spareRows(3, many(machines, 0.001), machines)).toBe(0)
  expect(spareRows(0, many(machines, 0.5), machines)).toBe(0)
  expect(spareRows(2, many(machines, 0.9), machines)).toBe(2)
})

test('a quarter of a block is the most, however bad the network', () => {
  expect(proactiveRows(128, many(8, 0.6))).toBe(32)
})

test('the meter needs some hundred datagrams, follows a change, and starts anew with a connection', () => {
  const meter = createLossMeter()
  meter.update(1, { receivedDatagrams: 0, missedDatagrams: 0 })
  meter.update(1, { receivedDatagrams: 90, missedDatagrams: 10 })
  expect(meter.loss(1)).toBe(0)
  meter.update(1, { receivedDatagrams: 900, missedDatagrams: 100 })
  expect(meter.loss(1)).toBeCloseTo(0.1, 2)
  meter.update(1, { receivedDatagrams: 30_900, missedDatagrams: 100 })
  expect(meter.loss(1)).toBeLessThan(0.001)
  meter.update(1, { receivedDatagrams: 5, missedDatagrams: 5 })
  expect(meter.loss(1)).toBe(0)
})
