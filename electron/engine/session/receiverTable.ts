/** The receivers of one session: joins, reports, results, silence; each change told to the sender's thread. */
import type { Fault } from '../../../shared/fault.ts'
import {
  type Delivery,
  joinProofText,
  type Machine,
  type SessionPhase,
  type ToReceiver,
} from '../../../shared/protocol/control.ts'
import { MAX_RECEIVERS } from '../../../shared/protocol/limits.ts'
import type { Sender } from '../sender/sender.ts'
import { type AdmissionFacts, admissionOf, type AskReason } from './admission.ts'
import type { Peer, PeerListener } from './controlServer.ts'
import { MAX_UNICAST_MACHINES, takingPart, unicastCrowded, unicastFullFault } from './delivery.ts'
import { SessionError } from './fault.ts'
import {
  droppedFault,
  duplicateFault,
  falseClaimFault,
  fullFault,
  manyAskFault,
  noProgressFault,
  strangeChunkFault,
  unexplainedFault,
  unfit,
  MAX_ASKING,
  NO_PROGRESS_MS,
} from './receiverFault.ts'
import type { ProbedMachine, ProbeMessage } from './probe.ts'
import { account, createLiveReceiver, forgetHoldings, type LiveReceiver } from './liveReceiver.ts'
import {
  isActive,
  isAsking,
  isEnded,
  next,
  type ReceiverEvent,
  type ReceiverState,
} from './receiver.ts'
import type { SessionSetup } from './setup.ts'

export interface ReceiverTable {
  readonly onJoin: (peer: Peer) => PeerListener | null
  all(): LiveReceiver[]
  /** Those that can be spoken to. */
  connected(): ProbedMachine[]
  count(state: ReceiverState['state']): number
  lastJoinAtMs(): number | null
  /** At least one machine joined, and nothing more is expected of any. */
  hasAllEnded(): boolean
  tick(nowMs: number): void
  broadcast(message: ToReceiver): void
  drop(receiverId: string): void
  /** By the session's policy. */
  dropFor(receiver: LiveReceiver, fault: Fault): void
  /** A FILL for the machine in this slot. */
  fill(slot: number, bytes: Uint8Array): void
  retry(receiverId: string): void
  /** Of a machine by its id; null for one that never joined. */
  find(machineId: string): LiveReceiver | null
  /** That are or will be written, or have been. */
  disks(): number
  /** Machines wait for the technician to say that disks may be overwritten. */
  isAnyUnconfirmed(): boolean
  /** Faults: session/receiver-not-found, session/crowded, session/unicast-crowded. */
  approve(receiverId: string): void
  /** Those that waited for that. */
  approveConfirmed(): void
}

export interface TableOptions {
  readonly setup: SessionSetup
  readonly command: Sender['command']
  readonly phase: () => SessionPhase
  readonly sentBytes: () => number
  readonly delivery: () => Delivery
  readonly numberOf: (machine: Machine, address: string) => number
  readonly otherDhcp: () => string | null
  readonly isConfirmed: () => boolean
  readonly onProbe: (receiverId: string, message: ProbeMessage) => void
}

/** A receiver that takes part but completes nothing for so long, while three images' worth went by, has failed. */
const NO_PROGRESS_IMAGES = 3
/** More machines than any bench has with the wrong disk; someone who invents machines fills no more than this. */
const MAX_REFUSED = 64

