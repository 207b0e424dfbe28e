/**
 * All sessions of this engine: opens them, ends them, and finds those that an earlier engine's death interrupted.
 */
import type { Policy, Receiver, Session, SessionPlan, StartRule } from '../../../shared/session.ts'
import type { Delivery } from '../../../shared/protocol/control.ts'
import { encodeManifest } from '../../../shared/protocol/manifest.ts'
import { sessionIdFromHex, sessionIdToHex } from '../../../shared/protocol/packet.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { findNic } from '../net/net.ts'
import { openBenchKey } from './benchKey.ts'
import { SessionError } from './fault.ts'
import { type LiveSession, openLiveSession, storedTotal } from './liveSession.ts'
import type { ProbeRequest, ProbeResult } from './probe.ts'
import { sessionRow } from './sessionRow.ts'
import {
  announcedName,
  randomGroup,
  randomPort,
  randomSession,
  type SessionSetup,
} from './setup.ts'
import { createSessionStore, type StoredSession } from './store.ts'
import type { Vitals } from './vitals.ts'

export { SessionError } from './fault.ts'
export { isAtCap } from './pacingSession.ts'
export { describeQuerier } from './sessionRow.ts'
export { announcedName, randomSession } from './setup.ts'
export { startVerdict } from './startRule.ts'
export { DEFAULT_PROBE, type ProbeRequest, type ProbeResult } from './probe.ts'
export type { MachineVitals, Vitals } from './vitals.ts'

export interface Sessions {
  /** Every session on the screen: open, interrupted, ended and not yet dismissed. */
  list(): Session[]
  receivers(): Receiver[]
  open(plan: SessionPlan, options?: { readonly isRehearsal: boolean }): Promise<Session>
  /** Goes on with an interrupted session: same id, group and image; starts sending at once. */
  continue(id: string): Promise<Session>
  discard(id: string): void
  dismiss(id: string): void
  startNow(id: string): void
  pause(id: string): void
  resume(id: string): void
  stop(id: string): void
  setRate(id: string, bitsPerSecond: number | null): void
  setStartRule(id: string, rule: StartRule): void
  setPolicy(id: string, policy: Policy): void
  /** Faults: session/unicast-crowded, session/no-broadcast. */
  setDelivery(id: string, delivery: Delivery): void
  /** Test datagrams to a session's machines: see LiveSession. */
  probe(id: string, request: ProbeRequest): Promise<readonly ProbeResult[]>
  /** Counters that tell how the machines are reached; null for a session that is not running here. */
  vitals(id: string): Vitals | null
  drop(id: string, receiverId: string): void
  retry(id: string, receiverId: string): void
  /** Closes sockets and threads; open sessions stay open in the database and can be continued. */
  close(): Promise<void>
}

