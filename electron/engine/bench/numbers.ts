/**
 * Which number each machine has on the bench: the same in every session, after a restart of the machine and of the
 * engine. Kept in the catalog's database, since people write numbers on tape and stick it on machines.
 */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'

export interface Numbers {
  /** `wanted`: what the machine says it was told; it keeps that unless another has it. */
  numberOf(machineId: string, wanted: number | null): number
  /** It is still there: its number stays its own. */
  seen(machineId: string): void
  close(): void
}

/** After a working day nobody goes by the number of a machine that has left. */
const KEPT_MS = 12 * 60 * 60 * 1000
/** Someone who invents machines takes no more than this; then the number of the machine that was away longest goes. */
const MAX_KEPT = 4_096
/** Joins come in crowds, and each transaction waits for the disk. */
const SAVE_MS = 20

const rowSchema = z.object({ id: z.string(), number: z.number(), seen_at_ms: z.number() })

interface Known {
  readonly number: number
  seenAtMs: number
}

export function createNumbers(database: Database, now: () => number = Date.now): Numbers {
  const select = database.prepare('SELECT id, number, seen_at_ms FROM bench_machines')
  const save = database.prepare(
    `INSERT INTO bench_machines (id, number, seen_at_ms) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET number = excluded.number, seen_at_ms = excluded.seen_at_ms`,
  )
  const remove = database.prepare('DELETE FROM bench_machines WHERE id = ?')
  const known = new Map<string, Known>()
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | null = null

  /** Another engine on this catalog may have given numbers meanwhile. */
  function read(): void {
    for (const row of select.all().map(each => rowSchema.parse(each))) {
      const mine = known.get(row.id)
      if (mine === undefined) known.set(row.id, { number: row.number, seenAtMs: row.seen_at_ms })
      else mine.seenAtMs = Math.max(mine.seenAtMs, row.seen_at_ms)
    }
  }

  function forget(): void {
    const oldest = [...known].toSorted((a, b) => a[1].seenAtMs - b[1].seenAtMs)
    const surplus = known.size - MAX_KEPT + 1
    for (const [index, [id, { seenAtMs }]] of oldest.entries()) {
      if (index >= surplus && now() - seenAtMs < KEPT_MS) continue
      known.delete(id)
      changed.add(id)
    }
  }

  function flush(): void {
    if (timer) clearTimeout(timer)
    timer = null
    const rows = [...changed]
    changed.clear()
    database.transaction(() => {
      for (const id of rows) {
        const one = known.get(id)
        if (one) save.run(id, one.number, one.seenAtMs)
        else remove.run(id)
      }
    })()
  }

  function note(id: string): void {
    changed.add(id)
    timer ??= setTimeout(flush, SAVE_MS)
  }

  return {
    numberOf(id, wanted) {
      const before = known.get(id)
      if (before) {
        before.seenAtMs = now()
        note(id)
        return before.number
      }
      read()
      const stored = known.get(id)
      if (stored && now() - stored.seenAtMs < KEPT_MS) {
        stored.seenAtMs = now()
        note(id)
        return stored.number
      }
      forget()
      const taken = new Set([...known.values()].map(one => one.number))
      let number = wanted !== null && wanted <= MAX_KEPT && !taken.has(wanted) ? wanted : 1
      while (taken.has(number)) number++
      known.set(id, { number, seenAtMs: now() })
      note(id)
      return number
    },
    seen(id) {
      const one = known.get(id)
      if (!one) return
      one.seenAtMs = now()
      changed.add(id) // Saved with the next that matters.
    },
    close: flush,
  }
}
