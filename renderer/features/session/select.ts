/** What the bench shows, worked out from the mirror. Pure. */
import type { Image, Nic } from '../../../shared/ipc.ts'
import type {
  Policy,
  Receiver,
  ReceiverProtocol,
  Session,
  StartRule,
} from '../../../shared/session.ts'
import { formatBits, formatCount, formatDuration } from '../../ui/format.ts'
import type { SessionSlice } from './slice.ts'

/** The one asked for, else one that needs attention, else the newest. */
export function shownSession(
  state: Pick<SessionSlice, 'sessions' | 'shownSessionId'>,
): Session | null {
  const asked = state.shownSessionId === null ? null : state.sessions.get(state.shownSessionId)
  return asked ?? orderSessions(state.sessions)[0] ?? null
}

export function orderSessions(sessions: ReadonlyMap<string, Session>): readonly Session[] {
  const rank = { running: 0, paused: 0, waiting: 0, interrupted: 1, ended: 2 } as const
  return [...sessions.values()].toSorted(
    (a, b) => rank[a.state] - rank[b.state] || b.createdAtMs - a.createdAtMs,
  )
}

/** Can still be imaged by this session: counts for the start button. */
export function isOnBench(receiver: Receiver): boolean {
  return !['dropped', 'refused', 'failed', 'lost'].includes(receiver.state)
}

/** What the big button does when pressed, and what it says. `act: null` cannot be pressed; the label says why. */
export interface PrimaryAction {
  readonly label: string
  readonly act: 'open' | 'start' | 'pause' | 'resume' | 'continue' | 'dismiss' | null
}

export interface BenchSituation {
  readonly isLinked: boolean
  readonly session: Session | null
  readonly image: Image | null
  readonly nic: Nic | null
  /** Machines that are on the bench now. */
  readonly readyCount: number
  readonly hasImages: boolean
}

export function primaryAction(now: BenchSituation): PrimaryAction {
  if (!now.isLinked) return { label: 'Waiting for the engine', act: null }
  if (now.session) return sessionAction(now.session, now.readyCount)
  if (!now.hasImages) return { label: 'Add an image first', act: null }
  if (!now.image) return { label: 'Choose an image first', act: null }
  if (!now.nic) return { label: 'Choose a network card first', act: null }
  if (now.nic.address === null) return { label: `Card ${now.nic.name} has no address`, act: null }
  if (now.nic.state !== 'up') return { label: `Card ${now.nic.name} has no link`, act: null }
  if (now.image.isIntact === false) return { label: 'This image is damaged', act: null }
  return { label: `Open the bench for ${now.image.name}`, act: 'open' }
}

function sessionAction(session: Session, readyCount: number): PrimaryAction {
  const machines = formatCount(readyCount, 'machine')
  switch (session.state) {
    case 'waiting': {
      if (readyCount === 0) return { label: 'Waiting for the first machine', act: null }
      const wanted = session.start.afterReceivers ?? 0
      if (wanted > readyCount) {
        return { label: `Start now with ${readyCount} of ${wanted} machines`, act: 'start' }
      }
      return { label: `Start now for ${machines}`, act: 'start' }
    }
    case 'running':
      // Their protocol knows no pause.
      if (session.protocol === 'udpcast') return { label: `Sending to ${machines}`, act: null }
      return { label: 'Pause sending', act: 'pause' }
    case 'paused':
      return { label: 'Go on sending', act: 'resume' }
    case 'interrupted':
      return { label: `Go on with ${session.name}`, act: 'continue' }
    case 'ended':
      return { label: 'Clear the bench', act: 'dismiss' }
  }
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

export function describeMachines(protocol: ReceiverProtocol, policy: Policy): string {
  if (protocol === 'udpcast') return 'Stock udpcast'
  switch (policy.kind) {
    case 'fair':
      return 'Nobody waits'
    case 'together':
      return 'All wait for the slowest'
    case 'drop':
      return `Drop below ${formatBits(policy.belowBitsPerSecond)}`
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

export function describeStartRule(rule: StartRule): string {
  const parts = [
    rule.afterReceivers === null ? null : `at ${formatCount(rule.afterReceivers, 'machine')}`,
    rule.afterMs === null ? null : `after ${formatDuration(rule.afterMs)}`,
    rule.sinceLastJoinMs === null
      ? null
      : `${formatDuration(rule.sinceLastJoinMs)} after the last join`,
  ].filter(part => part !== null)
  return parts.length === 0 ? 'By hand' : capital(parts.join(' or '))
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** "300", "1.5 gbit", "300 mbit/s" to bit/s; a bare number is Mbit/s. Null: no rate the engine takes. */
export function parseRate(text: string): number | null {
  const match = /^\s*(\d+(?:[.,]\d+)?)\s*(k|m|g)?(?:bit)?(?:\/s)?\s*$/i.exec(text)
  if (!match) return null
  const unit = { k: 1e3, m: 1e6, g: 1e9 }[(match[2] ?? 'm').toLowerCase()] ?? 1e6
  const rate = Math.round(Number((match[1] ?? '').replace(',', '.')) * unit)
  return rate >= 64_000 && rate <= 100_000_000_000 ? rate : null
}
