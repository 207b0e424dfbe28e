import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { SYMBOL_BYTES } from '../protocol/limits.ts'
import { seededRandom } from '../seededRandom.ts'
import { createErasureCode, type ErasureCode, type Repair } from './fec.ts'
import { referenceRepair } from './reference.ts'

let code: ErasureCode

beforeAll(() => {
  code = createErasureCode()
})

describe('golden vectors, computed by another program', () => {
  /** Only byte 0 of each strip is set, so a symbol shows as 8 bytes. */
  const symbols = ['0123456789abcdef', 'fedcba9876543210', '00ff00ff00ff00ff']
  const repairs = [
    { row: 0, head: 'ef88ef10988876aa' },
    { row: 1, head: '1077101067888955' },
    { row: 127, head: 'bbbaab89ef89dc33' },
  ]

  test.each(repairs)('repair $row of the example in the protocol page', ({ row, head }) => {
    const source = new Uint8Array(3 * SYMBOL_BYTES)
    for (const [i, hex] of symbols.entries()) source.set(spread(hex), i * SYMBOL_BYTES)
    const repair = new Uint8Array(SYMBOL_BYTES).fill(0xee)
    code.encode(source, 3, row, repair)
    expect(hexOf(repair)).toBe(hexOf(spread(head)))
    expect(hexOf(referenceRepair(source, 3, row))).toBe(hexOf(spread(head)))
  })

  test('repairs of a full block', () => {
    const source = Uint8Array.from(
      { length: 128 * SYMBOL_BYTES },
      (_, i) => (i * i * 31 + (i >> 3)) % 256,
    )
    const into = new Uint8Array(3 * SYMBOL_BYTES)
    code.encodeRows(source, 128, [0, 5, 127], into)
    const hashes = [0, 1, 2].map(i =>
      createHash('sha256').update(symbolAt(into, i)).digest('hex').slice(0, 16),
    )
    expect(hashes).toEqual(['bcade24e70b85e13', 'aa8b1c0671ba1e0c', 'db1deab94fe94ace'])
  })
})

describe('encoding', () => {
  test('agrees with the plain reference for any k, rows and data', () => {
    const random = seededRandom(1)
    for (const k of [1, 2, 3, 17, 64, 127, 128, ...picks(random, 6, 128).map(i => i + 1)]) {
      const source = randomBytes(random, k * SYMBOL_BYTES)
      const rows = picks(random, 3, 128)
      const into = new Uint8Array(rows.length * SYMBOL_BYTES)
      code.encodeRows(source, k, rows, into)
      for (const [i, row] of rows.entries()) {
        expect(symbolAt(into, i), `k ${k}, row ${row}`).toEqual(referenceRepair(source, k, row))
      }
    }
  })

  test('gives the same payloads one row at a time as all 128 at once', () => {
    const source = randomBytes(seededRandom(2), 40 * SYMBOL_BYTES)
    const rows = Array.from({ length: 128 }, (_, row) => row)
    const all = new Uint8Array(128 * SYMBOL_BYTES)
    code.encodeRows(source, 40, rows, all)
    const one = new Uint8Array(SYMBOL_BYTES)
    for (const row of rows) {
      code.encode(source, 40, row, one)
      expect(symbolAt(all, row), `row ${row}`).toEqual(one)
    }
  })

  test('uses every one of the 128 factors as the reference does', () => {
    const source = randomBytes(seededRandom(3), 128 * SYMBOL_BYTES)
    const lone = new Uint8Array(128 * SYMBOL_BYTES)
    const repair = new Uint8Array(SYMBOL_BYTES)
    for (let column = 0; column < 128; column++) {
      lone.fill(0)
      lone.set(symbolAt(source, column), column * SYMBOL_BYTES)
      code.encode(lone, 128, 0, repair)
      expect(repair, `column ${column}`).toEqual(referenceRepair(lone, 128, 0))
    }
  })

  test('reads a block from shared memory and leaves it as it was', () => {
    const random = seededRandom(4)
    const bytes = randomBytes(random, 5 * SYMBOL_BYTES)
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 1), 1)
    shared.set(bytes)
    const repair = new Uint8Array(new SharedArrayBuffer(SYMBOL_BYTES))
    code.encode(shared, 5, 9, repair)
    expect([...repair]).toEqual([...referenceRepair(bytes, 5, 9)])
    expect([...shared]).toEqual([...bytes])
  })
})

