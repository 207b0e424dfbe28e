/**
 * Multiplication by a constant of GF(2^8), as XORs of bits. It is linear, so it is an 8 × 8 bit matrix; sums that several
 * outputs share are formed once (Paar's greedy method, 1997). With the
 * addition to the target, a constant takes 22.9 XORs on average.
 */
import type { Field } from './field.ts'

export interface XorPlan {
  /** Terms 0 to 7 are the input's bits; sum i defines term 8 + i from two earlier terms. */
  readonly sums: readonly (readonly [number, number])[]
  /** Terms to be XORed for each of the 8 output bits. */
  readonly outputs: readonly (readonly number[])[]
}

export function planMultiplication(field: Field, coefficient: number): XorPlan {
  /** Bit i of usedBy[term]: output i contains the term. */
  const usedBy = Array.from({ length: 8 }, (_, bit) => field.multiply(coefficient, 1 << bit))
  const sums: [number, number][] = []
  for (;;) {
    const pair = mostSharedPair(usedBy)
    if (pair === null) break
    const [a, b] = pair
    const shared = (usedBy[a] ?? 0) & (usedBy[b] ?? 0)
    usedBy[a] = (usedBy[a] ?? 0) & ~shared
    usedBy[b] = (usedBy[b] ?? 0) & ~shared
    usedBy.push(shared)
    sums.push(pair)
  }
  const outputs = Array.from({ length: 8 }, (_, bit) =>
    usedBy.flatMap((outputs, term) => ((outputs >> bit) & 1 ? [term] : [])),
  )
  return { sums, outputs }
}

/** The two terms that most outputs have in common; null once no two outputs share a pair. */
function mostSharedPair(usedBy: readonly number[]): [number, number] | null {
  let best: [number, number] | null = null
  let most = 1
  for (let a = 0; a < usedBy.length; a++) {
    const outputsOfA = usedBy[a] ?? 0
    for (let b = a + 1; b < usedBy.length; b++) {
      const shared = outputsOfA & (usedBy[b] ?? 0)
      // Fewer than two bits: no need to count.
      if ((shared & (shared - 1)) === 0) continue
      const count = bitCount(shared)
      if (count > most) {
        most = count
        best = [a, b]
      }
    }
  }
  return best
}

function bitCount(byte: number): number {
  let count = 0
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++
  return count
}
