import { expect, test } from 'vitest'
import { createField } from './field.ts'
import { planMultiplication } from './xorPlan.ts'

const field = createField()
const all = Array.from({ length: 256 }, (_, i) => i)

test('multiplies as polynomials modulo 0x11D do', () => {
  for (const a of all) {
    for (const b of all) {
      if (field.multiply(a, b) !== longMultiply(a, b)) expect.fail(`${a} × ${b}`)
    }
  }
})

test('every number but 0 has an inverse', () => {
  for (const a of all.slice(1)) expect(longMultiply(a, field.invert(a))).toBe(1)
  expect(() => field.invert(0)).toThrow('no inverse')
})

test('the first factors are those of the protocol page', () => {
  expect([field.coefficient(0, 0), field.coefficient(1, 2)]).toEqual([27, 29])
})

test('the inverse of a Cauchy matrix times the matrix is the identity', () => {
  const rows = [127, 0, 64, 3, 90, 11]
  const columns = [5, 127, 0, 66, 12, 31]
  const inverse = field.invertCauchy(rows, columns)
  for (const [i, line] of inverse.entries()) {
    expect(line.every(entry => entry !== 0)).toBe(true)
    const product = columns.map(column =>
      rows.reduce((sum, row, n) => sum ^ longMultiply(line[n]!, field.coefficient(row, column)), 0),
    )
    expect(product).toEqual(columns.map((_, j) => (i === j ? 1 : 0)))
  }
})

test('the XORs planned for a factor multiply by it', () => {
  for (const factor of all.slice(1)) {
    const { sums, outputs } = planMultiplication(field, factor)
    for (const value of [1, 2, 4, 8, 16, 32, 64, 128, 0xa7]) {
      const terms = Array.from({ length: 8 }, (_, bit) => (value >> bit) & 1)
      for (const [a, b] of sums) terms.push(terms[a]! ^ terms[b]!)
      const bits = outputs.map(output => output.reduce((sum, term) => sum ^ terms[term]!, 0))
      const product = bits.reduce((sum, bit, i) => sum | (bit << i), 0)
      expect(product, `${value} × ${factor}`).toBe(longMultiply(value, factor))
    }
  }
})

/** Shift and add, without tables. */
function longMultiply(a: number, b: number): number {
  let product = 0
  let shifted = a
  for (let rest = b; rest !== 0; rest >>= 1) {
    if (rest & 1) product ^= shifted
    shifted <<= 1
    if (shifted & 0x100) shifted ^= 0x11d
  }
  return product
}