describe('decoding', () => {
  test('mends the loss of any single symbol from any single row', () => {
    const random = seededRandom(5)
    for (const k of [1, 2, 7, 128]) {
      const source = randomBytes(random, k * SYMBOL_BYTES)
      for (let lost = 0; lost < k; lost++) {
        expectMended(source, k, [lost], picks(random, 1, 128))
      }
    }
  })

  test.each([2, 3, 10, 16, 17, 40])('mends random patterns of %i losses', losses => {
    const random = seededRandom(100 + losses)
    for (let round = 0; round < 8; round++) {
      const k = losses + Math.floor(random() * (129 - losses))
      const source = randomBytes(random, k * SYMBOL_BYTES)
      expectMended(source, k, picks(random, losses, k), picks(random, losses, 128))
    }
  })

  test('mends a block of which every symbol is lost', () => {
    const random = seededRandom(6)
    for (const k of [1, 5, 128]) {
      const source = randomBytes(random, k * SYMBOL_BYTES)
      expectMended(source, k, picks(random, k, k), picks(random, k, 128))
    }
  })

  test('takes repairs in any order and does not use those beyond need', () => {
    const random = seededRandom(7)
    const source = randomBytes(random, 20 * SYMBOL_BYTES)
    const repairs = repairsOf(source, 20, [90, 3, 127, 0, 41])
    const spoilt = { row: 55, payload: randomBytes(random, SYMBOL_BYTES) }
    for (const order of [repairs, repairs.toReversed(), [...repairs.toSorted(byRow), spoilt]]) {
      const block = damaged(source, [19, 0, 7, 8, 12])
      code.decode(block, 20, [19, 0, 7, 8, 12], order)
      expect(block).toEqual(source)
    }
  })

  test('mends a last symbol that is padded with zeros, padding and all', () => {
    const random = seededRandom(8)
    const source = randomBytes(random, 9 * SYMBOL_BYTES)
    source.fill(0, 8 * SYMBOL_BYTES + 37)
    expectMended(source, 9, [8], [4])
    expectMended(source, 9, [2, 8, 5], [100, 101, 102])
  })

  test('leaves an undamaged block alone', () => {
    const source = randomBytes(seededRandom(9), 4 * SYMBOL_BYTES)
    const block = source.slice()
    code.decode(block, 4, [], repairsOf(source, 4, [0]))
    code.decode(block, 4, [], [])
    expect(block).toEqual(source)
  })

  test('is not disturbed by what the code did before', () => {
    const random = seededRandom(10)
    const small = randomBytes(random, 3 * SYMBOL_BYTES)
    const large = randomBytes(random, 128 * SYMBOL_BYTES)
    expectMended(large, 128, picks(random, 128, 128), picks(random, 128, 128))
    expectMended(small, 3, [1, 0], [1, 0])
    expectMended(large, 128, [64], [0])
  })
})

