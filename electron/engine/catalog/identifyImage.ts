/** Looks at what images hold: at each as it is imported, and at those that were imported before that was done. */
import type { Database } from 'better-sqlite3'
import type { Content } from '../../../shared/content.ts'
import type { ThreadContext } from './catalogThread.ts'
import { identify } from './content/content.ts'
import { createContentRows } from './contentRows.ts'
import { openDatabase } from './database.ts'
import { openImageDisk } from './imageDisk.ts'
import type { DiskImage } from './imageDisk.ts'

export interface IdentifyOrder {
  readonly task: 'identify'
  readonly directory: string
}

export interface IdentifyOutcome {
  /** How many images were looked at. */
  readonly images: number
}

/** Null where damage was in the way: what stands there may be mended, and is then looked at again. Never throws. */
export async function identifyImage(
  database: Database,
  directory: string,
  image: DiskImage,
): Promise<Content | null> {
  const disk = openImageDisk(database, directory, image)
  try {
    const content = await identify(disk)
    return disk.isSound() ? content : null
  } catch {
    // No icon is worth an import, nor keeps the next image from having one.
    return null
  } finally {
    await disk.close()
  }
}

export async function identifyImages(
  { directory }: IdentifyOrder,
  context: ThreadContext,
): Promise<IdentifyOutcome> {
  const database = openDatabase(directory, true)
  try {
    const rows = createContentRows(database)
    const due = rows.due()
    for (const image of due) {
      context.throwIfCancelled()
      const content = await identifyImage(database, directory, image)
      if (content !== null) rows.keep(image.key, content)
    }
    return { images: due.length }
  } finally {
    database.close()
  }
}
