/**
 * Speed of the repair code on one core: `node test/bench/fec.ts`. GB/s of multiply-add: bytes of source symbols times
 * repair rows, or times lost symbols. Times are this thread's processor time, so that other load on the machine does not
 * count as ours. Every timed result is compared with what it must be.
 */
import { threadCpuUsage } from 'node:process'
import { createErasureCode, type Repair } from '../../shared/fec/fec.ts'
import { createField } from '../../shared/fec/field.ts'
import { createKernel } from '../../shared/fec/kernel.ts'
import { KERNEL_AT } from '../../shared/fec/kernelLayout.ts'
import { referenceRepair } from '../../shared/fec/reference.ts'
import { MAX_BLOCK_SYMBOLS, SYMBOL_BYTES } from '../../shared/protocol/limits.ts'
import { seededRandom } from '../../shared/seededRandom.ts'

const RUN_MS = 150
const RUNS = 3
const k = MAX_BLOCK_SYMBOLS

const random = seededRandom(1)
const source = Uint8Array.from({ length: k * SYMBOL_BYTES }, () => Math.floor(random() * 256))

const startedMs = performance.now()
const startedCpuMs = cpuMs()
const code = createErasureCode()
const createdCpuMs = cpuMs() - startedCpuMs
const createdMs = performance.now() - startedMs
const { firstMs, calls } = warmUp()
const startUp = `${createdCpuMs.toFixed(1)} ms of processor, ${createdMs.toFixed(1)} ms by the clock`
console.log(`start-up ${startUp}; first block of 8 rows ${firstMs.toFixed(1)} ms`)
console.log(`warm after ${calls} blocks; k = ${k}, ${RUNS} runs of ${RUN_MS} ms each`)
console.log('                     multiply-add GB/s                 µs a block (median)')

for (const rows of [1, 4, 8, 16, 64]) encodeLine(rows)
for (const rows of [1, 8, 16]) kernelLine(rows)
for (const losses of [1, 2, 6, 16, 40, 128]) decodeLine(losses)

function encodeLine(count: number): void {
  const rows = numbersBelow(count)
  const into = new Uint8Array(count * SYMBOL_BYTES)
  report(`encode ${count} rows`, count, () => code.encodeRows(source, k, rows, into))
  mustEqual(into.subarray(-SYMBOL_BYTES), referenceRepair(source, k, count - 1))
}

/** The same work on a block that already lies in the code's own memory: what copying in and out costs is the rest. */
function kernelLine(rows: number): void {
  const field = createField()
  const kernel = createKernel(field)
  kernel.memory.set(source, KERNEL_AT.first)
  for (let column = 0; column < k; column++) {
    for (let row = 0; row < rows; row++) {
      kernel.memory[KERNEL_AT.matrix + column * 128 + row] = field.coefficient(row, column)
    }
  }
  const { first, second, matrix } = KERNEL_AT
  const multiplyAdd = () => kernel.multiplyAdd(second, first, k, rows, matrix)
  for (let i = 0; i < 200; i++) multiplyAdd()
  report(`no copies, ${rows} rows`, rows, multiplyAdd)
  kernel.memory.fill(0, second, second + rows * SYMBOL_BYTES)
  multiplyAdd()
  const last = second + (rows - 1) * SYMBOL_BYTES
  mustEqual(kernel.memory.subarray(last, last + SYMBOL_BYTES), referenceRepair(source, k, rows - 1))
}

function decodeLine(losses: number): void {
  const missing = numbersBelow(losses).map(i => Math.floor((i * k) / losses))
  const repairs = repairsOf(losses)
  const block = source.slice()
  for (const i of missing) block.fill(0, i * SYMBOL_BYTES, (i + 1) * SYMBOL_BYTES)
  report(`decode ${losses} losses`, losses, () => code.decode(block, k, missing, repairs))
  mustEqual(block, source)
}

/** Calls until V8 has compiled every function with optimisation, and what the very first one cost. */
function warmUp(): { firstMs: number; calls: number } {
  const into = new Uint8Array(8 * SYMBOL_BYTES)
  const rows = numbersBelow(8)
  const fromMs = performance.now()
  code.encodeRows(source, k, rows, into)
  const firstMs = performance.now() - fromMs
  let calls = 1
  for (; performance.now() - fromMs < 500; calls++) code.encodeRows(source, k, rows, into)
  return { firstMs, calls }
}

function report(name: string, rows: number, work: () => void): void {
  const microseconds = Array.from({ length: RUNS }, () => timed(work))
  const gigabytes = microseconds.map(us => (rows * k * SYMBOL_BYTES) / us / 1000)
  const median = microseconds.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.NaN
  const figures = gigabytes.map(figure => figure.toFixed(1).padStart(7)).join('')
  console.log(`${name.padEnd(20)} ${figures} ${median.toFixed(0).padStart(20)}`)
}

/** Microseconds of processor a call. */
function timed(work: () => void): number {
  const fromMs = cpuMs()
  const untilMs = performance.now() + RUN_MS
  let calls = 0
  for (; performance.now() < untilMs; calls++) work()
  return ((cpuMs() - fromMs) * 1000) / calls
}

/** Of this thread: compiling in the background is not in it. */
function cpuMs(): number {
  const { user, system } = threadCpuUsage()
  return (user + system) / 1000
}

function repairsOf(count: number): Repair[] {
  const rows = numbersBelow(count)
  const into = new Uint8Array(count * SYMBOL_BYTES)
  code.encodeRows(source, k, rows, into)
  return rows.map(row => ({
    row,
    payload: into.subarray(row * SYMBOL_BYTES, (row + 1) * SYMBOL_BYTES),
  }))
}

function numbersBelow(limit: number): number[] {
  return Array.from({ length: limit }, (_, i) => i)
}

function mustEqual(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) !== 0) throw new Error('the timed code gave a wrong result')
}
