/** Reads an image back from its packs, chunk for chunk, and remembers what is damaged so that an import can mend it. */
import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { CHUNK_BYTES } from '../../../shared/protocol/limits.ts'
import { HASH_BYTES } from '../../../shared/protocol/manifest.ts'
import type { ThreadContext } from './catalogThread.ts'
import { openDatabase } from './database.ts'
import { readLayout } from './imageLayout.ts'
import type { ImageLayout } from './imageLayout.ts'
import { isDamaged, readImage } from './imageReader.ts'

export interface VerifyOrder {
  readonly task: 'verify'
  readonly directory: string
  readonly imageId: string
}

export interface VerifyFault {
  /** Where the damaged chunk begins in the image. */
  readonly offsetBytes: number
  readonly packPath: string
  readonly packOffsetBytes: number
  readonly reason: string
}

export interface VerifyResult {
  readonly isIntact: boolean
  /** SHA-256 of the whole raw image, as `sha256sum` prints it; null when it is damaged. */
  readonly sha256Hex: string | null
  /** The first MAX_FAULTS of them. */
  readonly faults: readonly VerifyFault[]
}

/** A lost pack damages thousands of chunks; a report needs no more than this. */
const MAX_FAULTS = 1000

export async function verifyImage(
  { directory, imageId }: VerifyOrder,
  context: ThreadContext,
): Promise<VerifyResult> {
  const database = openDatabase(directory, true)
  try {
    const layout = readLayout(database, directory, imageId)
    const sourceTotalBytes = layout.manifest.imageBytes
    const whole = createHash('sha256')
    const zeros = new Uint8Array(CHUNK_BYTES)
    const faults: VerifyFault[] = []
    const damaged = new Set<number>()
    for await (const { position, offsetBytes, rawBytes, content } of readImage(layout)) {
      context.throwIfCancelled()
      if (isDamaged(content)) {
        damaged.add(layout.manifest.positions[position] ?? 0)
        if (faults.length < MAX_FAULTS) faults.push({ offsetBytes, ...content })
      } else if (damaged.size === 0) {
        whole.update(content ?? zeros.subarray(0, rawBytes))
      }
      const done = offsetBytes + rawBytes
      context.report({
        phase: 'reading',
        sourceDoneBytes: done,
        imageDoneBytes: done,
        sourceTotalBytes,
      })
    }
    const isIntact = damaged.size === 0
    remember(database, imageId, layout, damaged)
    return { isIntact, sha256Hex: isIntact ? whole.digest('hex') : null, faults }
  } finally {
    database.close()
  }
}

function remember(
  database: Database,
  imageId: string,
  layout: ImageLayout,
  damaged: ReadonlySet<number>,
): void {
  const setImage = database.prepare<[number, number, string]>(
    'UPDATE images SET is_intact = ?, verified_at_ms = ? WHERE id = ?',
  )
  const setChunk = database.prepare<[Uint8Array]>('UPDATE chunks SET is_damaged = 1 WHERE hash = ?')
  database
    .transaction(() => {
      for (const chunk of damaged) {
        setChunk.run(layout.manifest.hashes.slice(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES))
      }
      setImage.run(damaged.size === 0 ? 1 : 0, Date.now(), imageId)
    })
    .immediate()
}
