/** What is kept of a session that ended. Pure. */
import type { HistoryDetail, HistoryEntry } from '../../../shared/history.ts'
import type { Receiver, Session } from '../../../shared/session.ts'
import type { EndedSession } from '../session/session.ts'

export function recordOf(ended: EndedSession, operator: string): HistoryDetail {
  const { session, plan, earlier } = ended
  const receivers = together(ended)
  const startedAtMs = earlier?.startedAtMs ?? session.startedAtMs
  const endedAtMs = session.endedAtMs ?? Date.now()
  const count = (state: Receiver['state']): number =>
    receivers.filter(row => row.state === state).length
  const [verified, acknowledged] = [count('done'), count('acknowledged')]
  const counts = {
    joined: receivers.length,
    verified,
    acknowledged,
    failed: receivers.length - verified - acknowledged,
  }
  const entry: HistoryEntry = {
    sessionId: session.id,
    name: session.name,
    imageId: session.imageId,
    imageName: session.imageName,
    imageBytes: session.imageBytes,
    nic: session.nic,
    operator,
    createdAtMs: session.createdAtMs,
    startedAtMs,
    endedAtMs,
    outcome: outcomeOf(counts, session),
    counts,
    sentBytes: session.sentBytes + (earlier?.sentBytes ?? 0),
    repairBytes: session.repairBytes + (earlier?.repairBytes ?? 0),
    meanBitsPerSecond:
      verified + acknowledged === 0
        ? 0
        : meanRate(session.storedBytes, startedAtMs, lastEnd(receivers, endedAtMs)),
    fault: session.fault,
  }
  const now = {
    start: session.start,
    policy: session.policy,
    delivery: session.delivery,
    rateBitsPerSecond: session.rateCapBitsPerSecond,
  }
  return { entry, plan: { ...plan, ...now }, receivers }
}

/** Everything a technician may look for, in small letters. */
export function searchText({ entry, receivers }: HistoryDetail): string {
  const { sessionId, name, imageName, imageId, nic, operator } = entry
  const machines = receivers.flatMap(row => [row.name, row.address, row.mac, row.model, row.serial])
  return [sessionId, name, imageName, imageId, nic, operator, ...new Set(machines)]
    .join('\n')
    .toLowerCase()
}

/** A machine that came back after the interruption is as it ended then. */
function together({ receivers, earlier }: EndedSession): Receiver[] {
  const back = new Set(receivers.map(row => row.id))
  const before = earlier?.receivers.filter(row => !back.has(row.id)) ?? []
  return [...before, ...receivers].sort((one, other) => one.number - other.number)
}

function outcomeOf(counts: HistoryEntry['counts'], { fault }: Session): HistoryEntry['outcome'] {
  const { joined, verified, acknowledged } = counts
  if (joined > 0 && acknowledged === joined && fault === null) return 'acknowledged'
  if (verified + acknowledged === 0) return 'none'
  return verified === joined && fault === null ? 'verified' : 'partly'
}

/** The session itself stays open somewhat longer, for machines that come back. */
function lastEnd(receivers: readonly Receiver[], endedAtMs: number): number {
  const ends = receivers.flatMap(row => row.endedAtMs ?? [])
  return ends.length === receivers.length ? Math.max(...ends) : endedAtMs
}

function meanRate(storedBytes: number, startedAtMs: number | null, endedAtMs: number): number {
  if (startedAtMs === null || endedAtMs <= startedAtMs) return 0
  return Math.round((storedBytes * 8000) / (endedAtMs - startedAtMs))
}
