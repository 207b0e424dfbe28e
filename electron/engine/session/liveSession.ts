/**
 * One open session: composes announcer, control server and sender, and keeps the receivers' table.
 *
 * The pure parts decide (receiver.ts, startRule.ts, pacing.ts); this file carries their verdicts to sockets and
 * the sender's thread. One tick each 100 ms moves everything that depends on time.
 */
import { type Fault, faultOf } from '../../../shared/fault.ts'
import type { Policy, Receiver, Session, StartRule } from '../../../shared/session.ts'
import type { Announce } from '../../../shared/protocol/announcePacket.ts'
import type { Delivery, SessionPhase } from '../../../shared/protocol/control.ts'
import { expectationOf } from '../../../shared/machineKey.ts'
import { JUMBO_PACKETS } from '../../../shared/protocol/limits.ts'
import { broadcastAddress, cardMtu, openIgmpQuerier, type QuerierState } from '../net/net.ts'
import { type PumpStats, startSender } from '../sender/sender.ts'
import type { Offer } from '../bench/bench.ts'
import { asksBecause } from './admission.ts'
import { openAnnouncer } from './announcer.ts'
import { openControlServer } from './controlServer.ts'
import { checkDelivery, destinations, takingPart } from './delivery.ts'
import { SessionError } from './fault.ts'
import { gauge, receiverRow } from './liveReceiver.ts'
import { createJumbo } from './jumbo.ts'
import { PACING_STEP_MS, settle } from './pacing.ts'
import { paceOf, type PacedBy, type SenderPace } from './pacingSession.ts'
import {
  createProber,
  type ProbedMachine,
  type ProbeRequest,
  type ProbeResult,
  RUNNING_BUDGET_BYTES,
  WAITING_BUDGET_BYTES,
} from './probe.ts'
import { createReceiverTable } from './receiverTable.ts'
import { createPaceMeter } from './rateMeter.ts'
import { announcedName, type LiveOptions, type SessionSetup } from './setup.ts'
import { describeQuerier, sessionRow } from './sessionRow.ts'
import { createSlowMachines } from './slowMachines.ts'
import { checkStart, startVerdict } from './startRule.ts'
import { STRAGGLER_STEP_MS } from './stragglers.ts'
import { createStartGate } from './startGate.ts'
import { type Vitals, vitalsOf } from './vitals.ts'

export interface LiveSession {
  readonly id: string
  session(): Session
  receivers(): Receiver[]
  startNow(): void
  pause(): void
  resume(): void
  /** Ends it for good. */
  stop(): void
  setRate(bitsPerSecond: number | null): void
  setStartRule(rule: StartRule): void
  setPolicy(policy: Policy): void
  setDelivery(delivery: Delivery): void
  drop(receiverId: string): void
  /** A machine that asks may take part. */
  approve(receiverId: string): void
  /** Disks may be overwritten: see LiveOptions. */
  confirmed(): void
  /** What machines in the boot environment are told of it; null once it has ended. */
  offer(): Offer | null
  retry(receiverId: string): void
  /** Sends test datagrams to every connected machine: what each says, within 4 s. Short while the image travels. */
  probe(request: ProbeRequest): Promise<readonly ProbeResult[]>
  vitals(): Vitals
  /** Closes sockets and thread. Without a stop before, the session can be continued. */
  close(): Promise<void>
}

type Phase = Exclude<Session['state'], 'interrupted'>

const TICK_MS = 100
const PACING_TICKS = PACING_STEP_MS / TICK_MS
const STRAGGLER_TICKS = STRAGGLER_STEP_MS / TICK_MS
/** After the last machine ended, a straggler that reconnects still finds the session, ms. */
const LINGER_MS = 2_000
/** Nothing is sent while machines open their sockets anew: it would be lost, and look like a full network, ms. */
const CHANGE_MS = 200
const NOTHING_SENT: PumpStats = {
  wantedBitsPerSecond: 0,
  txSeq: 0,
  pass: 0,
  sentBytes: 0,
  repairBytes: 0,
  filledBytes: 0,
  isCatchingUp: false,
  phase: 'idle',
}
/** Long enough for the last message to leave before sockets close, ms. */
const FAREWELL_MS = 300

