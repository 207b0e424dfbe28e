/** An image's raw content in order, zeros and all, for those who take nothing but a stream of bytes. */
import { CHUNK_BYTES } from '../../../shared/protocol/limits.ts'
import { CatalogError } from './catalogFault.ts'
import type { ImageLayout } from './imageLayout.ts'
import { isDamaged, readImage } from './imageReader.ts'

/** Parts of at most 1 MiB, some 8 MiB in memory; copy before the next is asked for. Fault image/damaged. */
export async function* readContent(layout: ImageLayout, name: string): AsyncGenerator<Uint8Array> {
  const zeros = new Uint8Array(CHUNK_BYTES)
  for await (const { content, offsetBytes, rawBytes } of readImage(layout)) {
    if (isDamaged(content)) {
      throw new CatalogError({ code: 'image/damaged', name, offsetBytes, ...content })
    }
    yield content ?? zeros.subarray(0, rawBytes)
  }
}
