/** What the bench shows, worked out from the mirror. Pure. */
import type { Image, Nic } from '../../../shared/ipc.ts'
import type { Receiver, Session, StartRule } from '../../../shared/session.ts'
import { formatCount } from '../../ui/format.ts'
import type { SessionSlice } from './slice.ts'

/** Asked for in place of a session's id: the next one is planned while others are open. */
export const NEW_SESSION = 'new'

/** The one asked for, else one that needs attention, else the newest. */
export function shownSession(
  state: Pick<SessionSlice, 'sessions' | 'shownSessionId'>,
): Session | null {
  if (state.shownSessionId === NEW_SESSION) return null
  const asked = state.shownSessionId === null ? null : state.sessions.get(state.shownSessionId)
  return asked ?? orderSessions(state.sessions)[0] ?? null
}

export function orderSessions(sessions: ReadonlyMap<string, Session>): readonly Session[] {
  const rank = { running: 0, paused: 0, waiting: 0, interrupted: 1, ended: 2 } as const
  return [...sessions.values()].toSorted(
    (a, b) => rank[a.state] - rank[b.state] || b.createdAtMs - a.createdAtMs,
  )
}

/** Can still be imaged by this session, and may be: counts for the start button. */
export function isOnBench(receiver: Receiver): boolean {
  return !['asking', 'dropped', 'refused', 'failed', 'lost'].includes(receiver.state)
}

export function isAsking(receiver: Receiver): boolean {
  return receiver.state === 'asking'
}

export function receiversOf(
  { receivers }: Pick<SessionSlice, 'receivers'>,
  sessionId: string,
): readonly Receiver[] {
  return [...receivers.values()].filter(row => row.sessionId === sessionId)
}

/** What the big button does when pressed, and what it says. `act: null` cannot be pressed; the label says why. */
export interface PrimaryAction {
  readonly label: string
  readonly act:
    | 'open'
    | 'approve'
    | 'confirm'
    | 'start'
    | 'pause'
    | 'resume'
    | 'continue'
    | 'again'
    | 'dismiss'
    | null
}

export interface MachineCounts {
  /** Machines of the session that are on the bench now, and those of them that wait for approval. */
  readonly readyCount: number
  readonly askingCount: number
  /** Disks that need a confirmation now. */
  readonly diskCount: number
  /** Once it ended: machines that are not verified, and can be told apart. */
  readonly againCount: number
}

export interface BenchSituation extends MachineCounts {
  readonly isLinked: boolean
  readonly session: Session | null
  readonly image: Image | null
  readonly nic: Nic | null
  readonly hasImages: boolean
}

export function countMachines(
  state: Pick<SessionSlice, 'receivers'>,
  session: Session | null,
): MachineCounts {
  const receivers = session === null ? [] : receiversOf(state, session.id)
  const isEnded = session?.state === 'ended'
  return {
    readyCount: receivers.filter(isOnBench).length,
    askingCount: receivers.filter(isAsking).length,
    diskCount: session === null ? 0 : machinesToErase(session, receivers).length,
    againCount: isEnded ? machinesAgain(session, receivers).length : 0,
  }
}

export function primaryAction(now: BenchSituation): PrimaryAction {
  if (!now.isLinked) return { label: 'Waiting for the engine', act: null }
  if (now.session) return sessionAction(now.session, now)
  if (!now.hasImages) return { label: 'Add an image first', act: null }
  if (!now.image) return { label: 'Choose an image first', act: null }
  if (!now.nic) return { label: 'Choose a network card first', act: null }
  if (now.nic.address === null) return { label: `Card ${now.nic.name} has no address`, act: null }
  if (now.nic.state !== 'up') return { label: `Card ${now.nic.name} has no link`, act: null }
  if (now.image.isIntact === false) return { label: 'This image is damaged', act: null }
  return { label: `Open the bench on ${now.nic.name}`, act: 'open' }
}

function sessionAction(session: Session, now: BenchSituation): PrimaryAction {
  const { readyCount, againCount } = now
  switch (session.state) {
    case 'waiting':
      return waitingAction(session, now)
    case 'running':
      // Their protocol knows no pause.
      if (session.protocol === 'udpcast') {
        return { label: `Sending to ${formatCount(readyCount, 'machine')}`, act: null }
      }
      return { label: 'Pause sending', act: 'pause' }
    case 'paused':
      return { label: 'Go on sending', act: 'resume' }
    case 'interrupted':
      return { label: `Go on with ${session.name}`, act: 'continue' }
    case 'ended':
      if (againCount === 0) return { label: 'Clear the bench', act: 'dismiss' }
      return { label: `Run again for ${formatCount(againCount, 'machine')}`, act: 'again' }
  }
}

