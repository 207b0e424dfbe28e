/**
 * Long work on the catalog, one at a time and visible: imports, verifies, exports. A task stays on the list until it
 * is dismissed, so that a fault is read and not missed.
 */
import fs from 'node:fs'
import path from 'node:path'
import { type Fault, faultOf } from '../../../shared/fault.ts'
import type { CatalogTask } from '../../../shared/ipc.ts'
import type { Catalog } from '../catalog/catalog.ts'

export interface Tasks {
  list(): CatalogTask[]
  /** A directory stands for the files directly in it. */
  import(paths: readonly string[]): CatalogTask[]
  verify(imageId: string): CatalogTask
  export(imageId: string, toPath: string): CatalogTask
  cancel(taskId: number): void
  retry(taskId: number): void
  dismiss(taskId: number): void
  onChange(listener: () => void): void
  /** Cancels what runs and waits for it. */
  close(): Promise<void>
}

export type TaskFault =
  | { readonly code: 'catalog/no-task'; readonly taskId: number }
  | { readonly code: 'catalog/task-running'; readonly subject: string }
  | { readonly code: 'image/empty-directory'; readonly path: string }

export class TaskError extends Error {
  override readonly name = 'TaskError'
  readonly fault: TaskFault
  constructor(fault: TaskFault) {
    super(describe(fault))
    this.fault = fault
  }
}

type Work = (
  signal: AbortSignal,
  onProgress: (progress: Partial<CatalogTask>) => void,
) => Promise<Partial<CatalogTask>>

interface Entry {
  row: CatalogTask
  readonly work: Work
  readonly abort: AbortController
}

export function createTasks(catalog: Catalog): Tasks {
  const entries = new Map<number, Entry>()
  const listeners: (() => void)[] = []
  let nextId = 1
  let running: Promise<void> | null = null
  let isClosed = false

  function change(entry: Entry, change: Partial<CatalogTask>): void {
    entry.row = { ...entry.row, ...change }
    for (const listener of listeners) listener()
  }

  function add(kind: CatalogTask['kind'], subject: string, work: Work): CatalogTask {
    const row: CatalogTask = {
      id: nextId++,
      kind,
      subject,
      state: 'queued',
      doneBytes: 0,
      totalBytes: null,
      rateBytesPerSecond: 0,
      leftMs: null,
      image: null,
      isDuplicate: false,
      fault: null,
    }
    const entry: Entry = { row, work, abort: new AbortController() }
    entries.set(row.id, entry)
    change(entry, {})
    // After the caller has its answer: no task may end before it is known.
    setImmediate(pump)
    return entry.row
  }

  function pump(): void {
    if (running || isClosed) return
    const entry = [...entries.values()].find(candidate => candidate.row.state === 'queued')
    if (!entry) return
    running = perform(entry).finally(() => {
      running = null
      pump()
    })
  }

  async function perform(entry: Entry): Promise<void> {
    change(entry, { state: 'running' })
    try {
      const result = await entry.work(entry.abort.signal, progress => change(entry, progress))
      const state = result.fault ? 'failed' : 'done'
      change(entry, { ...result, state, leftMs: null })
    } catch (error) {
      if (entry.abort.signal.aborted) change(entry, { state: 'cancelled', leftMs: null })
      else change(entry, { state: 'failed', leftMs: null, fault: faultOf(error) })
    }
  }

  function find(taskId: number): Entry {
    const entry = entries.get(taskId)
    if (entry) return entry
    throw new TaskError({ code: 'catalog/no-task', taskId })
  }

  function importOne(file: string): CatalogTask {
    return add('import', file, async (signal, onProgress) => {
      const result = await catalog.importFile(file, {
        signal,
        onProgress: progress =>
          onProgress({
            doneBytes: progress.sourceDoneBytes,
            totalBytes: progress.sourceTotalBytes,
            rateBytesPerSecond: progress.rateBytesPerSecond,
            leftMs: progress.leftMs,
          }),
      })
      return { image: result.image, isDuplicate: result.isDuplicate }
    })
  }

  return {
    list: () => [...entries.values()].map(entry => entry.row),
    import: paths => paths.flatMap(filesAt).map(importOne),
    verify(imageId) {
      const image = catalog.find(imageId)
      return add('verify', image.name, async (signal, onProgress) => {
        const result = await catalog.verify(image.id, {
          signal,
          onProgress: byteProgress(onProgress),
        })
        return { image: catalog.find(image.id), fault: damage(image.name, result.faults) }
      })
    },
    export(imageId, toPath) {
      const image = catalog.find(imageId)
      return add('export', toPath, async (signal, onProgress) => {
        await catalog.exportTo(image.id, toPath, { signal, onProgress: byteProgress(onProgress) })
        return { image }
      })
    },
    cancel(taskId) {
      const entry = find(taskId)
      entry.abort.abort()
      if (entry.row.state === 'queued') change(entry, { state: 'cancelled' })
    },
    retry(taskId) {
      const { row, work } = find(taskId)
      if (row.state !== 'failed' && row.state !== 'cancelled') return
      entries.delete(taskId)
      add(row.kind, row.subject, work)
    },
    dismiss(taskId) {
      const { row } = find(taskId)
      if (row.state === 'queued' || row.state === 'running') {
        throw new TaskError({ code: 'catalog/task-running', subject: row.subject })
      }
      entries.delete(taskId)
      for (const listener of listeners) listener()
    },
    onChange: listener => void listeners.push(listener),
    async close() {
      isClosed = true
      for (const entry of entries.values()) entry.abort.abort()
      await running
    },
  }
}

/** A directory becomes its files; anything else is the importer's to judge, which names what is wrong with it. */
function filesAt(given: string): string[] {
  if (!fs.statSync(given, { throwIfNoEntry: false })?.isDirectory()) return [given]
  const files = fs
    .readdirSync(given, { withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.startsWith('.'))
    .map(entry => path.join(given, entry.name))
    .toSorted()
  if (files.length === 0) throw new TaskError({ code: 'image/empty-directory', path: given })
  return files
}

function byteProgress(
  onProgress: (progress: Partial<CatalogTask>) => void,
): (progress: { doneBytes: number; totalBytes: number }) => void {
  const startedAtMs = Date.now()
  return ({ doneBytes, totalBytes }) => {
    const seconds = Math.max(0.001, (Date.now() - startedAtMs) / 1000)
    const rateBytesPerSecond = doneBytes / seconds
    const leftMs =
      rateBytesPerSecond > 0 ? ((totalBytes - doneBytes) / rateBytesPerSecond) * 1000 : null
    onProgress({ doneBytes, totalBytes, rateBytesPerSecond, leftMs })
  }
}

function damage(
  name: string,
  faults: readonly { readonly offsetBytes: number; readonly reason: string }[],
): Fault | null {
  const [first] = faults
  if (!first) return null
  const message = `Image "${name}" is damaged at ${faults.length} place(s), the first at byte ${first.offsetBytes}: ${first.reason}. Import it again from its source.`
  return { code: 'image/damaged', message }
}

function describe(fault: TaskFault): string {
  switch (fault.code) {
    case 'catalog/no-task':
      return `Task ${fault.taskId} is no longer on the list.`
    case 'catalog/task-running':
      return `"${fault.subject}" is still being worked on. Cancel it first.`
    case 'image/empty-directory':
      return `${fault.path} holds no files. Drop an image file, or a folder with images in it.`
  }
}
