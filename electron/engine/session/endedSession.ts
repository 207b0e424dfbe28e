/** What is told of a session when it ends, and what is kept of one meanwhile in case the engine dies. */
import { z } from 'zod'
import type { Receiver, Session, SessionPlan } from '../../../shared/session.ts'
import { storedReceivers } from './storedReceivers.ts'

export interface EndedSession {
  readonly session: Session
  readonly plan: SessionPlan
  readonly receivers: readonly Receiver[]
  /** What an earlier engine knew when it died; null where none did. */
  readonly earlier: Progress | null
}

export interface Progress {
  readonly startedAtMs: number | null
  readonly sentBytes: number
  readonly repairBytes: number
  /** Machines that had ended: they do not come again. */
  readonly receivers: readonly Receiver[]
}

const progressSchema = z.object({
  startedAtMs: z.number().nullable(),
  sentBytes: z.number().nonnegative(),
  repairBytes: z.number().nonnegative(),
  receivers: z.array(z.unknown()),
})

/** Null where nothing was kept, or by a later version in another way. */
export function storedProgress(value: unknown): Progress | null {
  const progress = progressSchema.safeParse(value)
  if (!progress.success) return null
  return { ...progress.data, receivers: storedReceivers(progress.data.receivers) }
}

/** Of a session as it is now, which may have gone on after an interruption. */
export function progressOf(
  session: Session,
  receivers: readonly Receiver[],
  earlier: Progress | null,
): Progress {
  const back = new Set(receivers.map(row => row.id))
  return {
    startedAtMs: earlier?.startedAtMs ?? session.startedAtMs,
    sentBytes: session.sentBytes + (earlier?.sentBytes ?? 0),
    repairBytes: session.repairBytes + (earlier?.repairBytes ?? 0),
    receivers: [
      ...(earlier?.receivers.filter(row => !back.has(row.id)) ?? []),
      ...receivers.filter(row => row.endedAtMs !== null),
    ],
  }
}
