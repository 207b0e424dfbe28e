/** The inner loop of the repair code: symbols times constants, added to symbols, in WebAssembly SIMD (kernelModule.ts). */
import { SYMBOL_BYTES } from '../protocol/limits.ts'
import type { Field } from './field.ts'
import { kernelBytes } from './kernelBytes.ts'

export interface Kernel {
  readonly memory: Uint8Array
  /**
   * For each of `sources` symbols from address `source` on and each of `rows` symbols from `target` on: adds to the
   * target the source times the factor, 1 to 255, at `matrix` + source index × MATRIX_STRIDE + row index (kernelLayout.ts).
   */
  multiplyAdd(target: number, source: number, sources: number, rows: number, matrix: number): void
}

/** Compiles on the spot. Nothing is shared between two kernels. */
export function createKernel(field: Field): Kernel {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(kernelBytes(field)))
  const memory = new Uint8Array(exports.memory.buffer)
  return {
    memory,
    multiplyAdd(target, source, sources, rows, matrix) {
      if (sources === 0) return
      for (let row = 0; row < rows; row += CACHED_TARGETS) {
        const group = Math.min(CACHED_TARGETS, rows - row)
        exports.run(target + row * SYMBOL_BYTES, source, sources, group, matrix + row)
      }
    },
  }
}

/** Up to so many targets (22 KiB) stay in a first-level cache of 32 KiB while the sources pass by. */
const CACHED_TARGETS = 16

/** The part of the WebAssembly JavaScript interface used here: `lib` has none, and both Node and browsers have it all. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object) => { readonly exports: KernelExports }
}

interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly run: (
    target: number,
    source: number,
    sources: number,
    rows: number,
    matrix: number,
  ) => void
}