describe('arguments out of range throw and say why', () => {
  const block = new Uint8Array(4 * SYMBOL_BYTES)
  const payload = new Uint8Array(SYMBOL_BYTES)

  test.each([0, 129, 1.5, Number.NaN, -1])('k of %d', k => {
    const message = `a source block has 1 to 128 symbols, not ${k}`
    expect(() => code.encode(block, k, 0, payload)).toThrow(new RangeError(message))
    expect(() => code.decode(block, k, [0], [{ row: 0, payload }])).toThrow(new RangeError(message))
  })

  test('a block that is not k symbols long', () => {
    for (const k of [3, 5]) {
      expect(() => code.encode(block, k, 0, payload)).toThrow(
        `the source block must be ${k} × 1408 bytes long, not 5632`,
      )
      expect(() => code.decode(block, k, [], [])).toThrow(/must be . × 1408/)
    }
  })

  test('a buffer that does not fit the rows', () => {
    expect(() => code.encode(block, 4, 0, payload.subarray(1))).toThrow('1 × 1408')
    expect(() => code.encodeRows(block, 4, [0, 1], payload)).toThrow('2 × 1408')
    expect(() => code.decode(block, 4, [0], [{ row: 0, payload: block }])).toThrow('1 × 1408')
  })

  test('rows and indices that do not exist or come twice', () => {
    for (const row of [-1, 128, 0.5]) {
      expect(() => code.encode(block, 4, row, payload)).toThrow(`repair row ${row} is not`)
      expect(() => code.decode(block, 4, [0], [{ row, payload }])).toThrow(`repair row ${row}`)
    }
    expect(() => code.encodeRows(block, 4, [7, 7], block.subarray(0, 2816))).toThrow('given twice')
    expect(() => code.decode(block, 4, [4], [{ row: 0, payload }])).toThrow('missing symbol 4')
    const twice = [
      { row: 0, payload },
      { row: 0, payload },
    ]
    expect(() => code.decode(block, 4, [1, 2], twice)).toThrow('repair row 0 is given twice')
    expect(() => code.decode(block, 4, [1, 1], repairsOf(block, 4, [0, 1]))).toThrow(
      'missing symbol 1 is given twice',
    )
  })

  test('fewer repairs than losses, and the block stays as it was', () => {
    const source = randomBytes(seededRandom(11), 4 * SYMBOL_BYTES)
    const kept = source.slice()
    expect(() => code.decode(source, 4, [0, 3], repairsOf(source, 4, [8]))).toThrow(
      '2 missing symbols need as many repair symbols, and there are 1',
    )
    expect(source).toEqual(kept)
  })
})

function expectMended(
  source: Uint8Array,
  k: number,
  missing: readonly number[],
  rows: readonly number[],
): void {
  const block = damaged(source, missing)
  code.decode(block, k, missing, repairsOf(source, k, rows))
  // Compared as a whole: toEqual walks byte by byte.
  const isMended = Buffer.compare(block, source) === 0
  expect(isMended, `k ${k}, missing ${missing.join()}, rows ${rows.join()}`).toBe(true)
}

/** What a receiver holds where nothing arrived: anything at all. */
function damaged(source: Uint8Array, missing: readonly number[]): Uint8Array {
  const block = source.slice()
  for (const i of missing) symbolAt(block, i).fill(0xa5)
  return block
}

function repairsOf(source: Uint8Array, k: number, rows: readonly number[]): Repair[] {
  const into = new Uint8Array(rows.length * SYMBOL_BYTES)
  code.encodeRows(source, k, rows, into)
  return rows.map((row, i) => ({ row, payload: symbolAt(into, i) }))
}

function byRow(a: Repair, b: Repair): number {
  return a.row - b.row
}

function symbolAt(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.subarray(index * SYMBOL_BYTES, (index + 1) * SYMBOL_BYTES)
}

/** A symbol of zeros but for byte 0 of each of its 8 strips. */
function spread(hex: string): Uint8Array {
  const symbol = new Uint8Array(SYMBOL_BYTES)
  for (const [strip, byte] of Buffer.from(hex, 'hex').entries()) symbol[strip * 176] = byte
  return symbol
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function randomBytes(random: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

/** `count` different numbers below `limit`, in random order. */
function picks(random: () => number, count: number, limit: number): number[] {
  const left = Array.from({ length: limit }, (_, i) => i)
  return Array.from(
    { length: count },
    () => left.splice(Math.floor(random() * left.length), 1)[0] ?? 0,
  )
}