/** `onEnded` once, when it ended for good, with the machines as they ended. Throws `session/cannot-bind`. */
export async function openLiveSession(
  setup: SessionSetup,
  options: LiveOptions,
  onEnded: (session: Session, receivers: Receiver[]) => void,
): Promise<LiveSession> {
  const { layout, card, plan } = setup
  const manifest = layout.manifest
  let phase: Phase = 'waiting'
  const isListed = expectationOf(plan.rules.machines)
  let rule = plan.start
  let cap = plan.rateBitsPerSecond
  let policy = plan.policy
  let delivery = plan.delivery
  let deliveredTo = setup.group
  let changingUntilMs = 0
  let packed = 1
  const addresses = { group: setup.group, broadcast: broadcastAddress(card.address) }
  checkDelivery(delivery, addresses, card.address)
  let startedAtMs: number | null = null
  let endedAtMs: number | null = null
  let allEndedAtMs: number | null = null
  let fault: Fault | null = null
  let waitingFor = ''
  let firstJoinAtMs: number | null = null
  let stats: PumpStats = NOTHING_SENT
  let ticks = 0
  let pace = settle<PacedBy>(null, null, 0)
  let querierState: (() => QuerierState) | null = null
  const meter = createPaceMeter()

  const sender = startSender(
    {
      session: setup.session,
      source: { ...layout, storedBytes: manifest.storedBytes },
      interfaceAddress: card.address,
      group: setup.group,
      port: setup.port,
      ttl: setup.ttl,
      isLoopedBack: setup.isLoopedBack,
      rateBitsPerSecond: cap,
      linkBitsPerSecond: card.linkBitsPerSecond,
      firstSeq: setup.firstSeq,
    },
    event => {
      if (event.kind === 'stats') {
        stats = event.stats
        meter.update(stats.sentBytes, cap ?? stats.wantedBitsPerSecond, Date.now())
      } else if (event.kind === 'fill') table.fill(event.slot, event.bytes)
      else {
        fault = faultOf(new SessionError({ code: 'session/sender-failed', reason: event.message }))
        end()
      }
    },
  )
  const prober = createProber({
    session: setup.session,
    cardAddress: card.address,
    group: setup.group,
    port: setup.port,
    ttl: setup.ttl,
    isLoopedBack: setup.isLoopedBack,
  })
  const jumbo = createJumbo(cardMtu(card.name), (wanted, request) => {
    const some = (): ProbedMachine[] => table.connected().filter(wanted)
    return prober.run(some, request, RUNNING_BUDGET_BYTES)
  })
  const table = createReceiverTable({
    delivery: () => delivery,
    onProbe: prober.take,
    setup,
    command: sender.command,
    phase: (): SessionPhase => phase,
    sentBytes: () => stats.sentBytes,
    ...options,
  })
  const gate = createStartGate(options.isConfirmed, table.disks)
  const closers: (() => void | Promise<void>)[] = [() => prober.close(), () => sender.close()]
  let control: Awaited<ReturnType<typeof openControlServer>>
  let announcer: Awaited<ReturnType<typeof openAnnouncer>>
  try {
    control = await openControlServer(setup.session, card.address, table.onJoin)
    closers.unshift(() => control.close())
    announcer = await openAnnouncer(setup.session, setup.key, {
      name: card.name,
      address: card.address,
      isLoopedBack: setup.isLoopedBack,
      ttl: setup.ttl,
    })
    closers.unshift(() => announcer.close())
    // No switch between this computer and itself.
    if (!setup.isLoopedBack) {
      const querier = await openIgmpQuerier(card)
      querierState = () => querier.state()
      closers.unshift(() => querier.close())
    }
  } catch (error) {
    for (const close of closers) await close()
    throw error
  }
  const slow = createSlowMachines({
    command: sender.command,
    receivers: table.all,
    drop: table.dropFor,
  })
  const timer = setInterval(tick, TICK_MS)
  announce()
  if (setup.isContinued) begin()

  function announce(): void {
    if (phase !== 'ended') announcer.announce(announcement(phase))
  }

  function announcement(state: Exclude<Phase, 'ended'>): Announce {
    return {
      name: setup.name,
      image: plan.imageId,
      imageName: announcedName(setup.imageName),
      imageBytes: manifest.imageBytes,
      state,
      control: { address: card.address, port: control.port },
      data: { group: setup.group, port: setup.port },
      key: setup.key.publicHex,
    }
  }

  function turn(to: Phase): void {
    phase = to
    meter.reset()
    sender.command({ kind: 'pause', isPaused: to !== 'running' })
    table.broadcast({ type: 'session', phase: to })
    announce()
  }

  function begin(): void {
    startedAtMs ??= Date.now()
    turn('running')
  }

  function end(): void {
    if (phase === 'ended') return
    endedAtMs = Date.now()
    turn('ended')
    onEnded(snapshot(), rows(endedAtMs))
    setTimeout(() => void close(), FAREWELL_MS)
  }

  function need(states: readonly Phase[], wanted: string): void {
    if (!states.includes(phase)) {
      throw new SessionError({ code: 'session/wrong-state', state: phase, wanted })
    }
  }

  function tick(): void {
    const nowMs = Date.now()
    ticks++
    table.tick(nowMs)
    deliver()
    if (phase === 'waiting') {
      const waiting = {
        openedAtMs: setup.createdAtMs,
        ready: table.count('receiving') + table.count('verifying') + table.count('done'),
        firstJoinAtMs: (firstJoinAtMs ??= table.lastJoinAtMs()),
        lastJoinAtMs: table.lastJoinAtMs(),
      }
      const verdict = gate.pass(startVerdict(rule, waiting, nowMs))
      waitingFor = verdict.waitingFor
      if (verdict.isDue) begin()
    }
    if (phase !== 'running') return
    if (ticks % PACING_TICKS === 0) gaugeAll(nowMs)
    if (ticks % STRAGGLER_TICKS === 0) {
      const rateBitsPerSecond = cap ?? stats.wantedBitsPerSecond
      slow.step({ ...stats, policy, rateBitsPerSecond, isCapped: cap !== null }, nowMs)
    }
    if (!table.hasAllEnded()) allEndedAtMs = null
    else if (nowMs - (allEndedAtMs ??= nowMs) >= LINGER_MS) end()
  }

  function gaugeAll(nowMs: number): void {
    const facts: SenderPace = {
      phase: stats.phase,
      sentBitsPerSecond: meter.sentBitsPerSecond(nowMs),
      wantedBitsPerSecond: meter.wantedBitsPerSecond(nowMs),
      capBitsPerSecond: cap,
      linkBitsPerSecond: card.linkBitsPerSecond,
      limitedBy: slow.limitedBy(),
    }
    for (const receiver of table.all()) gauge(receiver, facts, nowMs)
    const verdict = paceOf(facts, rows(nowMs), card.name)
    pace = settle(pace, verdict, nowMs, one => `${one.kind} ${one.receiverNumber}`)
  }

  /** Machines that come and go change how large datagrams are and, by unicast, where they go. */
  function deliver(): void {
    const packets = jumbo.isAllowed(table.all(), delivery) ? JUMBO_PACKETS : 1
    if (packets !== packed) sender.command({ kind: 'pack', packets })
    packed = packets
    const isChanging = Date.now() < changingUntilMs
    const to = isChanging ? [] : destinations(delivery, addresses, table.all(), setup.storedBytes)
    if (to.join() === deliveredTo) return
    deliveredTo = to.join()
    sender.command({ kind: 'deliver', to })
  }

  function snapshot(): Session {
    const nowMs = Date.now()
    return sessionRow(
      setup,
      {
        phase,
        rule,
        waitingFor,
        cap,
        policy,
        delivery,
        stats,
        filledBytes: stats.filledBytes,
        rateBitsPerSecond: phase === 'running' ? meter.sentBitsPerSecond(nowMs) : 0,
        startedAtMs,
        endedAtMs,
        fault,
        pacedBy: phase === 'running' ? pace.value : null,
        needsConfirmation:
          phase !== 'ended' &&
          (phase === 'waiting' ? gate.needsConfirmation() : table.isAnyUnconfirmed()),
        asksBecause: phase === 'ended' ? '' : asksBecause(plan.rules, options.otherDhcp()),
        querier: phase === 'ended' ? null : describeQuerier(querierState?.() ?? null),
      },
      rows(nowMs),
    )
  }

  function rows(nowMs: number): Receiver[] {
    const image = { storedBytes: setup.storedBytes, imageBytes: manifest.imageBytes }
    return table.all().map(receiver => receiverRow(receiver, setup.id, image, nowMs))
  }

  let closing: Promise<void> | null = null
  function close(): Promise<void> {
    clearInterval(timer)
    closing ??= closers.reduce((done, step) => done.then(step), Promise.resolve())
    return closing
  }

  return {
    id: setup.id,
    session: snapshot,
    receivers: () => rows(Date.now()),
    startNow() {
      need(['waiting'], 'started')
      if (gate.askToStart()) begin()
    },
    pause() {
      need(['running'], 'paused')
      turn('paused')
    },
    resume() {
      need(['paused'], 'resumed')
      turn('running')
    },
    stop: end,
    setRate(bitsPerSecond) {
      cap = bitsPerSecond
      sender.command({ kind: 'rate', bitsPerSecond: cap })
    },
    setStartRule(changed) {
      need(['waiting'], 'given another start rule')
      checkStart(changed, rule, Date.now())
      rule = changed
    },
    setPolicy(changed) {
      need(['waiting', 'running', 'paused'], 'given another policy')
      policy = changed
    },
    setDelivery(changed) {
      need(['waiting', 'running', 'paused'], 'delivered in another way')
      checkDelivery(changed, addresses, card.address, takingPart(table.all()).length)
      if (changed === delivery) return
      delivery = changed
      changingUntilMs = Date.now() + CHANGE_MS
      table.broadcast({ type: 'delivery', delivery })
      deliver()
    },
    drop: table.drop,
    approve: table.approve,
    // A session that waited for it starts with its next tick.
    confirmed: table.approveConfirmed,
    offer: () =>
      phase === 'ended'
        ? null
        : {
            id: setup.id,
            announce: announcement(phase),
            rules: plan.rules,
            expects: machine => plan.rules.admitsUnknown || isListed(machine),
            stateOf: id => table.find(id)?.state.state ?? null,
            afterwardsOf: id => table.find(id)?.afterwards ?? null,
          },
    retry: table.retry,
    vitals: () => vitalsOf(table.all(), stats.txSeq),
    probe(request) {
      const budgetBytes = phase === 'waiting' ? WAITING_BUDGET_BYTES : RUNNING_BUDGET_BYTES
      return prober.run(table.connected, request, budgetBytes)
    },
    close,
  }
}
