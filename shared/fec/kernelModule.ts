/**
 * The WebAssembly module of the repair code. Each constant has a straight-line function of its own made of XORs
 * (Bloemer et al. 1995; no tables, no byte shuffles), which takes 16 bytes of each of the 8 strips at a time, so a symbol
 * is 11 rounds.
 */
import { SYMBOL_BYTES } from '../protocol/limits.ts'
import { CodeWriter, encodeModule, I32, V128, type WasmFunction } from '../wasmEmitter.ts'
import { type Field, MAX_COLUMNS } from './field.ts'
import { KERNEL_AT, MATRIX_STRIDE } from './kernelLayout.ts'
import { planMultiplication } from './xorPlan.ts'

const STRIP_BYTES = SYMBOL_BYTES / 8
const VECTOR_BYTES = 16
const PAGE_BYTES = 65_536
const MEMORY_PAGES = Math.ceil((KERNEL_AT.second + MAX_COLUMNS * SYMBOL_BYTES) / PAGE_BYTES)

const TYPE = { multiplyAdd: 0, run: 1 } as const

/** The same for each call: a bundle holds the result instead (build/finishedKernel.ts). */
export function kernelModule(field: Field): Uint8Array<ArrayBuffer> {
  const multipliers = Array.from({ length: 255 }, (_, i) => multiplyAddFunction(field, i + 1))
  return encodeModule({
    types: [
      { parameters: [I32, I32], results: [] },
      { parameters: [I32, I32, I32, I32, I32], results: [] },
    ],
    functions: [...multipliers, runFunction()],
    memoryPages: MEMORY_PAGES,
    tableFunctions: multipliers.map((_, i) => i), // slot c multiplies by c
    exportedFunction: multipliers.length,
  })
}

/** (target, source): one symbol times `coefficient`, added to another. */
function multiplyAddFunction(field: Field, coefficient: number): WasmFunction {
  const [target, source, sourceEnd, firstTerm] = [0, 1, 2, 3]
  const { sums, outputs } = planMultiplication(field, coefficient)
  const code = new CodeWriter()
  code.get(source)
  code.constant(STRIP_BYTES)
  code.add()
  code.set(sourceEnd)
  code.loop()
  for (let bit = 0; bit < 8; bit++) {
    code.get(source)
    code.loadVector(bit * STRIP_BYTES)
    code.set(firstTerm + bit)
  }
  for (const [i, [a, b]] of sums.entries()) {
    code.get(firstTerm + a)
    code.get(firstTerm + b)
    code.xorVector()
    code.set(firstTerm + 8 + i)
  }
  for (const [bit, terms] of outputs.entries()) {
    code.get(target)
    code.get(target)
    code.loadVector(bit * STRIP_BYTES)
    for (const term of terms) {
      code.get(firstTerm + term)
      code.xorVector()
    }
    code.storeVector(bit * STRIP_BYTES)
  }
  advance(code, target, VECTOR_BYTES)
  advance(code, source, VECTOR_BYTES)
  closeLoopWhileBelow(code, source, sourceEnd)
  const locals = [
    { count: 1, type: I32 },
    { count: 8 + sums.length, type: V128 },
  ]
  return { type: TYPE.multiplyAdd, locals, code }
}

/** (target, source, sources, rows, matrix): sources outside, rows inside, so each source is read from memory once. */
function runFunction(): WasmFunction {
  const [target, source, sources, rows, matrix] = [0, 1, 2, 3, 4]
  const [column, row, rowTarget] = [5, 6, 7]
  const code = new CodeWriter()
  code.loop()
  code.get(target)
  code.set(rowTarget)
  code.constant(0)
  code.set(row)
  code.loop()
  code.get(rowTarget)
  code.get(source)
  code.get(matrix)
  code.get(row)
  code.add()
  code.loadByte()
  code.callIndirect(TYPE.multiplyAdd)
  advance(code, rowTarget, SYMBOL_BYTES)
  advance(code, row, 1)
  closeLoopWhileBelow(code, row, rows)
  advance(code, source, SYMBOL_BYTES)
  advance(code, matrix, MATRIX_STRIDE)
  advance(code, column, 1)
  closeLoopWhileBelow(code, column, sources)
  return { type: TYPE.run, locals: [{ count: 3, type: I32 }], code }
}

function advance(code: CodeWriter, local: number, by: number): void {
  code.get(local)
  code.constant(by)
  code.add()
  code.set(local)
}

function closeLoopWhileBelow(code: CodeWriter, local: number, limit: number): void {
  code.get(local)
  code.get(limit)
  code.lessUnsigned()
  code.repeatIf()
  code.end()
}
