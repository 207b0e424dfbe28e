/** What images hold, as rows: kept by imports and by later looks, listed where a look is due. */
import type { Database } from 'better-sqlite3'
import type { Content } from '../../../shared/content.ts'
import { DETECTOR } from './content/content.ts'

export interface UnknownImage {
  readonly key: number
  readonly imageBytes: number
}

export interface ContentRows {
  /** Does nothing where the image was removed meanwhile. */
  keep(imageKey: number, content: Content): void
  /** Finished images that this detector has not looked at, newest first. */
  due(): UnknownImage[]
}

export function createContentRows(database: Database): ContentRows {
  const keep = database.prepare<[number, string, string, number]>(
    `INSERT INTO contents (image_key, detector, system, words) SELECT key, ?, ?, ? FROM images WHERE key = ?
     ON CONFLICT (image_key) DO UPDATE
       SET detector = excluded.detector, system = excluded.system, words = excluded.words`,
  )
  const due = database.prepare<[number], UnknownImage>(
    `SELECT key, image_bytes AS imageBytes FROM images LEFT JOIN contents ON image_key = key
     WHERE id IS NOT NULL AND coalesce(detector, 0) < ? ORDER BY created_at_ms DESC`,
  )
  return {
    keep: (imageKey, { system, words }) => void keep.run(DETECTOR, system, words, imageKey),
    due: () => due.all(DETECTOR),
  }
}
