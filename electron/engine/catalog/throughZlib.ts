/** Bytes through one of Node's decompressing streams, as an async generator. */
import { Readable } from 'node:stream'
import type { Transform } from 'node:stream'

/** Takes over the input's parts: they must not be reused. */
export async function* throughZlib(
  input: AsyncIterable<Uint8Array>,
  unpacker: Transform,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(input, { objectMode: true, highWaterMark: 1 })
  source.on('error', error => unpacker.destroy(error))
  source.pipe(unpacker)
  try {
    for await (const part of unpacker) yield part as Uint8Array
  } finally {
    source.destroy()
    unpacker.destroy()
  }
}
