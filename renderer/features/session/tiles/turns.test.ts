import { expect, test } from 'vitest'
import { begin, renew, turn } from './turns.ts'

interface Counted {
  readonly key: string
  readonly at: number
}
const rows = (at: number, keys = 'abcdefg'): Counted[] => keys.split('').map(key => ({ key, at }))
const seen = (parts: readonly (readonly Counted[])[]): string =>
  parts.map(part => part.map(row => `${row.key}${row.at}`).join('')).join(' ')

test('new rows are shown part by part, and the parts in between stay the same arrays', () => {
  const first = begin(rows(1), 3)
  expect(seen(first.parts)).toBe('a1b1c1 d1e1f1 g1')
  const once = renew(first, rows(2), 3)
  expect(seen(once.parts)).toBe('a2b2c2 d1e1f1 g1')
  expect(once.parts[1]).toBe(first.parts[1])
  const all = turn(turn(once))
  expect(seen(all.parts)).toBe('a2b2c2 d2e2f2 g2')
  expect(turn(all)).toBe(all)
})

test('rows that come faster than the turns leave no part behind', () => {
  let turns = begin(rows(0), 2)
  for (let at = 1; at <= 8; at++) turns = renew(turns, rows(at), 2)
  const ages = turns.parts.map(part => 8 - (part[0]?.at ?? 0))
  expect(ages.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3])
})

test('a part in which nothing changed costs no turn', () => {
  const before = rows(1)
  const after = before.map((row, at) => (at < 3 ? row : { ...row, at: 2 }))
  expect(seen(renew(begin(before, 3), after, 3).parts)).toBe('a1b1c1 d2e2f2 g1')
})

test.each([
  ['a machine more', rows(2, 'abcdefgh'), 3],
  ['a machine fewer', rows(2, 'abcdef'), 3],
  ['another order', rows(2, 'bacdefg'), 3],
  ['another size', rows(2), 4],
])('%s is shown at once', (_, after, size) => {
  const turns = renew(begin(rows(1), 3), after, size)
  expect(turns.parts.flat()).toEqual(after)
})
