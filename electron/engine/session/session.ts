/**
 * All sessions of this engine: opens them, ends them, and finds those that an earlier engine's death interrupted.
 */
import type { Fault } from '../../../shared/fault.ts'
import type { Policy, Receiver, Session, SessionPlan, StartRule } from '../../../shared/session.ts'
import type { Settings } from '../../../shared/settings.ts'
import type { Delivery, Machine } from '../../../shared/protocol/control.ts'
import { encodeManifest } from '../../../shared/protocol/manifest.ts'
import { sessionIdFromHex, sessionIdToHex } from '../../../shared/protocol/packet.ts'
import type { Offer } from '../bench/bench.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { findNic } from '../net/net.ts'
import { chooseAddress, type SessionAddress, takenPorts } from './address.ts'
import { openBenchKey } from './benchKey.ts'
import { createConfirmations } from './confirmations.ts'
import { SessionError } from './fault.ts'
import { type LiveSession, openLiveSession } from './liveSession.ts'
import type { ProbeRequest, ProbeResult } from './probe.ts'
import { sessionRow } from './sessionRow.ts'
import { type EndedSession, type Progress, progressOf, storedProgress } from './endedSession.ts'
import { checkFlags } from './imageFlags.ts'
import {
  announcedName,
  type LiveOptions,
  randomSession,
  type SessionSetup,
  storedTotal,
} from './setup.ts'
import { checkStart } from './startRule.ts'
import { createSessionStore, type StoredSession } from './store.ts'
import type { Vitals } from './vitals.ts'

export { openBenchKey } from './benchKey.ts'
export { SessionError } from './fault.ts'
export { isAtCap } from './pacingSession.ts'
export { describeQuerier } from './sessionRow.ts'
export { announcedName, randomSession } from './setup.ts'
export { chooseGroup } from './address.ts'
export { type EndedSession, type Progress } from './endedSession.ts'
export { checkFlags } from './imageFlags.ts'
export { checkStart, startVerdict } from './startRule.ts'
export { storedPlan } from './storedPlan.ts'
export { storedReceivers } from './storedReceivers.ts'
export { createTraces, type Traces } from './trace.ts'
export { DEFAULT_PROBE, type ProbeRequest, type ProbeResult } from './probe.ts'
export type { MachineVitals, Vitals } from './vitals.ts'

export interface Sessions {
  /** Every session on the screen: open, interrupted, ended and not yet dismissed. */
  list(): Session[]
  receivers(): Receiver[]
  open(plan: SessionPlan, kind?: { readonly isRehearsal: boolean }): Promise<Session>
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
  /** A machine that asks may take part. Fault: session/crowded. */
  approve(id: string, receiverId: string): void
  /** Disks may be overwritten by way of this session's card, for the rest of the day. */
  confirm(id: string): void
  /** Open sessions, as machines in the boot environment are told of them. */
  offers(): Offer[]
  /** Closes sockets and threads; open sessions stay open in the database and can be continued. */
  close(): Promise<void>
}

export interface SessionsOptions {
  /** Of the moment: they hold for sessions that are opened or go on from then on. */
  settings(): Settings
  /** The machine's number on the bench. */
  numberOf(machine: Machine, address: string): number
  /** The address of a DHCP server that is not ours on a card's network, where one is known. */
  otherDhcp(nic: string): string | null
  /** Keeps what became of it, in the transaction that ends it. Rehearsals are not told. */
  onEnded(ended: EndedSession): void
}

/** How often what is known of machines that ended is kept, ms. */
const PROGRESS_MS = 1_000

