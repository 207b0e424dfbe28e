/**
 * The images on this computer: what exists, where its chunks lie, whether it is intact.
 *
 * Any number of processes may hold one catalog open and import at the same time; the database decides. Long work runs
 * in threads of its own, so every call here that is not a promise is quick.
 */
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { Database } from 'better-sqlite3'
import { CatalogError } from './catalogFault.ts'
import type { ThreadOrder } from './catalogThread.ts'
import { databaseFault, databaseFaultOr, openDatabase } from './database.ts'
import type { ExportOutcome } from './exportImage.ts'
import { createContentRows } from './contentRows.ts'
import { readContent } from './imageContent.ts'
import { readLayout } from './imageLayout.ts'
import type { ImageLayout } from './imageLayout.ts'
import { createImageRecords } from './imageRecords.ts'
import type { ImageFlags, ImageRecord } from './imageRecords.ts'
import type { ImportOutcome } from './importImage.ts'
import { sweepLeftovers } from './leftovers.ts'
import { runInThread } from './runInThread.ts'
import type { MeasuredProgress, RunOptions } from './runInThread.ts'
import type { VerifyFault, VerifyResult } from './verifyImage.ts'

export { CatalogError } from './catalogFault.ts'
export type { CatalogFault } from './catalogFault.ts'
export type { ImageFlags, ImageLayout, ImageRecord, VerifyFault, VerifyResult }

export interface ImportProgress {
  /** `finishing`: all is read; the last bytes are on their way to the disk. */
  readonly phase: 'reading' | 'finishing'
  /** Of the file as it lies on the disk, compressed or not. */
  readonly sourceDoneBytes: number
  readonly sourceTotalBytes: number
  readonly imageDoneBytes: number
  readonly rateBytesPerSecond: number
  readonly leftMs: number | null
}

export interface ImportOptions {
  /** Otherwise the file's name without its extensions. */
  readonly name?: string | null
  readonly signal?: AbortSignal
  onProgress?(progress: ImportProgress): void
}

export interface ImportResult {
  readonly image: ImageRecord
  /** The catalog held this very content already, under `image`. */
  readonly isDuplicate: boolean
  readonly newStoredBytes: number
  readonly durationMs: number
}

export interface TaskProgress {
  readonly doneBytes: number
  readonly totalBytes: number
  readonly rateBytesPerSecond: number
  readonly leftMs: number | null
}

export interface TaskOptions {
  readonly signal?: AbortSignal
  onProgress?(progress: TaskProgress): void
}

export interface Catalog {
  readonly directory: string
  /** For the records of sessions; their tables are migrations in schema/. */
  readonly database: Database
  /** Newest first. */
  list(): ImageRecord[]
  /** By identity, by at least four characters of its beginning, or by name. Faults: image/not-found, image/ambiguous. */
  find(idOrPrefixOrName: string): ImageRecord
  importFile(path: string, options?: ImportOptions): Promise<ImportResult>
  layout(imageId: string): ImageLayout
  verify(imageId: string, options?: TaskOptions): Promise<VerifyResult>
  /** Replaces an existing file only when the new one is whole. */
  exportTo(imageId: string, toPath: string, options?: TaskOptions): Promise<ExportOutcome>
  /**
   * Looks at what images hold that were imported before that was known. A second or less for each, in a thread of its
   * own, and nothing where all is known.
   */
  identify(signal?: AbortSignal): Promise<void>
  /** The raw bytes in order, zeros and all, unpacked on the way; see imageContent.ts. Fault image/damaged. */
  content(imageId: string): AsyncGenerator<Uint8Array>
  /** This and what follows wait up to 20 s while another program writes; then fault catalog/busy. */
  rename(imageId: string, name: string): void
  setNotes(imageId: string, text: string): void
  /** Fault image/flags-contradict. */
  setFlags(imageId: string, flags: ImageFlags): void
  /** Fault image/in-use while an open session has it. */
  remove(imageId: string): { readonly freedBytes: number }
  /** Called after every change to the list, by this process or another (within a second). Returns how to stop. */
  onChange(listener: () => void): () => void
  /** Cancels what runs; what had just finished is still told. Call once. */
  close(): void
}

/** How often other processes' changes are looked for, ms; only while somebody listens. */
const FOREIGN_CHANGE_INTERVAL_MS = 1_000