export function createReceiverTable(options: TableOptions): ReceiverTable {
  const { setup, command } = options
  const manifest = setup.layout.manifest
  const receivers = new Map<string, LiveReceiver>()
  const sentAtProgress = new Map<LiveReceiver, { bytes: number; atMs: number }>()
  /** Refused as they joined, oldest first. */
  const refused = new Set<string>()
  /** By the technician: they need not ask again. */
  const approved = new Set<string>()
  const asking = new Map<string, { readonly nonce: string; readonly why: AskReason }>()
  let nextSlot = 1
  let lastJoinAtMs: number | null = null

  function apply(receiver: LiveReceiver, event: ReceiverEvent): void {
    const before = receiver.state
    receiver.state = next(before, event)
    const after = receiver.state
    const { slot } = receiver
    if (isEnded(after)) {
      if (!isEnded(before)) command({ kind: 'withdraw', slot })
    } else if (isCounted(before) !== isCounted(after)) {
      command({ kind: 'count', slot, isCounted: isCounted(after) })
    }
  }

  function admit(receiver: LiveReceiver, nowMs: number): void {
    forgetHoldings(receiver)
    receiver.progressAtMs = nowMs
    receiver.admittedAtMs = nowMs
    sentAtProgress.delete(receiver)
    command({ kind: 'admit', slot: receiver.slot })
  }

  function refuse(peer: Peer, fault: Fault): null {
    peer.refuse(fault)
    return null
  }

  /** They are shown, but may not crowd out machines that can take part. */
  function keepFewRefused(machineId: string): void {
    refused.add(machineId)
    const [oldest] = refused
    if (refused.size <= MAX_REFUSED || oldest === undefined) return
    refused.delete(oldest)
    receivers.delete(oldest)
  }

  function onJoin(peer: Peer): PeerListener | null {
    const nowMs = Date.now()
    const { machine, target } = peer.join
    const known = receivers.get(machine.id)
    if (known?.peer && !isRefusedOrOver(known.state) && known.address !== peer.address) {
      return refuse(peer, duplicateFault(known))
    }
    if (!known && receivers.size >= MAX_RECEIVERS) return refuse(peer, fullFault())
    if (isUnicastFull(machine.id)) return refuse(peer, unicastFullFault())
    const verdict = admissionOf(machine, target, factsFor(machine.id))
    const isCrowd = verdict.kind === 'ask' && !asking.has(machine.id) && asking.size >= MAX_ASKING
    if (isCrowd) return refuse(peer, manyAskFault())
    const number = options.numberOf(machine, peer.address)
    const place = { slot: nextSlot, number, chunkCount: manifest.storedBytes.length }
    const receiver = known ?? createLiveReceiver(place, peer, nowMs)
    if (!known) nextSlot++
    receivers.set(machine.id, receiver)
    receiver.peer?.close()
    receiver.peer = peer
    receiver.address = peer.address
    receiver.target = target
    receiver.afterwards = null
    asking.delete(machine.id)
    const fault = verdict.kind === 'refuse' ? verdict.fault : unfit(target, manifest.imageBytes)
    if (fault !== null) {
      apply(receiver, { type: 'join', atMs: nowMs })
      apply(receiver, { type: 'ended', as: 'refused', atMs: nowMs, fault })
      receiver.peer = null
      keepFewRefused(machine.id)
      return refuse(peer, fault)
    }
    refused.delete(machine.id)
    if (verdict.kind === 'ask') {
      apply(receiver, { type: 'ask', atMs: nowMs })
      forgetHoldings(receiver)
      asking.set(machine.id, { nonce: peer.join.nonce, why: verdict.why })
      peer.send({ type: 'asking', number: receiver.number, reason: verdict.reason })
      return listen(receiver, peer)
    }
    apply(receiver, { type: 'join', atMs: nowMs })
    welcome(receiver, peer, nowMs)
    return listen(receiver, peer)
  }

  function welcome(receiver: LiveReceiver, peer: Peer, nowMs: number): void {
    lastJoinAtMs = nowMs
    admit(receiver, nowMs)
    peer.send({
      type: 'admitted',
      number: receiver.number,
      manifestBytes: setup.manifestBytes.length,
      phase: options.phase(),
      proof: proof(setup, peer.join.nonce),
    })
    if (options.delivery() !== 'multicast') {
      peer.send({ type: 'delivery', delivery: options.delivery() })
    }
    peer.sendManifest(setup.manifestBytes)
    if (receiver.state.state === 'dropped') peer.send({ type: 'dropped', fault: droppedFault() })
  }

  function factsFor(machineId: string): AdmissionFacts {
    const others = [...receivers.values()].filter(
      ({ machine, state }) => machine.id !== machineId && isCountedIn(state),
    )
    return {
      rules: setup.plan.rules,
      others: others.length,
      isApproved: approved.has(machineId),
      otherDhcp: options.otherDhcp(),
      isUnconfirmed: options.phase() !== 'waiting' && !options.isConfirmed(),
    }
  }

  /** The technician's nod; whoever has left meanwhile needs none when it comes back. */
  function approve(receiver: LiveReceiver): void {
    const { machine, peer } = receiver
    const { rules, others } = factsFor(machine.id)
    if (rules.maxReceivers !== null && others >= rules.maxReceivers) {
      throw new SessionError({ code: 'session/crowded', most: rules.maxReceivers })
    }
    if (isUnicastFull(machine.id)) {
      throw new SessionError(unicastCrowded(MAX_UNICAST_MACHINES + 1))
    }
    approved.add(machine.id)
    asking.delete(machine.id)
    const nowMs = Date.now()
    const isThere = receiver.state.state === 'asking' && peer !== null
    apply(receiver, { type: 'approve', atMs: nowMs })
    if (isThere) welcome(receiver, peer, nowMs)
  }

  /** Whether unicast has no room for this machine. */
  function isUnicastFull(machineId: string): boolean {
    if (options.delivery() !== 'unicast') return false
    const others = [...receivers.values()].filter(({ machine }) => machine.id !== machineId)
    const taking = takingPart(others).filter(({ state }) => !isAsking(state))
    return taking.length >= MAX_UNICAST_MACHINES
  }

  function listen(receiver: LiveReceiver, peer: Peer): PeerListener {
    const isCurrent = (): boolean => receiver.peer === peer
    const heard = (state: 'joining' | 'receiving' | 'verifying' | null): void =>
      apply(receiver, { type: 'heard', atMs: Date.now(), state })
    return {
      onHeard() {
        if (isCurrent()) heard(null)
      },
      onMessage(message) {
        if (!isCurrent()) return
        if (message.type === 'state') {
          if (message.state !== 'receiving') receiver.verifiedBytes = message.doneBytes
          if (message.state === 'verifying') receiver.meter.update(message.doneBytes, Date.now())
          heard(message.state)
        } else if (message.type === 'leaving') {
          receiver.afterwards = message.does
        } else if (message.type !== 'result') {
          options.onProbe(receiver.machine.id, message)
        } else {
          apply(receiver, resultEvent(receiver, message.outcome, message.fault, setup.storedBytes))
          if (receiver.state.state === 'done') {
            peer.send({ type: 'farewell', afterwards: setup.plan.rules.afterwards })
          }
        }
      },
      onReport(report, bytes) {
        if (!isCurrent() || isEnded(receiver.state)) return
        if (!account(receiver, report, manifest.storedBytes, Date.now())) {
          peer.refuse(strangeChunkFault())
          return
        }
        command({ kind: 'report', slot: receiver.slot, bytes })
        heard(receiver.state.state === 'joining' ? 'receiving' : null)
      },
      onClose() {
        if (!isCurrent()) return
        receiver.peer = null
        apply(receiver, { type: 'closed', atMs: Date.now() })
      },
    }
  }

  function checkProgress(receiver: LiveReceiver, nowMs: number): void {
    const mark = sentAtProgress.get(receiver)
    if (!mark || mark.atMs !== receiver.progressAtMs || options.phase() !== 'running') {
      const bytes = options.sentBytes()
      sentAtProgress.set(receiver, { bytes, atMs: receiver.progressAtMs })
      return
    }
    const sent = options.sentBytes() - mark.bytes
    const isStuck = nowMs - mark.atMs > NO_PROGRESS_MS
    if (isStuck && sent > NO_PROGRESS_IMAGES * setup.storedBytes) {
      apply(receiver, { type: 'ended', as: 'failed', atMs: nowMs, fault: noProgressFault() })
      receiver.peer?.close()
    }
  }

  function dropWith(receiver: LiveReceiver, fault: Fault | null): void {
    apply(receiver, { type: 'drop', atMs: Date.now(), fault })
    receiver.peer?.send({ type: 'dropped', fault: fault ?? droppedFault() })
  }

  function find(receiverId: string): LiveReceiver {
    const receiver = receivers.get(receiverId)
    if (receiver) return receiver
    throw new SessionError({ code: 'session/receiver-not-found', receiver: receiverId })
  }

  return {
    onJoin,
    all: () => [...receivers.values()],
    connected: () =>
      [...receivers.values()].flatMap(({ machine, number, address, peer, state }) =>
        peer === null || isAsking(state)
          ? []
          : [{ receiverId: machine.id, number, address, send: peer.send }],
      ),
    count: state => [...receivers.values()].filter(row => row.state.state === state).length,
    lastJoinAtMs: () => lastJoinAtMs,
    hasAllEnded: () =>
      [...receivers.values()].some(row => !isAsking(row.state)) &&
      [...receivers.values()].every(row => isEnded(row.state) || isAsking(row.state)),
    tick(nowMs) {
      for (const receiver of receivers.values()) {
        apply(receiver, { type: 'tick', atMs: nowMs })
        if (receiver.state.state === 'receiving') checkProgress(receiver, nowMs)
      }
    },
    broadcast(message) {
      for (const { peer, state } of receivers.values()) if (!isAsking(state)) peer?.send(message)
    },
    find: machineId => receivers.get(machineId) ?? null,
    disks: () =>
      [...receivers.values()].filter(
        ({ state, target }) => target.kind === 'device' && isCountedIn(state),
      ).length,
    isAnyUnconfirmed: () => [...asking.values()].some(({ why }) => why === 'unconfirmed'),
    approve(receiverId) {
      const receiver = find(receiverId)
      if (isAsking(receiver.state)) approve(receiver)
    },
    approveConfirmed() {
      for (const [machineId, { why }] of asking) {
        const receiver = receivers.get(machineId)
        if (why !== 'unconfirmed' || receiver === undefined) continue
        // From now on it is admitted like any other, if it has to come back.
        approve(receiver)
      }
    },
    drop: receiverId => dropWith(find(receiverId), null),
    dropFor: dropWith,
    fill(slot, bytes) {
      const peer = [...receivers.values()].find(one => one.slot === slot)?.peer
      const taken = (): void => command({ kind: 'filled', slot })
      if (peer) peer.fill(bytes, taken)
      else taken()
    },
    retry(receiverId) {
      const receiver = find(receiverId)
      const { state } = receiver.state
      if (!isEnded(receiver.state) || state === 'done' || state === 'asking') return
      if (isUnicastFull(receiverId)) {
        throw new SessionError(unicastCrowded(MAX_UNICAST_MACHINES + 1))
      }
      const nowMs = Date.now()
      apply(receiver, { type: 'retry', atMs: nowMs, isConnected: receiver.peer !== null })
      admit(receiver, nowMs)
      receiver.peer?.send({ type: 'readmitted' })
    },
  }
}

