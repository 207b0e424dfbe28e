/**
 * The sender of one udpcast session, as a pure state machine: what to send next, given what was heard and the time.
 *
 *   waiting: HELLO again and again, a number for each machine that answers
 *   sending: the image, slice after slice
 *   ended:   every machine acknowledged the end, left, or was lost
 *
 * The stock sender says HELLO and CONNECT_REPLY once. Where that reply gets lost, the machine is counted but never
 * joins, and all wait 200 s for it. Here both are repeated until each machine has answered a question.
 */
import type { StartRule } from '../../../shared/session.ts'
import { createAcknowledged } from './acknowledged.ts'
import { sendPacket, type Step } from './delivery.ts'
import { createOneWay } from './oneWay.ts'
import { BITMAP_BITS, BLOCK_BYTES, CAPABILITY, emptyBitmap, type Packet } from './packet.ts'
import { createReceiverTable, type ReceiverEntry, type UdpcastReceiver } from './receivers.ts'

export interface TransferOptions {
  /** Where data goes. */
  readonly group: string
  /** Where HELLO goes: the subnet's broadcast address. */
  readonly broadcast: string
  /** Receivers answer only at the end, and only when they hold everything: parity goes along. */
  readonly isAsync: boolean
  readonly start: StartRule
  readonly openedAtMs: number
}

export interface Transfer {
  readonly phase: 'waiting' | 'sending' | 'ended'
  readonly startedAtMs: number | null
  /** Held by every machine that still counts; without answers, what was sent. */
  readonly doneBytes: number
  readonly resentBlocks: number
  /** Machines that came after the start, by address: this protocol cannot serve them. */
  readonly latecomers: readonly string[]
  receivers(): readonly UdpcastReceiver[]
  startNow(): void
  /** Counts while waiting. */
  setStart(rule: StartRule): void
  heard(address: string, packet: Packet, nowMs: number): void
  /** Answers a step `read`. */
  supply(content: Uint8Array): void
  next(nowMs: number): Step
  /** Every machine acknowledged the end, and as many as were asked for. */
  isSuccess(): boolean
  /** Makes stock receivers give up instead of waiting for ever; null where there is nobody to tell. */
  farewell(): Step | null
}

/** As the stock sender cuts them: 112 blocks where answers flow, the bitmap's 1024 where none do. */
export function maxSliceBytes(isAsync: boolean): number {
  return (isAsync ? 1024 : 112) * BLOCK_BYTES
}

const HELLO_EVERY_MS = 500
/** Switches need a moment to learn who joined a group, and receivers open their files. */
const SETTLE_MS = 300
/** Without answers nobody says when it joined: time for three HELLOs. */
const ASYNC_SETTLE_MS = 1_200
const POLL_MS = 100
const MAX_LATECOMERS = 1024
const MAX_REPLIES = 2 * BITMAP_BITS
/** A slice so far beyond what a receiver waits for tells it that it was dropped. */
const FAR_AHEAD = 3

