/** How fast each session went, from its opening on, so that a window that opens late plots all of it. In memory only. */
import type { Session, TraceSample } from '../../../shared/session.ts'

export interface Traces {
  /** Call it each second with the sessions as they are; those that are gone are forgotten. */
  sample(sessions: readonly TracedSession[], nowMs: number): void
  /** Oldest first, MOST at most; none for a session that is not known. */
  of(sessionId: string): TraceSample[]
}

export type TracedSession = Pick<Session, 'id' | 'state' | 'sentBytes' | 'repairBytes' | 'pass'>

/** An hour of seconds, then of every two, and so on: more than any screen has columns. */
const MOST = 3_600

interface Trace {
  samples: TraceSample[]
  /** Seconds' looks that make one sample. */
  step: number
  looks: number
  since: Mark
}

interface Mark {
  readonly atMs: number
  readonly sentBytes: number
  readonly repairBytes: number
}

export function createTraces(most: number = MOST): Traces {
  const traces = new Map<string, Trace>()

  function look(session: TracedSession, nowMs: number): void {
    const { id, sentBytes, repairBytes, pass } = session
    const mark: Mark = { atMs: nowMs, sentBytes, repairBytes }
    const trace = traces.get(id)
    if (!trace) {
      traces.set(id, { samples: [], step: 1, looks: 0, since: mark })
      return
    }
    if (++trace.looks < trace.step || nowMs <= trace.since.atMs) return
    trace.looks = 0
    trace.samples.push({
      atMs: nowMs,
      bitsPerSecond: rate(trace.since, mark, 'sentBytes'),
      repairBitsPerSecond: rate(trace.since, mark, 'repairBytes'),
      pass,
    })
    trace.since = mark
    if (trace.samples.length < most) return
    trace.samples = halved(trace.samples)
    trace.step *= 2
  }

  return {
    sample(sessions, nowMs) {
      const present = new Set(sessions.map(session => session.id))
      for (const id of traces.keys()) if (!present.has(id)) traces.delete(id)
      for (const session of sessions) {
        if (session.state !== 'ended' && session.state !== 'interrupted') look(session, nowMs)
      }
    },
    of: sessionId => [...(traces.get(sessionId)?.samples ?? [])],
  }
}

/** Counters begin anew when a session goes on after an interruption. */
function rate(since: Mark, now: Mark, what: 'sentBytes' | 'repairBytes'): number {
  return Math.round((Math.max(0, now[what] - since[what]) * 8000) / (now.atMs - since.atMs))
}

/** Two neighbours become their mean: nothing that was sent is lost from the picture. */
function halved(samples: readonly TraceSample[]): TraceSample[] {
  return samples.flatMap((later, at) => {
    const earlier = samples[at - 1]
    if (at % 2 === 0 || !earlier) return []
    return [
      {
        ...later,
        bitsPerSecond: Math.round((earlier.bitsPerSecond + later.bitsPerSecond) / 2),
        repairBitsPerSecond: Math.round(
          (earlier.repairBitsPerSecond + later.repairBitsPerSecond) / 2,
        ),
      },
    ]
  })
}
