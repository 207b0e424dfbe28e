/**
 * Arithmetic in GF(2^8), polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11D), and the Cauchy matrices built on it.
 * PROTOCOL.md §3.1. Addition is XOR. Cauchy codes: Bloemer et al., ICSI TR-95-048, 1995.
 */

/** Source symbols and, apart from those, repair rows of one block: half of the field each, so that no column meets a row. */
export const MAX_COLUMNS = 128
export const MAX_ROWS = 128

export interface Field {
  multiply(a: number, b: number): number
  /** Of 1 to 255; 0 has none. */
  invert(a: number): number
  /** Factor of source symbol `column` in repair `row`, both 0 to 127. Never 0. */
  coefficient(row: number, column: number): number
  /**
   * The square matrix that turns sums over `rows` back into the symbols at `columns`: entry [column][row], by position
   * in the two lists, which hold distinct numbers and are equally long. Closed form, so O(n²). No entry is 0.
   */
  invertCauchy(rows: readonly number[], columns: readonly number[]): Uint8Array[]
}

export function createField(): Field {
  const { power, log } = tables()
  const inverses = Uint8Array.from(log, (exponent, value) =>
    value ? at(power, 255 - exponent) : 0,
  )
  return {
    multiply: (a, b) => (a === 0 || b === 0 ? 0 : at(power, at(log, a) + at(log, b))),
    invert: a => {
      if (a === 0) throw new Error('0 has no inverse in GF(256)')
      return at(inverses, a)
    },
    coefficient: (row, column) => at(inverses, rowPoint(row) ^ column),
    invertCauchy: (rows, columns) => invertCauchy(power, log, rows, columns),
  }
}

/** Rows stand for the upper half of the field, columns for the lower. */
function rowPoint(row: number): number {
  return 128 ^ row
}

/** Powers of the generator 2, twice over so that sums of two logarithms need no modulo; log[0] is never read. */
function tables(): { power: Uint8Array; log: Uint8Array } {
  const power = new Uint8Array(510)
  const log = new Uint8Array(256)
  let value = 1
  for (let exponent = 0; exponent < 255; exponent++) {
    power[exponent] = value
    power[exponent + 255] = value
    log[value] = exponent
    value <<= 1
    if (value & 0x100) value ^= 0x11d
  }
  return { power, log }
}

/**
 * With x_i the points of the rows and y_j those of the columns, and '+' for XOR (Knuth, TAOCP 1 §1.2.3 exercise 41):
 *
 *   inverse[j][i] = Π_n (x_i + y_n) · Π_n (x_n + y_j)
 *                   ─────────────────────────────────────────────────────────
 *                   (x_i + y_j) · Π_{n≠i} (x_i + x_n) · Π_{n≠j} (y_j + y_n)
 */
function invertCauchy(
  power: Uint8Array,
  log: Uint8Array,
  rows: readonly number[],
  columns: readonly number[],
): Uint8Array[] {
  const points = rows.map(rowPoint)
  const rowLogs = points.map(x => productLog(log, x, columns) - productLog(log, x, points))
  const columnLogs = columns.map(y => productLog(log, y, points) - productLog(log, y, columns))
  return columns.map((y, j) => {
    const columnLog = at(columnLogs, j)
    const line = new Uint8Array(points.length)
    for (let i = 0; i < points.length; i++) {
      const exponent = at(rowLogs, i) + columnLog - at(log, at(points, i) ^ y)
      line[i] = at(power, ((exponent % 255) + 255) % 255)
    }
    return line
  })
}

/** Logarithm, not reduced, of the product of point + other over all others but the point itself. */
function productLog(log: Uint8Array, point: number, others: readonly number[]): number {
  let sum = 0
  for (const other of others) if (other !== point) sum += at(log, point ^ other)
  return sum
}

function at(list: ArrayLike<number>, index: number): number {
  const value = list[index]
  if (value === undefined) throw new Error(`GF(256) table has no entry ${index}`)
  return value
}
