/** One session with stock receivers: runs `sendUdpcast`, and tells of it in the contract's rows. */
import { createHash } from 'node:crypto'
import { type Fault, faultOf } from '../../../shared/fault.ts'
import { formatBits } from '../../../shared/figures.ts'
import type { Image } from '../../../shared/ipc.ts'
import type { Receiver, Session, SessionPlan, StartRule } from '../../../shared/session.ts'
import type { UsableNic } from '../net/net.ts'
import {
  checkStart,
  describeQuerier,
  isAtCap,
  SessionError,
  startVerdict,
} from '../session/session.ts'
import { BLOCK_BYTES } from './packet.ts'
import type { UdpcastReceiver } from './receivers.ts'
import { sendUdpcast, type UdpcastControl, type UdpcastProgress } from './send.ts'

export interface StockSession {
  session(): Session
  receivers(): Receiver[]
  startNow(): void
  setRate(bitsPerSecond: number | null): void
  setStartRule(rule: StartRule): void
  /** Ends it for good; its receivers are told to give up. */
  stop(): void
  /** Stops, and waits until its sockets are closed. */
  close(): Promise<void>
}

export interface StockSetup {
  readonly id: string
  readonly name: string
  readonly plan: SessionPlan
  readonly image: Image
  readonly content: AsyncIterable<Uint8Array>
  readonly nic: UsableNic
  readonly portBase: number
  readonly group: string
  readonly ttl: number
}

/** Resolves once machines may join. Faults: net/*. */
export async function openStockSession(
  setup: StockSetup,
  onEnded: (session: Session, receivers: Receiver[]) => void,
): Promise<StockSession> {
  const { plan, image, nic } = setup
  const createdAtMs = Date.now()
  const stopping = new AbortController()
  let progress: UdpcastProgress | null = null
  let control: UdpcastControl | null = null
  let rule = plan.start
  let cap = plan.rateBitsPerSecond
  let startedAtMs: number | null = null
  let endedAtMs: number | null = null
  let fault: Fault | null = null
  let joins = { count: 0, atMs: 0, firstAtMs: 0 }

  function learn(latest: UdpcastProgress): void {
    const nowMs = Date.now()
    progress = latest
    // A small image may start and end between two looks.
    if (latest.state === 'running' || latest.doneBytes > 0) startedAtMs ??= nowMs
    const count = latest.receivers.length
    if (count > joins.count) joins = { count, atMs: nowMs, firstAtMs: joins.firstAtMs || nowMs }
  }

  let work: Promise<void> = Promise.resolve()
  await new Promise<void>((opened, failed) => {
    work = sendUdpcast({
      content: setup.content,
      imageBytes: image.imageBytes,
      nic,
      start: rule,
      rateBitsPerSecond: cap,
      isAsync: false,
      portBase: setup.portBase,
      group: setup.group,
      ttl: setup.ttl,
      signal: stopping.signal,
      onOpened(given) {
        control = given
        opened()
      },
      onProgress: learn,
    }).then(
      () => {
        endedAtMs = Date.now()
        onEnded(session(), receivers())
      },
      (error: unknown) => {
        endedAtMs = Date.now()
        fault = faultOf(error)
        failed(error)
        // One that never opened was none.
        if (control) onEnded(session(), receivers())
      },
    )
  })

  function state(): 'waiting' | 'running' | 'ended' {
    if (endedAtMs !== null) return 'ended'
    return startedAtMs === null ? 'waiting' : 'running'
  }

  function receivers(): Receiver[] {
    if (!progress) return []
    const { receivers: joined, latecomers } = progress
    const facts = { setup, progress, state: state(), createdAtMs }
    const last = Math.max(0, ...joined.map(one => one.number + 1))
    return [
      ...joined.map(one => receiverRow(one, facts)),
      ...latecomers.map((address, at) => lateRow(address, last + at + 1, facts)),
    ]
  }

  function session(): Session {
    const now = state()
    const rows = receivers()
    const count = (...states: Receiver['state'][]): number =>
      rows.filter(row => states.includes(row.state)).length
    const isRunning = now === 'running'
    const rate = isRunning ? (progress?.rateBytesPerSecond ?? 0) * 8 : 0
    const ready = {
      openedAtMs: createdAtMs,
      ready: joins.count,
      firstJoinAtMs: joins.firstAtMs || null,
      lastJoinAtMs: joins.atMs || null,
    }
    return {
      id: setup.id,
      revision: 0,
      name: setup.name,
      protocol: 'udpcast',
      imageId: image.id,
      imageName: image.name,
      imageBytes: image.imageBytes,
      // The whole raw image travels, zeros and all.
      storedBytes: image.imageBytes,
      nic: nic.name,
      address: nic.address,
      group: setup.group,
      port: setup.portBase,
      state: now,
      start: rule,
      policy: { kind: 'together' },
      delivery: 'multicast',
      waitingFor: now === 'waiting' ? startVerdict(rule, ready, Date.now()).waitingFor : '',
      rateCapBitsPerSecond: cap,
      rateBitsPerSecond: Math.round(rate),
      pass: 0,
      sentBytes: progress?.sentBytes ?? 0,
      repairBytes: (progress?.resentBlocks ?? 0) * BLOCK_BYTES,
      filledBytes: 0,
      fraction: progress ? share(progress.doneBytes, image.imageBytes) : 0,
      leftMs: isRunning ? (progress?.leftMs ?? null) : null,
      pacedBy: isRunning ? pacedBy(rate, cap) : null,
      targetRule: setup.plan.rules.target,
      // Their protocol has no word for it.
      afterwards: 'stay',
      needsConfirmation: false,
      asksBecause: '',
      querier: now === 'ended' ? null : describeQuerier(control?.querier() ?? null),
      counts: {
        joined: rows.length,
        asking: 0,
        receiving: count('receiving'),
        verified: 0,
        failed: count('failed', 'refused'),
        lost: 0,
      },
      createdAtMs,
      startedAtMs,
      endedAtMs,
      isRehearsal: false,
      fault,
    }
  }

  return {
    session,
    receivers,
    startNow() {
      if (state() !== 'waiting') throw wrongState(state(), 'started')
      control?.startNow()
    },
    setRate(bitsPerSecond) {
      cap = bitsPerSecond
      control?.setRate(bitsPerSecond)
    },
    setStartRule(changed) {
      if (state() !== 'waiting') throw wrongState(state(), 'given another start rule')
      checkStart(changed, rule, Date.now())
      rule = changed
      control?.setStart(changed)
    },
    stop: () => stopping.abort(),
    close() {
      stopping.abort()
      return work
    },
  }
}