function waitingAction(
  session: Session,
  { readyCount, askingCount, diskCount }: BenchSituation,
): PrimaryAction {
  if (readyCount === 0 && askingCount > 0) {
    return { label: `Approve ${formatCount(askingCount, 'machine')}`, act: 'approve' }
  }
  if (readyCount === 0) return { label: 'Waiting for the first machine', act: null }
  if (session.needsConfirmation) {
    return { label: `Confirm: erase ${formatCount(diskCount, 'disk')}`, act: 'confirm' }
  }
  const wanted = session.start.afterReceivers ?? 0
  if (wanted > readyCount) {
    return { label: `Waiting for ${readyCount} of ${wanted}: start now`, act: 'start' }
  }
  return { label: `Start for ${formatCount(readyCount, 'machine')}`, act: 'start' }
}

/** Machines whose disks are written once that is confirmed: all before the start, those that came late after it. */
export function machinesToErase(
  session: Session,
  receivers: readonly Receiver[],
): readonly Receiver[] {
  const isWaiting = session.state === 'waiting'
  return receivers.filter(
    row => row.target.kind === 'device' && (isWaiting ? isOnBench(row) : row.state === 'asking'),
  )
}

/** Whether starting waits for nothing but the technician. */
export function startsByHand({ start }: Pick<Session, 'start'>): boolean {
  return Object.values(start).every(part => part === null)
}

/** Every time that the rule waits for, so much later; null for a rule without one. */
export function postponed(start: StartRule, byMs: number): Partial<StartRule> | null {
  const names = ['afterMs', 'sinceLastJoinMs', 'afterFirstJoinMs', 'atMs'] as const
  const set = names.filter(name => start[name] !== null)
  if (set.length === 0) return null
  return Object.fromEntries(set.map(name => [name, (start[name] ?? 0) + byMs]))
}

/** Machines that an ended session left unverified, as rules name them: by the MAC of their card. */
export function machinesAgain(session: Session, receivers: readonly Receiver[]): readonly string[] {
  if (session.protocol === 'udpcast' || session.isRehearsal) return []
  const macs = receivers
    .filter(row => row.state !== 'done')
    .map(row => row.mac.toLowerCase())
    .filter(mac => mac !== '' && mac !== '00:00:00:00:00:00')
  return [...new Set(macs)]
}

/** How a session ended, for the panel over the tiles. Green only when every machine proved its disk. */
export interface Ending {
  readonly tone: 'done' | 'bad' | 'idle'
  readonly title: string
  readonly failures: readonly Receiver[]
}

export function ending(session: Session, receivers: readonly Receiver[]): Ending {
  const verified = receivers.filter(receiver => receiver.state === 'done').length
  const failures = receivers.filter(
    receiver => receiver.state !== 'done' && receiver.state !== 'acknowledged',
  )
  if (session.fault) return { tone: 'bad', title: session.fault.message, failures }
  if (receivers.length === 0) return { tone: 'idle', title: 'Ended without a machine', failures }
  if (session.protocol === 'udpcast') return unverifiedEnding(receivers, failures)
  const tone = failures.length === 0 ? 'done' : 'bad'
  return {
    tone,
    title: `${verified} of ${formatCount(receivers.length, 'machine')} verified`,
    failures,
  }
}

/** Never green: a stock receiver proves nothing. */
function unverifiedEnding(receivers: readonly Receiver[], failures: readonly Receiver[]): Ending {
  const took = receivers.length - failures.length
  return {
    tone: failures.length === 0 ? 'idle' : 'bad',
    title: `${took} of ${formatCount(receivers.length, 'machine')} took the whole image, not verified`,
    failures,
  }
}

/** Whether switches that snoop keep forwarding to the machines. */
export function describeQuerier(querier: NonNullable<Session['querier']>): string {
  switch (querier.state) {
    case 'asking':
      return 'This computer asks who listens (IGMP querier), so that no switch forgets a machine.'
    case 'other':
      return `${querier.detail} asks who listens (IGMP querier); this computer keeps quiet.`
    case 'off':
      return `Nobody is known to ask who listens (IGMP). ${querier.detail}`
  }
}