/** Its needs are in the sum. Joining machines have not told what they hold; lost ones are not waited for. */
function isCounted(state: ReceiverState): boolean {
  return state.state === 'receiving' || state.state === 'verifying'
}

/** It takes part, is expected back, or has ended well. */
function isCountedIn(state: ReceiverState): boolean {
  if (isAsking(state)) return false
  return isActive(state) || state.state === 'lost' || state.state === 'done'
}

function isRefusedOrOver(state: ReceiverState): boolean {
  return !isActive(state) && state.state !== 'asking'
}

function proof(setup: SessionSetup, nonce: string): string {
  const text = Buffer.from(joinProofText(setup.session, nonce), 'ascii')
  return Buffer.from(setup.key.sign(text)).toString('hex')
}

function resultEvent(
  receiver: LiveReceiver,
  outcome: 'verified' | 'refused' | 'failed',
  fault: Fault | null,
  storedBytes: number,
): ReceiverEvent {
  const atMs = Date.now()
  if (outcome !== 'verified') {
    return { type: 'ended', as: outcome, atMs, fault: fault ?? unexplainedFault() }
  }
  // Success is reading back every chunk, and every chunk was reported: a claim without that is none.
  return receiver.haveBytes === storedBytes
    ? { type: 'verified', atMs }
    : { type: 'ended', as: 'failed', atMs, fault: falseClaimFault() }
}
