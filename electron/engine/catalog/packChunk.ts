/** How one chunk is packed for the disk and the wire: zstd, or kept raw. */
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'
import { CHUNK_BYTES } from '../../../shared/protocol/limits.ts'

/** zstd's own default: beyond it each step costs twice the time for some percent. */
const LEVEL = 3

/** One output buffer for any chunk: zstd's bound for incompressible input, so results are never joined from parts. */
const OUTPUT_BYTES = CHUNK_BYTES + 8192

const compress = promisify(zstdCompress)

/** On the system's thread pool. Null when packing does not make it smaller: then it is stored raw. */
export async function packChunk(raw: Uint8Array): Promise<Uint8Array | null> {
  const packed = await compress(raw, {
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
    pledgedSrcSize: raw.length, // Sizes zstd's tables for this chunk instead of for an endless stream.
    chunkSize: OUTPUT_BYTES,
  })
  return packed.length < raw.length ? packed : null
}
