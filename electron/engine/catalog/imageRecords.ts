/** The finished images as rows: list, find, rename, delete. Imports under way are no images and never appear. */
import type { Database } from 'better-sqlite3'
import type { Content, System } from '../../../shared/content.ts'
import { CatalogError } from './catalogFault.ts'
import { freeUnusedPacks } from './leftovers.ts'

export interface ImageRecord {
  /** Manifest hash, hex: what the image is, wherever it came from. */
  readonly id: string
  readonly name: string
  readonly notes: string
  /** File it was imported from, without its folder. */
  readonly sourceName: string
  readonly format: 'raw'
  readonly imageBytes: number
  /** Its distinct chunks as they are stored, whether or not other images share them. */
  readonly storedBytes: number
  /** All-zero chunks, which are not stored. */
  readonly zeroBytes: number
  readonly createdAtMs: number
  readonly verifiedAtMs: number | null
  /** What the last verify found; null when never verified. */
  readonly isIntact: boolean | null
  readonly allowsMulticast: boolean
  readonly onlyMulticast: boolean
  /** What it holds; null while nobody has looked, or could. */
  readonly content: Content | null
}

/** How sessions may deliver an image. */
export type ImageFlags = Pick<ImageRecord, 'allowsMulticast' | 'onlyMulticast'>

export interface ImageRecords {
  list(): ImageRecord[]
  find(idOrPrefixOrName: string): ImageRecord
  rename(imageId: string, name: string): void
  setNotes(imageId: string, text: string): void
  setFlags(imageId: string, flags: ImageFlags): void
  remove(imageId: string): { readonly freedBytes: number }
}

type Row = Omit<ImageRecord, 'isIntact' | 'content' | keyof ImageFlags> & {
  readonly isIntact: 0 | 1 | null
  readonly allowsMulticast: 0 | 1
  readonly onlyMulticast: 0 | 1
  readonly system: System | null
  readonly words: string | null
}

/** Shorter beginnings of an identity would rather be typing errors in a name. */
const MIN_PREFIX = 4

const COLUMNS = `id, name, notes, source_name AS sourceName, format, image_bytes AS imageBytes,
  stored_bytes AS storedBytes, zero_bytes AS zeroBytes, created_at_ms AS createdAtMs,
  verified_at_ms AS verifiedAtMs, is_intact AS isIntact,
  allows_multicast AS allowsMulticast, only_multicast AS onlyMulticast, system, words`

export function createImageRecords(database: Database, directory: string): ImageRecords {
  const all = database.prepare<[], Row>(
    `SELECT ${COLUMNS} FROM images LEFT JOIN contents ON image_key = key
     WHERE id IS NOT NULL ORDER BY created_at_ms DESC, key DESC`,
  )
  const setName = database.prepare<[string, string]>('UPDATE images SET name = ? WHERE id = ?')
  const setText = database.prepare<[string, string]>('UPDATE images SET notes = ? WHERE id = ?')
  const setFlags = database.prepare<[number, number, string]>(
    'UPDATE images SET allows_multicast = ?, only_multicast = ? WHERE id = ?',
  )
  const drop = database.prepare<[string]>('DELETE FROM images WHERE id = ?')
  const openSession = database.prepare<[string], { name: string }>(
    `SELECT name FROM sessions WHERE image_id = ? AND state = 'open'`,
  )
  const list = () =>
    all.all().map(({ system, words, ...row }) => ({
      ...row,
      isIntact: row.isIntact === null ? null : row.isIntact === 1,
      allowsMulticast: row.allowsMulticast === 1,
      onlyMulticast: row.onlyMulticast === 1,
      content: system === null || words === null ? null : { system, words },
    }))

  function find(text: string): ImageRecord {
    const images = list()
    const exact = images.find(image => image.id === text.toLowerCase())
    if (exact) return exact
    const named = images.filter(image => image.name === text)
    const begins = (image: ImageRecord) => image.id.startsWith(text.toLowerCase())
    const matches = named.length > 0 || text.length < MIN_PREFIX ? named : images.filter(begins)
    const [only] = matches
    if (!only) throw new CatalogError({ code: 'image/not-found', name: text })
    if (matches.length > 1) {
      const shown = matches.map(image => `${image.name} ${image.id.slice(0, 12)}`)
      throw new CatalogError({ code: 'image/ambiguous', name: text, matches: shown })
    }
    return only
  }

  function requireChanged(changes: number, imageId: string): void {
    if (changes === 0) throw new CatalogError({ code: 'image/not-found', name: imageId })
  }

  return {
    list,
    find,
    rename(imageId, name) {
      if (name.trim() === '') throw new CatalogError({ code: 'image/no-name' })
      requireChanged(setName.run(name.trim(), imageId).changes, imageId)
    },
    setNotes(imageId, text) {
      requireChanged(setText.run(text, imageId).changes, imageId)
    },
    setFlags(imageId, { allowsMulticast, onlyMulticast }) {
      if (onlyMulticast && !allowsMulticast) {
        throw new CatalogError({ code: 'image/flags-contradict', name: find(imageId).name })
      }
      const { changes } = setFlags.run(Number(allowsMulticast), Number(onlyMulticast), imageId)
      requireChanged(changes, imageId)
    },
    remove(imageId) {
      // One transaction: a session that begins at the same moment either sees the image or keeps it.
      database
        .transaction(() => {
          const session = openSession.get(imageId)
          const name = list().find(image => image.id === imageId)?.name ?? imageId
          if (session) throw new CatalogError({ code: 'image/in-use', name, session: session.name })
          requireChanged(drop.run(imageId).changes, imageId)
        })
        .immediate()
      return { freedBytes: freeUnusedPacks(database, directory) }
    },
  }
}
