/**
 * Open sessions in the catalog's database, so that one whose engine was killed can go on. A row is `open` from opening
 * until the session ends; its owner is the process that runs it.
 */
import fs from 'node:fs'
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { parseJson } from '../../../shared/parseJson.ts'
import type { Delivery } from '../../../shared/protocol/control.ts'
import type { Policy, Session, SessionPlan } from '../../../shared/session.ts'
import { storedPlanSchema } from './storedPlan.ts'

export interface StoredSession {
  readonly id: string
  readonly name: string
  readonly plan: SessionPlan
  readonly group: string
  readonly port: number
  readonly createdAtMs: number
  /** Some living process runs it: this one or another. */
  readonly isOwned: boolean
}

export interface SessionStore {
  opened(session: Omit<StoredSession, 'isOwned'>): void
  /** Takes an interrupted session over. */
  adopted(id: string): void
  policySet(id: string, policy: Policy): void
  deliverySet(id: string, delivery: Delivery): void
  /** Leaves it open and unowned: this process goes, the session may go on. */
  released(id: string): void
  /** How far it is, for whoever finds it interrupted: any JSON. */
  progressed(id: string, progress: unknown): void
  /** As it was told; null where nothing was. */
  progress(id: string): unknown
  /** In one transaction with `record`: killed at any moment, both happened or neither. */
  ended(session: Pick<Session, 'id'>, result: Session | null, record: () => void): void
  /** `isWanted` by its id: reading one costs a look at its owner's process. */
  open(isWanted?: (id: string) => boolean): StoredSession[]
}

const ownedPlanSchema = z.strictObject({
  plan: storedPlanSchema,
  owner: z.strictObject({ pid: z.number().int(), startedAt: z.string() }),
})

const NOBODY = { pid: 0, startedAt: '' }

const rowSchema = z.object({
  id: z.string(),
  name: z.string(),
  plan_json: z.string(),
  group_address: z.string(),
  port: z.number(),
  created_at_ms: z.number(),
})

export function createSessionStore(database: Database): SessionStore {
  const owner = { pid: process.pid, startedAt: processStart(process.pid) ?? '' }
  const insert = database.prepare(
    `INSERT INTO sessions (id, image_id, name, nic, plan_json, state, group_address, port, created_at_ms)
     VALUES (?, ?, ?, ?, ?, 'open', ?, ?, ?)`,
  )
  const select = database.prepare<[], { readonly id: string }>(
    `SELECT * FROM sessions WHERE state = 'open' ORDER BY created_at_ms`,
  )
  const adopt = database.prepare(
    `UPDATE sessions SET plan_json = json_set(plan_json, '$.owner', json(?)) WHERE id = ?`,
  )
  const setDelivery = database.prepare(
    `UPDATE sessions SET plan_json = json_set(plan_json, '$.plan.delivery', ?) WHERE id = ?`,
  )
  const setPolicy = database.prepare(
    `UPDATE sessions SET plan_json = json_set(plan_json, '$.plan.policy', json(?)) WHERE id = ?`,
  )
  const setProgress = database.prepare('UPDATE sessions SET progress_json = ? WHERE id = ?')
  const getProgress = database.prepare<[string], { progress_json: string | null }>(
    'SELECT progress_json FROM sessions WHERE id = ?',
  )
  const finish = database.prepare(
    `UPDATE sessions SET state = 'ended', ended_at_ms = ?, result_json = ?, progress_json = NULL
     WHERE id = ?`,
  )
  return {
    opened(session) {
      const { plan } = session
      const json = JSON.stringify({ plan, owner })
      const { id, name, group, port, createdAtMs } = session
      insert.run(id, plan.imageId, name, plan.nic, json, group, port, createdAtMs)
    },
    adopted: id => void adopt.run(JSON.stringify(owner), id),
    deliverySet: (id, delivery) => void setDelivery.run(delivery, id),
    policySet: (id, policy) => void setPolicy.run(JSON.stringify(policy), id),
    released: id => void adopt.run(JSON.stringify(NOBODY), id),
    progressed: (id, progress) => void setProgress.run(JSON.stringify(progress), id),
    progress: id => parseJson(getProgress.get(id)?.progress_json ?? 'null'),
    ended(session, result, record) {
      const json = result === null ? null : JSON.stringify(result)
      const end = database.transaction(() => {
        finish.run(Date.now(), json, session.id)
        record()
      })
      end.immediate()
    },
    open: (isWanted = () => true) =>
      select
        .all()
        .filter(row => isWanted(row.id))
        .flatMap(stored),
  }
}

/** A row that does not parse was written by another version: it is left alone, never guessed at. */
function stored(value: unknown): StoredSession[] {
  const row = rowSchema.safeParse(value)
  if (!row.success) return []
  const owned = ownedPlanSchema.safeParse(parseJson(row.data.plan_json))
  if (!owned.success) return []
  const { plan, owner } = owned.data
  return [
    {
      id: row.data.id,
      name: row.data.name,
      plan,
      group: row.data.group_address,
      port: row.data.port,
      createdAtMs: row.data.created_at_ms,
      isOwned: isAlive(owner),
    },
  ]
}

function isAlive(owner: { readonly pid: number; readonly startedAt: string }): boolean {
  if (owner.pid <= 0) return false // kill(2) takes these for groups.
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    // EPERM: it lives, under another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const startedAt = processStart(owner.pid)
  return startedAt === null || startedAt === owner.startedAt
}

/**
 * Tells a process from a later one with the same number, and from a dead one that nobody collected (a zombie, as an
 * init-less container keeps them). proc(5), fields 3 and 22; null where there is no /proc.
 */
function processStart(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? 'dead' : (fields[19] ?? null)
  } catch {
    return null
  }
}
