/**
 * udpcast's parity, as stock receivers compute it: a Cauchy-like code over GF(2^8), after L. Rizzo's "Effective erasure
 * codes" (1997), here matched byte for byte against the stock sender's `--fec`. Not the code of shared/fec, whose
 * parity lies in strips of bits.
 *
 * Block b of a slice belongs to stripe b mod 8, so neighbours that are lost together fall into different stripes. Row r
 * of a stripe is the sum of inv(128 ^ c ^ r) · D_c over its blocks, c counted within the stripe, a short block filled up
 * with zeros. Any 16 losses of a stripe, data or parity, are mended by what is left.
 */
import { BLOCK_BYTES } from './packet.ts'

/** A slice is at most 1024 blocks, the receivers' bitmap, and a stripe at most 128, half the field. */
export const STRIPES = 8
const STRIPE_BLOCKS = 128
/**
 * Parity blocks of a stripe: 12.5 % more to send. Of 128 + 16 datagrams, 1 % lost independently, more than 16 are lost
 * with P = 1.6e-13 (binomial tail). 100 GB are 537,000 stripes: 8e-8 that a machine fails, at 2 % loss 0.3 %. The 8 rows
 * of the stock default leave 1.1e-5, a failure each 17 GB. In a row, 128 of a slice may be lost: what a socket of 92
 * datagrams overflows by while its machine is busy.
 */
const ROWS = 16

/** Of one slice after the other; holds about 700 kB. */
export interface Parity {
  /** Begins a slice of `blocks` blocks. */
  begin(blocks: number): void
  /** Each block of the slice once, in any order. `payload` is only read. */
  add(block: number, payload: Uint8Array): void
  /** Numbers of the parity blocks that stand for something, one row of all stripes after the other. */
  numbers(): readonly number[]
  /** Memory of its own, once all blocks are added. */
  block(number: number): Uint8Array
}

/** Four rows to a word: one look-up and one sum serve four of them. */
const WORDS = ROWS / 4

export function createParity(): Parity {
  const products = createProducts()
  const sums = Array.from({ length: STRIPES }, () => new Int32Array(BLOCK_BYTES * WORDS))
  let stripes = 0

  function sumOf(block: number): Int32Array {
    const sum = sums[block % STRIPES]
    if (!sum) throw new Error(`block ${block} belongs to no stripe`)
    return sum
  }

  return {
    begin(blocks) {
      stripes = Math.min(blocks, STRIPES)
      for (const sum of sums) sum.fill(0)
    },
    add(block, payload) {
      const column = Math.floor(block / STRIPES)
      const table = products.subarray(column * 256 * WORDS, (column + 1) * 256 * WORDS)
      addProducts(sumOf(block), table, payload)
    },
    numbers: () =>
      Array.from({ length: STRIPES * ROWS }, (_, number) => number).filter(
        number => number % STRIPES < stripes,
      ),
    block(number) {
      const row = Math.floor(number / STRIPES)
      const sum = sumOf(number)
      const shift = (row % 4) * 8
      const bytes = new Uint8Array(BLOCK_BYTES)
      for (let at = 0, from = Math.floor(row / 4); at < bytes.length; at++, from += WORDS) {
        bytes[at] = (sum[from] ?? 0) >>> shift
      }
      return bytes
    },
  }
}

/** Written for speed: each byte of the image passes here once. `table` holds WORDS words for each value of a byte. */
function addProducts(sum: Int32Array, table: Int32Array, payload: Uint8Array): void {
  for (let at = 0, to = 0; at < payload.length; at++, to += 4) {
    const from = (payload[at] ?? 0) * 4
    sum[to] = (sum[to] ?? 0) ^ (table[from] ?? 0)
    sum[to + 1] = (sum[to + 1] ?? 0) ^ (table[from + 1] ?? 0)
    sum[to + 2] = (sum[to + 2] ?? 0) ^ (table[from + 2] ?? 0)
    sum[to + 3] = (sum[to + 3] ?? 0) ^ (table[from + 3] ?? 0)
  }
}

/** For each column and each value of a byte, its products with the coefficients of all rows. */
function createProducts(): Int32Array {
  const { exp, log } = createField()
  const products = new Int32Array(STRIPE_BLOCKS * 256 * WORDS)
  for (let column = 0; column < STRIPE_BLOCKS; column++) {
    for (let row = 0; row < ROWS; row++) {
      const inverse = 255 - (log[128 ^ column ^ row] ?? 0)
      for (let value = 1; value < 256; value++) {
        const product = exp[(inverse + (log[value] ?? 0)) % 255] ?? 0
        const at = (column * 256 + value) * WORDS + Math.floor(row / 4)
        products[at] = (products[at] ?? 0) | (product << ((row % 4) * 8))
      }
    }
  }
  return products
}

/** GF(2^8) over x^8 + x^4 + x^3 + x^2 + 1; 2 generates it. */
function createField(): { readonly exp: Uint8Array; readonly log: Uint8Array } {
  const exp = new Uint8Array(255)
  const log = new Uint8Array(256)
  for (let power = 0, value = 1; power < 255; power++) {
    exp[power] = value
    log[value] = power
    value <<= 1
    if (value > 255) value ^= 0x11d
  }
  return { exp, log }
}