function wrongState(state: string, wanted: string): SessionError {
  return new SessionError({ code: 'session/wrong-state', state, wanted })
}

function pacedBy(rate: number, cap: number | null): Session['pacedBy'] {
  const sender = {
    phase: 'sending' as const,
    sentBitsPerSecond: rate,
    wantedBitsPerSecond: cap ?? rate,
    capBitsPerSecond: cap,
    linkBitsPerSecond: null,
    limitedBy: null,
  }
  if (cap === null || !isAtCap(sender)) return null
  return { kind: 'cap', receiverNumber: null, sentence: `The cap of ${formatBits(cap)} paces it` }
}

interface RowFacts {
  readonly setup: StockSetup
  readonly progress: UdpcastProgress
  readonly state: 'waiting' | 'running' | 'ended'
  readonly createdAtMs: number
}

const STATES: Readonly<Record<UdpcastReceiver['state'], Receiver['state']>> = {
  waiting: 'receiving',
  gone: 'failed',
  receiving: 'receiving',
  done: 'acknowledged',
  left: 'failed',
  lost: 'failed',
}

const FAULTS: Partial<Record<UdpcastReceiver['state'], Fault>> = {
  left: {
    code: 'peer/left',
    message:
      'It left before the end, and its disk is incomplete. Start its udp-receiver again, then open the bench again: a stock receiver cannot go on.',
  },
  lost: {
    code: 'peer/silent',
    message:
      'It stopped answering, and its disk is incomplete. Look at its cable and screen, then open the bench again: a stock receiver cannot go on.',
  },
}

const LATE: Fault = {
  code: 'peer/too-late',
  message:
    'It came after the start and got nothing: stock receivers cannot join late. Open the bench again with it waiting.',
}

function receiverRow(one: UdpcastReceiver, facts: RowFacts): Receiver {
  const { setup, progress, state } = facts
  const isReceiving = one.state === 'receiving' && state === 'running'
  return {
    ...blankRow(one.address, one.number + 1, facts),
    state: STATES[one.state],
    haveBytes: one.state === 'done' ? setup.image.imageBytes : one.haveBytes,
    rateBytesPerSecond: isReceiving ? progress.rateBytesPerSecond : 0,
    leftMs: isReceiving ? progress.leftMs : null,
    fault: FAULTS[one.state] ?? null,
  }
}

function lateRow(address: string, number: number, facts: RowFacts): Receiver {
  return { ...blankRow(address, number, facts), state: 'refused', fault: LATE }
}

/** Their protocol names no machine but by its address. */
function blankRow(address: string, number: number, facts: RowFacts): Receiver {
  const { setup, createdAtMs } = facts
  const id = createHash('sha256').update(`${setup.id} ${number} ${address}`).digest('hex')
  return {
    sessionId: setup.id,
    id: id.slice(0, 32),
    revision: 0,
    number,
    name: address,
    address,
    mac: '',
    model: 'Stock udpcast receiver',
    serial: '',
    target: { path: '', kind: 'file', sizeBytes: null, disk: null },
    state: 'receiving',
    isDeferred: false,
    haveBytes: 0,
    totalBytes: setup.image.imageBytes,
    verifiedBytes: 0,
    rateBytesPerSecond: 0,
    leftMs: null,
    lostDatagrams: 0,
    lossFraction: 0,
    silentMs: 0,
    slowBecause: null,
    afterwards: null,
    joinedAtMs: createdAtMs,
    endedAtMs: null,
    fault: null,
  }
}

function share(bytes: number, of: number): number {
  return of === 0 ? 1 : Math.min(1, bytes / of)
}