export function createSessions(catalog: Catalog, options: SessionsOptions): Sessions {
  const key = openBenchKey(catalog.directory)
  const store = createSessionStore(catalog.database)
  const confirmations = createConfirmations(catalog.database)
  const live = new Map<string, LiveSession>()
  const earlier = new Map<string, Progress>()
  const kept = new Map<string, string>()
  /** Chosen for sessions that are being opened. */
  const opening = new Set<SessionAddress>()
  /** Ends that could not be written: a full disk, a busy database. */
  let unwritten: (() => void)[] = []

  function write(work: () => void): void {
    try {
      work()
    } catch {
      unwritten.push(work) // Tried again each second. Until then the database has it as open, and nothing is lost.
    }
  }

  const timer = setInterval(() => {
    const again = unwritten
    unwritten = []
    for (const work of again) write(work)
    for (const session of live.values()) keepProgress(session)
  }, PROGRESS_MS)
  timer.unref()

  /** What would be lost with this engine: who is done. Written when that changes. */
  function keepProgress(one: LiveSession): void {
    const session = one.session()
    if (session.state === 'ended' || session.isRehearsal) return
    const progress = progressOf(session, one.receivers(), earlier.get(one.id) ?? null)
    const ends = progress.receivers.map(({ id, state, endedAtMs }) => `${id} ${state} ${endedAtMs}`)
    const mark = [session.startedAtMs, ...ends].join()
    if (kept.get(one.id) === mark) return
    kept.set(one.id, mark)
    try {
      store.progressed(one.id, progress)
    } catch {
      kept.delete(one.id) // The next second tries again.
    }
  }

  function ended(session: Session, receivers: readonly Receiver[], plan: SessionPlan): void {
    const before = earlier.get(session.id) ?? null
    write(() => {
      store.ended(session, session, () => {
        if (!session.isRehearsal) options.onEnded({ session, plan, receivers, earlier: before })
      })
    })
  }

  function find(id: string): LiveSession {
    const session = live.get(id)
    if (session) return session
    throw new SessionError({ code: 'session/not-found', session: id })
  }

  function interrupted(): StoredSession[] {
    // Asked ten times a second, nearly always of live ones alone.
    return store.open(id => !live.has(id)).filter(row => !row.isOwned)
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
      ttl: options.settings().ttl,
      key,
      createdAtMs: row.createdAtMs,
      isLoopedBack: nic.kind === 'loopback' || kind === 'rehearsal',
      isRehearsal: kind === 'rehearsal',
      isContinued: kind === 'continued',
      // Receivers count anew on each connection, so any beginning does; zero means "nothing seen".
      firstSeq: 0,
    }
  }

  function liveOptions({ plan, createdAtMs, isRehearsal, card }: SessionSetup): LiveOptions {
    return {
      numberOf: options.numberOf,
      otherDhcp: () => options.otherDhcp(card.name),
      // Since it was opened: midnight does not take back what was said.
      isConfirmed: () =>
        plan.rules.isConfirmed ||
        isRehearsal ||
        confirmations.has(card.name) ||
        confirmations.hasSince(card.name, createdAtMs),
    }
  }

  async function start(setup: SessionSetup): Promise<Session> {
    const session = await openLiveSession(setup, liveOptions(setup), (row, receivers) =>
      ended(row, receivers, setup.plan),
    )
    live.set(setup.id, session)
    return session.session()
  }

  return {
    list: () => [
      ...[...live.values()].map(session => session.session()),
      ...interrupted().flatMap(row => interruptedRow(catalog, row)),
    ],
    receivers: () => [...live.values()].flatMap(session => session.receivers()),
    async open(plan, kind) {
      const isRehearsal = kind?.isRehearsal ?? false
      const image = catalog.find(plan.imageId)
      checkFlags(image, plan.delivery)
      checkStart(plan.start, null, Date.now())
      const card = findNic(plan.nic)
      const others = [...store.open(), ...opening]
      const address = await chooseAddress(options.settings(), others, takenPorts(card.address))
      opening.add(address)
      const row: StoredSession = {
        id: sessionIdToHex(randomSession()),
        name: announcedName(plan.name ?? image.name),
        plan,
        ...address,
        createdAtMs: Date.now(),
        isOwned: true,
      }
      try {
        const opened = await start(prepare(row, isRehearsal ? 'rehearsal' : 'new'))
        store.opened(row)
        return opened
      } finally {
        opening.delete(address)
      }
    },
    async continue(id) {
      const row = findInterrupted(id)
      const progress = storedProgress(store.progress(id))
      if (progress) earlier.set(id, progress)
      const session = await start(prepare(row, 'continued'))
      store.adopted(id)
      return session
    },
    discard(id) {
      const row = findInterrupted(id)
      const before = storedProgress(store.progress(id))
      store.ended(row, null, () => {
        for (const session of interruptedRow(catalog, row)) {
          const end = { state: 'ended', endedAtMs: Date.now(), fault: DISCARDED } as const
          const { plan } = row
          options.onEnded({ session: { ...session, ...end }, plan, receivers: [], earlier: before })
        }
      })
    },
    dismiss(id) {
      const session = find(id)
      const { state } = session.session()
      if (state !== 'ended') {
        throw new SessionError({ code: 'session/wrong-state', state, wanted: 'dismissed' })
      }
      live.delete(id)
      kept.delete(id)
      earlier.delete(id)
    },
    startNow: id => find(id).startNow(),
    pause: id => find(id).pause(),
    resume: id => find(id).resume(),
    stop: id => find(id).stop(),
    setRate: (id, bitsPerSecond) => find(id).setRate(bitsPerSecond),
    setStartRule: (id, rule) => find(id).setStartRule(rule),
    setDelivery(id, delivery) {
      const { imageId } = find(id).session()
      checkFlags(catalog.find(imageId), delivery)
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
    approve: (id, receiverId) => find(id).approve(receiverId),
    confirm(id) {
      const { nic } = find(id).session()
      confirmations.confirm(nic)
      for (const session of live.values()) if (session.session().nic === nic) session.confirmed()
    },
    offers: () => [...live.values()].flatMap(session => session.offer() ?? []),
    async close() {
      clearInterval(timer)
      for (const session of live.values()) keepProgress(session)
      for (const work of unwritten) write(work)
      await Promise.all([...live.values()].map(session => session.close()))
      for (const session of live.values()) {
        if (session.session().state !== 'ended') store.released(session.id)
      }
    },
  }
}

const DISCARDED: Fault = {
  code: 'session/discarded',
  message:
    'The engine died in its midst and it was not gone on with. Machines that had not ended by then are not listed.',
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