export function createSessions(catalog: Catalog): Sessions {
  const key = openBenchKey(catalog.directory)
  const store = createSessionStore(catalog.database)
  const live = new Map<string, LiveSession>()

  function find(id: string): LiveSession {
    const session = live.get(id)
    if (session) return session
    throw new SessionError({ code: 'session/not-found', session: id })
  }

  function interrupted(): StoredSession[] {
    return store.open().filter(row => !row.isOwned && !live.has(row.id))
  }

  function findInterrupted(id: string): StoredSession {
    const row = interrupted().find(candidate => candidate.id === id)
    if (row) return row
    throw new SessionError({ code: 'session/not-found', session: id })
  }

  function prepare(row: StoredSession, kind: 'new' | 'continued' | 'rehearsal'): SessionSetup {
    const nic = findNic(row.plan.nic)
    const image = catalog.find(row.plan.imageId)
    const layout = catalog.layout(image.id)
    const session = sessionIdFromHex(row.id)
    if (session === null) throw new Error(`session id ${row.id}`)
    return {
      session,
      id: row.id,
      name: row.name,
      plan: row.plan,
      imageName: image.name,
      layout,
      manifestBytes: encodeManifest(layout.manifest),
      storedBytes: storedTotal(layout.manifest.storedBytes),
      card: nic,
      group: row.group,
      port: row.port,
      key,
      createdAtMs: row.createdAtMs,
      isLoopedBack: nic.kind === 'loopback' || kind === 'rehearsal',
      isRehearsal: kind === 'rehearsal',
      isContinued: kind === 'continued',
      // Receivers count anew on each connection, so any beginning does; zero means "nothing seen".
      firstSeq: 0,
    }
  }

  async function start(setup: SessionSetup): Promise<Session> {
    const session = await openLiveSession(setup, ended => store.ended(ended, ended))
    live.set(setup.id, session)
    return session.session()
  }

  return {
    list: () => [
      ...[...live.values()].map(session => session.session()),
      ...interrupted().flatMap(row => interruptedRow(catalog, row)),
    ],
    receivers: () => [...live.values()].flatMap(session => session.receivers()),
    async open(plan, options) {
      const isRehearsal = options?.isRehearsal ?? false
      const image = catalog.find(plan.imageId)
      const row: StoredSession = {
        id: sessionIdToHex(randomSession()),
        name: announcedName(plan.name ?? image.name),
        plan,
        group: randomGroup(),
        port: randomPort(),
        createdAtMs: Date.now(),
        isOwned: true,
      }
      const opened = await start(prepare(row, isRehearsal ? 'rehearsal' : 'new'))
      store.opened(row)
      return opened
    },
    async continue(id) {
      const row = findInterrupted(id)
      const session = await start(prepare(row, 'continued'))
      store.adopted(id)
      return session
    },
    discard(id) {
      store.ended(findInterrupted(id), null)
    },
    dismiss(id) {
      const session = find(id)
      const { state } = session.session()
      if (state !== 'ended') {
        throw new SessionError({ code: 'session/wrong-state', state, wanted: 'dismissed' })
      }
      live.delete(id)
    },
    startNow: id => find(id).startNow(),
    pause: id => find(id).pause(),
    resume: id => find(id).resume(),
    stop: id => find(id).stop(),
    setRate: (id, bitsPerSecond) => find(id).setRate(bitsPerSecond),
    setStartRule: (id, rule) => find(id).setStartRule(rule),
    setDelivery(id, delivery) {
      find(id).setDelivery(delivery)
      store.deliverySet(id, delivery)
    },
    setPolicy(id, policy) {
      find(id).setPolicy(policy)
      store.policySet(id, policy)
    },
    probe: async (id, request) => find(id).probe(request),
    vitals: id => live.get(id)?.vitals() ?? null,
    drop: (id, receiverId) => find(id).drop(receiverId),
    retry: (id, receiverId) => find(id).retry(receiverId),
    async close() {
      await Promise.all([...live.values()].map(session => session.close()))
      for (const session of live.values()) {
        if (session.session().state !== 'ended') store.released(session.id)
      }
    },
  }
}

/** What is known of a session before it goes on; an image that is gone leaves nothing to go on with. */
function interruptedRow(catalog: Catalog, row: StoredSession): Session[] {
  const image = catalog.list().find(candidate => candidate.id === row.plan.imageId)
  if (!image) return []
  const setup = {
    ...row,
    imageName: image.name,
    storedBytes: image.storedBytes,
    layout: { manifest: { imageBytes: image.imageBytes } },
    card: { name: row.plan.nic, address: '', linkBitsPerSecond: null },
    isRehearsal: false,
  }
  const figures = {
    phase: 'interrupted' as const,
    rule: row.plan.start,
    waitingFor: '',
    cap: row.plan.rateBitsPerSecond,
    policy: row.plan.policy,
    delivery: row.plan.delivery,
    stats: { pass: 0, sentBytes: 0, repairBytes: 0, phase: 'idle' },
    filledBytes: 0,
    rateBitsPerSecond: 0,
    startedAtMs: null,
    endedAtMs: null,
    fault: null,
    pacedBy: null,
    querier: null,
    needsConfirmation: false,
    asksBecause: '',
  }
  return [sessionRow(setup, figures, [])]
}
