/**
 * Repair symbols of a source block, and source symbols from repair symbols: systematic Cauchy Reed-Solomon over GF(2^8).
 * Any k of a block's source and repair symbols give the whole block. PROTOCOL.md §3.1.
 */
import { SYMBOL_BYTES } from '../protocol/limits.ts'
import { createField, type Field, MAX_COLUMNS, MAX_ROWS } from './field.ts'
import { createKernel, type Kernel } from './kernel.ts'
import { KERNEL_AT, MATRIX_STRIDE } from './kernelLayout.ts'

/**
 * Synchronous; keeps nothing between calls but scratch memory (384 KiB), so one serves one thread. Buffers stay the
 * caller's and may be shared memory. Every argument out of range is a bug of the caller: a RangeError, nothing written.
 */
export interface ErasureCode {
  /**
   * Writes the payload of repair `row`, 0 to 127, into the 1408 bytes of `into`. `source`: the block's k symbols, 1 to
   * 128, of 1408 bytes one after the other, the last padded with zeros.
   */
  encode(source: Uint8Array, k: number, row: number, into: Uint8Array): void
  /** Several rows at once, their payloads one after the other, reading the source once. */
  encodeRows(source: Uint8Array, k: number, rows: readonly number[], into: Uint8Array): void
  /**
   * Fills the missing source symbols of a block in place. `missing`: their indices, whose bytes may hold anything;
   * `repairs`: at least as many, of different rows, in any order; those beyond are not used.
   */
  decode(block: Uint8Array, k: number, missing: readonly number[], repairs: readonly Repair[]): void
}

export interface Repair {
  /** Symbol number less 128. */
  readonly row: number
  /** 1408 bytes. */
  readonly payload: Uint8Array
}

/** Compiles its code, and outside of a bundle makes it first, in 30 ms: make one per thread and keep it. */
export function createErasureCode(): ErasureCode {
  const field = createField()
  const kernel = createKernel(field)
  return {
    encode: (source, k, row, into) => encodeRows(field, kernel, source, k, [row], into),
    encodeRows: (source, k, rows, into) => encodeRows(field, kernel, source, k, rows, into),
    decode: (block, k, missing, repairs) => decode(field, kernel, block, k, missing, repairs),
  }
}

function encodeRows(
  field: Field,
  kernel: Kernel,
  source: Uint8Array,
  k: number,
  rows: readonly number[],
  into: Uint8Array,
): void {
  checkBlock(source, k)
  checkIndices('repair row', rows, MAX_ROWS)
  checkBytes('the payloads of the repair rows', into, rows.length)
  const { memory } = kernel
  for (let column = 0; column < k; column++) writeColumn(field, memory, column, column, rows)
  memory.set(source, KERNEL_AT.first)
  memory.fill(0, KERNEL_AT.second, KERNEL_AT.second + into.length)
  kernel.multiplyAdd(KERNEL_AT.second, KERNEL_AT.first, k, rows.length, KERNEL_AT.matrix)
  into.set(memory.subarray(KERNEL_AT.second, KERNEL_AT.second + into.length))
}

/** Takes the known symbols out of the repairs; what remains are sums over the missing ones only, which are then solved. */
function decode(
  field: Field,
  kernel: Kernel,
  block: Uint8Array,
  k: number,
  missing: readonly number[],
  repairs: readonly Repair[],
): void {
  checkBlock(block, k)
  checkIndices('missing symbol', missing, k)
  checkIndices(
    'repair row',
    repairs.map(repair => repair.row),
    MAX_ROWS,
  )
  for (const repair of repairs) checkBytes('the payload of a repair symbol', repair.payload, 1)
  if (repairs.length < missing.length) {
    throw new RangeError(
      `${missing.length} missing symbols need as many repair symbols, and there are ${repairs.length}`,
    )
  }
  if (missing.length === 0) return
  const used = repairs.slice(0, missing.length)
  reduceToMissing(field, kernel, block, k, missing, used)
  solve(field, kernel, block, missing, used)
}