/** Opens or makes the catalog, and clears up what killed imports left behind. */
export function openCatalog(directory: string): Catalog {
  const root = resolve(directory)
  const database = openDatabase(root, true)
  try {
    sweepLeftovers(database, root)
  } catch (thrown) {
    database.close()
    throw databaseFault(thrown, root)
  }
  const records = createImageRecords(database, root)
  const changes = createChanges(database)
  const closing = new AbortController()

  async function run(
    order: ThreadOrder,
    subject: string,
    options: TaskOptions,
    report: RunOptions['onProgress'],
  ) {
    const signals = options.signal ? [options.signal, closing.signal] : [closing.signal]
    const signal = AbortSignal.any(signals)
    return await runInThread(order, { subject, signal, onProgress: report })
  }

  function change<T>(work: () => T): T {
    try {
      const result = work()
      changes.tell()
      return result
    } catch (thrown) {
      throw databaseFaultOr(thrown, root)
    }
  }

  return {
    directory: root,
    database,
    list: () => records.list(),
    find: text => records.find(text),
    async importFile(path, options = {}) {
      const startedAtMs = performance.now()
      const order = {
        task: 'import',
        directory: root,
        path: resolve(path),
        name: nameOrNull(options.name),
      } as const
      const report = (progress: ImportProgress) => options.onProgress?.(progress)
      const outcome = (await run(order, path, withoutProgress(options), report)) as ImportOutcome
      changes.tell()
      const durationMs = performance.now() - startedAtMs
      return { ...outcome, durationMs }
    },
    layout: imageId => readLayout(database, root, imageId),
    async verify(imageId, options = {}) {
      const { name } = records.find(imageId)
      const order = { task: 'verify', directory: root, imageId } as const
      const result = (await run(order, name, options, told(options))) as VerifyResult
      changes.tell()
      return result
    },
    async exportTo(imageId, toPath, options = {}) {
      const { name } = records.find(imageId)
      const order = {
        task: 'export',
        directory: root,
        imageId,
        imageName: name,
        toPath: resolve(toPath),
      } as const
      return (await run(order, name, options, told(options))) as ExportOutcome
    },
    async identify(signal) {
      if (createContentRows(database).due().length === 0) return
      const order = { task: 'identify', directory: root } as const
      await run(order, root, signal ? { signal } : {}, () => {})
      changes.tell()
    },
    content: imageId =>
      readContent(readLayout(database, root, imageId), records.find(imageId).name),
    rename(imageId, name) {
      change(() => records.rename(imageId, name))
    },
    setNotes(imageId, text) {
      change(() => records.setNotes(imageId, text))
    },
    setFlags(imageId, flags) {
      change(() => records.setFlags(imageId, flags))
    },
    remove(imageId) {
      return change(() => records.remove(imageId))
    },
    onChange: listener => changes.listen(listener),
    close() {
      closing.abort()
      changes.stop()
      database.close()
    },
  }
}

/** Where the images of this user lie: the XDG base directory specification, or Windows' local application data. */
export function defaultCatalogDirectory(): string {
  if (process.platform === 'win32') {
    return join(process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'benchcast')
  }
  const data = process.env['XDG_DATA_HOME'] ?? ''
  // "All paths must be absolute. If an implementation encounters a relative path it should ignore it."
  return join(isAbsolute(data) ? data : join(homedir(), '.local', 'share'), 'benchcast')
}

function nameOrNull(name: string | null | undefined): string | null {
  if (name === undefined || name === null) return null
  if (name.trim() === '') throw new CatalogError({ code: 'image/no-name' })
  return name.trim()
}

function withoutProgress(options: ImportOptions): TaskOptions {
  return options.signal ? { signal: options.signal } : {}
}

function told(options: TaskOptions): (progress: MeasuredProgress) => void {
  return ({ imageDoneBytes, sourceTotalBytes, rateBytesPerSecond, leftMs }) =>
    options.onProgress?.({
      doneBytes: imageDoneBytes,
      totalBytes: sourceTotalBytes,
      rateBytesPerSecond,
      leftMs,
    })
}

function createChanges(database: Database) {
  const listeners = new Set<() => void>()
  let timer: NodeJS.Timeout | null = null
  let seen = 0
  const tell = () => {
    for (const listener of listeners) listener()
  }
  /** Moves when another connection commits; our own commits do not count. */
  const version = () => Number(database.pragma('data_version', { simple: true }))
  const look = () => {
    const now = version()
    if (now === seen) return
    seen = now
    tell()
  }
  const rest = () => {
    if (timer) clearInterval(timer)
    timer = null
  }
  return {
    tell,
    /** Nobody is told any more: a listener would ask a catalog that is closed. */
    stop() {
      listeners.clear()
      rest()
    },
    listen(listener: () => void) {
      listeners.add(listener)
      if (!timer) {
        seen = version()
        timer = setInterval(look, FOREIGN_CHANGE_INTERVAL_MS).unref()
      }
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) rest()
      }
    },
  }
}
