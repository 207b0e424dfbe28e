/**
 * .xz by liblzma compiled to WebAssembly (package node-liblzma): every filter and check of the format, several streams,
 * padding. Driven through the C interface because the package's own streams stop after the first stream of a file.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import createLiblzma from 'node-liblzma/wasm/liblzma.js'

export class XzError extends Error {
  override readonly name = 'XzError'
  readonly reason: 'truncated' | 'corrupt' | 'memory'
  constructor(reason: 'truncated' | 'corrupt' | 'memory', message: string) {
    super(message)
    this.reason = reason
  }
}

/** What we use of the compiled module. Views must be taken anew after each call: memory may have grown. */
interface Liblzma {
  readonly HEAPU8: Uint8Array
  _malloc(bytes: number): number
  _lzma_stream_decoder(stream: number, memoryLimitBytes: bigint, flags: number): number
  _lzma_code(stream: number, action: number): number
}

/** lzma/base.h and lzma/container.h. */
const LZMA = { run: 0, finish: 3, concatenated: 0x08 } as const
const RESULT = {
  ok: 0,
  streamEnd: 1,
  memory: 5,
  memoryLimit: 6,
  format: 7,
  options: 8,
  data: 9,
  buffer: 10,
} as const

/** lzma_stream with 4-byte pointers. */
const STREAM = { nextIn: 0, availableIn: 4, nextOut: 16, availableOut: 20, bytes: 136 } as const

/** `xz -9` asks for 65 MiB. More would not fit the import's memory. */
const MEMORY_LIMIT_BYTES = 100 * 2 ** 20

const OUT_BYTES = 1_048_576

const MESSAGES: Readonly<Record<number, string>> = {
  [RESULT.format]: 'what follows is not xz data',
  [RESULT.options]: 'unsupported options',
  [RESULT.data]: 'a checksum or the data is wrong',
}

/** Parts are views of the decoder's memory: copy before asking for the next. */
export async function* unxz(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const wasm = fileURLToPath(import.meta.resolve('node-liblzma/wasm/liblzma.wasm'))
  const lzma = (await createLiblzma({ wasmBinary: readFileSync(wasm) })) as unknown as Liblzma
  const stream = lzma._malloc(STREAM.bytes)
  lzma.HEAPU8.fill(0, stream, stream + STREAM.bytes)
  const out = lzma._malloc(OUT_BYTES)
  requireOk(lzma._lzma_stream_decoder(stream, BigInt(MEMORY_LIMIT_BYTES), LZMA.concatenated))

  function step(action: number): { result: number; part: Uint8Array; leftIn: number } {
    const before = new DataView(lzma.HEAPU8.buffer)
    before.setUint32(stream + STREAM.nextOut, out, true)
    before.setUint32(stream + STREAM.availableOut, OUT_BYTES, true)
    const result = lzma._lzma_code(stream, action)
    const after = new DataView(lzma.HEAPU8.buffer)
    const outBytes = OUT_BYTES - after.getUint32(stream + STREAM.availableOut, true)
    const leftIn = after.getUint32(stream + STREAM.availableIn, true)
    return { result, part: lzma.HEAPU8.subarray(out, out + outBytes), leftIn }
  }

  let capacity = 0
  let buffer = 0
  for await (const bytes of input) {
    if (bytes.length > capacity) {
      capacity = bytes.length
      buffer = lzma._malloc(capacity)
    }
    lzma.HEAPU8.set(bytes, buffer)
    const view = new DataView(lzma.HEAPU8.buffer)
    view.setUint32(stream + STREAM.nextIn, buffer, true)
    view.setUint32(stream + STREAM.availableIn, bytes.length, true)
    for (;;) {
      const { result, part, leftIn } = step(LZMA.run)
      if (part.length > 0) yield part
      requireOk(result)
      if (leftIn === 0 && part.length < OUT_BYTES) break
    }
  }
  for (;;) {
    const { result, part } = step(LZMA.finish)
    if (part.length > 0) yield part
    if (result === RESULT.streamEnd) return
    requireOk(result)
  }
}

function requireOk(result: number): void {
  if (result === RESULT.ok) return
  if (result === RESULT.buffer) throw new XzError('truncated', 'ends too early')
  if (result === RESULT.memory || result === RESULT.memoryLimit)
    throw new XzError('memory', 'dictionary too large')
  throw new XzError('corrupt', MESSAGES[result] ?? `liblzma says ${result}`)
}