/** Leaves, in the kernel's second area, each repair less its share of the known symbols. */
function reduceToMissing(
  field: Field,
  kernel: Kernel,
  block: Uint8Array,
  k: number,
  missing: readonly number[],
  repairs: readonly Repair[],
): void {
  const { memory } = kernel
  const rows = repairs.map(repair => repair.row)
  let known = 0
  let column = 0
  // Between two losses everything is copied at once: with few losses, most of the time goes here.
  for (const lost of [...missing.toSorted((a, b) => a - b), k]) {
    const run = block.subarray(column * SYMBOL_BYTES, lost * SYMBOL_BYTES)
    memory.set(run, KERNEL_AT.first + known * SYMBOL_BYTES)
    for (; column < lost; column++) writeColumn(field, memory, known++, column, rows)
    column = lost + 1
  }
  for (const [i, repair] of repairs.entries()) {
    memory.set(repair.payload, KERNEL_AT.second + i * SYMBOL_BYTES)
  }
  kernel.multiplyAdd(KERNEL_AT.second, KERNEL_AT.first, known, repairs.length, KERNEL_AT.matrix)
}

/** The missing symbols from the sums in the second area, by way of the first. */
function solve(
  field: Field,
  kernel: Kernel,
  block: Uint8Array,
  missing: readonly number[],
  repairs: readonly Repair[],
): void {
  const { memory } = kernel
  const count = missing.length
  const inverse = field.invertCauchy(
    repairs.map(repair => repair.row),
    missing,
  )
  for (const [target, factors] of inverse.entries()) {
    let at = KERNEL_AT.matrix + target
    for (const factor of factors) {
      memory[at] = factor
      at += MATRIX_STRIDE
    }
  }
  memory.fill(0, KERNEL_AT.first, KERNEL_AT.first + count * SYMBOL_BYTES)
  kernel.multiplyAdd(KERNEL_AT.first, KERNEL_AT.second, count, count, KERNEL_AT.matrix)
  for (const [i, column] of missing.entries()) {
    const at = KERNEL_AT.first + i * SYMBOL_BYTES
    block.set(memory.subarray(at, at + SYMBOL_BYTES), column * SYMBOL_BYTES)
  }
}

/** Writes what `column` contributes to each row as the kernel's matrix column `index`. */
function writeColumn(
  field: Field,
  memory: Uint8Array,
  index: number,
  column: number,
  rows: readonly number[],
): void {
  const at = KERNEL_AT.matrix + index * MATRIX_STRIDE
  for (let i = 0; i < rows.length; i++) memory[at + i] = field.coefficient(rows[i] ?? 0, column)
}

function checkBlock(block: Uint8Array, k: number): void {
  if (!Number.isInteger(k) || k < 1 || k > MAX_COLUMNS) {
    throw new RangeError(`a source block has 1 to ${MAX_COLUMNS} symbols, not ${k}`)
  }
  checkBytes('the source block', block, k)
}

function checkBytes(what: string, bytes: Uint8Array, symbols: number): void {
  if (bytes.length !== symbols * SYMBOL_BYTES) {
    throw new RangeError(
      `${what} must be ${symbols} × ${SYMBOL_BYTES} bytes long, not ${bytes.length}`,
    )
  }
}

/** Indices must be distinct: no row says anything twice, and each memory area holds 128 symbols. */
function checkIndices(what: string, indices: readonly number[], limit: number): void {
  const seen = new Set<number>()
  for (const index of indices) {
    if (!Number.isInteger(index) || index < 0 || index >= limit) {
      throw new RangeError(`${what} ${index} is not one of 0 to ${limit - 1}`)
    }
    if (seen.has(index)) throw new RangeError(`${what} ${index} is given twice`)
    seen.add(index)
  }
}
