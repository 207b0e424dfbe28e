/** What the tray and a desktop notification say about sessions. Pure; the page has words of its own. */
import type { Session } from '../../shared/session.ts'
import { isAllWell } from '../../shared/sessionEnd.ts'
import { isOpen } from './sessionWatch.ts'

/** `done`: the last session ended and every machine is well; `trouble`: it ended and one is not. */
export type BenchState = 'idle' | 'waiting' | 'running' | 'paused' | 'done' | 'trouble'

/** What all sessions come to: one at work counts before one that waits, and any open one before one that ended. */
export function benchState(sessions: readonly Session[]): BenchState {
  for (const state of ['running', 'paused', 'waiting'] as const) {
    if (sessions.some(session => session.state === state)) return state
  }
  const last = sessions
    .filter(session => session.state === 'ended')
    .toSorted((one, other) => (other.endedAtMs ?? 0) - (one.endedAtMs ?? 0))[0]
  if (!last) return sessions.some(session => session.state === 'interrupted') ? 'trouble' : 'idle'
  return isAllWell(last) ? 'done' : 'trouble'
}

/** One line for the tray's menu and its tooltip. */
export function describeBench(sessions: readonly Session[]): string {
  const open = sessions.filter(isOpen)
  const [only] = open
  if (!only) {
    if (sessions.some(session => session.state === 'interrupted')) {
      return 'A session was interrupted'
    }
    return sessions.length > 0 ? 'The session has ended' : 'No session'
  }
  if (open.length > 1) return `${open.length} sessions are open`
  if (only.state === 'waiting') {
    return `${only.imageName}: waiting, ${machines(only.counts.joined)} joined`
  }
  const percent = Math.floor(only.fraction * 100)
  const verb = only.state === 'paused' ? 'paused at' : ''
  return [`${only.imageName}:`, verb, `${percent} %, ${machines(only.counts.joined)}`]
    .filter(part => part !== '')
    .join(' ')
}

/** What a session came to, for a notification. Says "verified" only of machines that read their disks back. */
export function describeEnd(session: Session): { readonly title: string; readonly body: string } {
  const { joined, verified, failed, lost } = session.counts
  if (joined === 0) {
    return { title: 'The session ended without a machine', body: session.imageName }
  }
  const troubles = [
    failed > 0 ? `${failed} failed` : null,
    lost > 0 ? `${lost} silent` : null,
  ].filter(part => part !== null)
  const body = [session.imageName, ...troubles].join(', ')
  if (session.protocol === 'udpcast') {
    return { title: `The session with ${machines(joined)} ended, not verified`, body }
  }
  return { title: `${verified} of ${machines(joined)} verified`, body }
}

function machines(count: number): string {
  return count === 1 ? '1 machine' : `${count} machines`
}