export function createTransfer(options: TransferOptions): Transfer {
  const { group, broadcast, isAsync } = options
  let { start } = options
  const needed = CAPABILITY.newGeneration | CAPABILITY.bigEndian
  const capabilities = isAsync ? needed | CAPABILITY.async : needed
  const table = createReceiverTable()
  const delivery = isAsync
    ? createOneWay(group, table, isSuccess)
    : createAcknowledged(group, table)
  const latecomers = new Set<string>()
  const replies: Step[] = []
  let phase: Transfer['phase'] = 'waiting'
  let isStartedByHand = false
  let firstJoinAtMs: number | null = null
  let lastJoinAtMs: number | null = null
  let startedAtMs: number | null = null
  let helloAtMs = options.openedAtMs

  function hello(nowMs: number): Step {
    helloAtMs = nowMs + HELLO_EVERY_MS
    return sendPacket(broadcast, { kind: 'hello', capabilities, group, blockBytes: BLOCK_BYTES })
  }

  function reply(address: string, receiver: number): void {
    // Each HELLO asks again, so what a flood pushes out is not lost.
    if (replies.length >= MAX_REPLIES) return
    const blockBytes = BLOCK_BYTES
    replies.push(
      sendPacket(address, { kind: 'connectReply', receiver, blockBytes, capabilities, group }),
    )
  }

  function connect(address: string, nowMs: number): void {
    const known = table.at(address)
    if (phase === 'waiting') {
      if (known?.state !== 'waiting') lastJoinAtMs = nowMs
      firstJoinAtMs ??= nowMs
      const entry = known ?? table.add(address, 'waiting', nowMs)
      if (entry) entry.state = 'waiting'
      if (!isAsync) reply(address, entry?.number ?? -1)
    } else if (known?.state === 'receiving') {
      // One that holds a slice and connects again was started again: what it had is gone.
      if (known.haveBytes > 0) known.state = 'left'
      else if (!isAsync) reply(address, known.number)
    } else if (known?.state !== 'done' && latecomers.size < MAX_LATECOMERS) {
      latecomers.add(address)
    }
  }

  /** Machines that were there before an async sender are first heard of when they acknowledge the end. */
  function entryFor(address: string, nowMs: number): ReceiverEntry | null {
    const known = table.at(address)
    if (known || !isAsync || phase !== 'sending') return known
    return table.add(address, 'receiving', nowMs)
  }

  function isStartDue(nowMs: number): boolean {
    const waiting = table.all.filter(one => one.state === 'waiting').length
    const settleMs = isAsync ? ASYNC_SETTLE_MS : SETTLE_MS
    const openMs = nowMs - options.openedAtMs
    const sinceJoinMs = lastJoinAtMs === null ? openMs : nowMs - lastJoinAtMs
    if (Math.min(openMs, sinceJoinMs) < settleMs) return false
    // Without answers, machines may be there that were never heard.
    if (waiting === 0 && !isAsync) return false
    const { afterReceivers, afterMs, sinceLastJoinMs, afterFirstJoinMs, atMs } = start
    const sinceFirstMs = nowMs - (firstJoinAtMs ?? nowMs)
    return (
      isStartedByHand ||
      (afterReceivers !== null && waiting >= afterReceivers) ||
      (afterMs !== null && openMs >= afterMs) ||
      (sinceLastJoinMs !== null && waiting > 0 && sinceJoinMs >= sinceLastJoinMs) ||
      (afterFirstJoinMs !== null && waiting > 0 && sinceFirstMs >= afterFirstJoinMs) ||
      (atMs !== null && nowMs >= atMs)
    )
  }

  function waitOrStart(nowMs: number): Step {
    if (nowMs >= helloAtMs) return hello(nowMs)
    if (!isStartDue(nowMs)) {
      return { kind: 'wait', untilMs: Math.min(helloAtMs, nowMs + POLL_MS) }
    }
    phase = 'sending'
    startedAtMs = nowMs
    for (const one of table.all) if (one.state === 'waiting') one.state = 'receiving'
    return send(nowMs)
  }

  function send(nowMs: number): Step {
    const silent = isAsync ? [] : table.counted().filter(one => !one.hasAnswered)
    if (silent.length > 0 && nowMs >= helloAtMs) {
      for (const one of silent) reply(one.address, one.number)
      return hello(nowMs)
    }
    const step = delivery.next(nowMs)
    if (step.kind === 'end') phase = 'ended'
    if (step.kind !== 'wait') return step
    const untilMs = silent.length > 0 ? Math.min(step.untilMs, helloAtMs) : step.untilMs
    // Never in the past: the caller would spin.
    return { kind: 'wait', untilMs: Math.max(untilMs, nowMs + 1) }
  }

  function isSuccess(): boolean {
    const joined = table.all.filter(one => one.state !== 'gone')
    const expected = isAsync ? (start.afterReceivers ?? 1) : 1
    return joined.length >= expected && joined.every(one => one.state === 'done')
  }

  return {
    get phase() {
      return phase
    },
    get startedAtMs() {
      return startedAtMs
    },
    get doneBytes() {
      return delivery.doneBytes
    },
    get resentBlocks() {
      return delivery.resentBlocks
    },
    get latecomers() {
      return [...latecomers]
    },
    receivers: () => table.all.filter(one => one.state !== 'gone'),
    setStart(rule) {
      start = rule
    },
    startNow() {
      isStartedByHand = true
    },
    heard(address, packet, nowMs) {
      if (packet.kind === 'connectRequest') {
        if ((packet.capabilities & needed) === needed) connect(address, nowMs)
        return
      }
      const entry = entryFor(address, nowMs)
      if (!entry) return
      entry.heardAtMs = nowMs
      if (packet.kind === 'go') isStartedByHand = true
      else if (packet.kind === 'disconnect') {
        if (entry.state === 'waiting') entry.state = 'gone'
        else if (entry.state === 'receiving')
          entry.state = delivery.isGoodbyeAtEnd(nowMs) ? 'done' : 'left'
      } else if (packet.kind === 'ok' || packet.kind === 'retransmit') {
        entry.hasAnswered = true
        if (entry.state === 'receiving') delivery.answer(entry, packet)
      }
    },
    supply: content => delivery.supply(content),
    next(nowMs) {
      const first = replies.shift()
      if (first) return first
      if (phase === 'waiting') return waitOrStart(nowMs)
      return phase === 'sending' ? send(nowMs) : { kind: 'end' }
    },
    isSuccess,
    farewell() {
      if (phase === 'ended' || table.all.length === 0) return null
      const slice = delivery.newestSlice() + FAR_AHEAD
      const sliceBytes = BLOCK_BYTES
      return sendPacket(group, {
        kind: 'requestAck',
        slice,
        sliceBytes,
        attempt: 0,
        ready: emptyBitmap(),
      })
    },
  }
}
