import { SYMBOL_BYTES } from '../protocol/limits.ts'
import { MAX_COLUMNS, MAX_ROWS } from './field.ts'

/** Memory: a matrix of factors, then two areas of 128 symbols. All addresses divide by 16. */
export const KERNEL_AT = {
  matrix: 0,
  first: MAX_COLUMNS * MAX_ROWS,
  second: MAX_COLUMNS * MAX_ROWS + MAX_COLUMNS * SYMBOL_BYTES,
} as const

/** From one column of factors to the next, bytes. */
export const MATRIX_STRIDE = MAX_ROWS
