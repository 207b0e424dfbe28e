/**
 * One file on its way to one client, by blocks and windows: RFC 1350, RFC 7440. Pure: the caller owns clock and socket.
 *
 *   asking ──ACK 0──▶ sending ──ACK of the last block──▶ done
 *   (OACK sent)          │ ERROR ──▶ aborted
 *                        └ nothing heard for long ──▶ silent, or done when only the last ACK was missing
 *
 * A repeated acknowledgement is answered once at most: answering each would double every later datagram (the
 * "Sorcerer's Apprentice", RFC 1123 §4.2.3.1).
 */
import type { TftpPacket } from './packet.ts'
import type { Terms } from './negotiation.ts'

export interface TransferWire {
  /** The acknowledgement of the options. */
  options(): void
  /** Block from 1; the last one is shorter than a whole block, and may be empty. */
  data(block: number): void
}

export type TransferState = 'asking' | 'sending' | 'done' | 'aborted' | 'silent'

export interface Transfer {
  readonly state: TransferState
  /** When `tick` has to be called if nothing is heard until then. */
  readonly dueAtMs: number
  readonly ackedBytes: number
  readonly resends: number
  /** The client has said something: its address is real, and it wants the file. */
  readonly hasAnswered: boolean
  start(nowMs: number): void
  take(packet: TftpPacket, nowMs: number): void
  tick(nowMs: number): void
  /** The client asked again from the same port: it has heard nothing yet. */
  askedAgain(nowMs: number): void
  /** Nobody listens at the client's port any more. */
  gone(): void
}

/**
 * GRUB 2.12 opens its initial ramdisk, takes one block and comes back for the second when the kernel has been checked
 * and started: 3 to 11 s on the slow machines measured, so a minute is patient.
 */
export const PATIENCE_MS = 60_000
/** Behind the last block a client often is gone already, having booted: its ACK is not worth a minute. */
const LAST_PATIENCE_MS = 3_000
/** Before the first answer was timed. */
const FIRST_RESEND_MS = 250
const MIN_RESEND_MS = 20
const MAX_RESEND_MS = 2_000
/**
 * Unanswered, resends get rare fast. A client whose acknowledgement was lost may ignore the block it has already
 * (atftp 0.8 does) and wait for a timer of its own, mostly 5 s, which each resend sets back: only silence lets it end.
 */
const BACK_OFF = 4
const RARE_RESEND_MS = 6_000
/**
 * Of the options' acknowledgement: a client that lost it asks again by itself, and one that has it may give up when it
 * comes twice (atftp 0.8: "unexpected OACK").
 */
const OPTIONS_RESEND_MS = 6_000
/** A repeated acknowledgement so late comes from the client's timer, not from a resend of ours that crossed it. */
const TIMER_MS = 200
/** Of a round trip: as TCP's variance term would, for what jitters as much as firmware does. */
const RESEND_ROUND_TRIPS = 3
const SMOOTHING = 0.125

export function createTransfer(fileBytes: number, terms: Terms, wire: TransferWire): Transfer {
  const { blockBytes, windowBlocks } = terms
  // A file that fills its last block needs one more, empty (RFC 1350 §2).
  const blockCount = Math.floor(fileBytes / blockBytes) + 1
  let state: TransferState = terms.accepted ? 'asking' : 'sending'
  let acked = 0
  let sent = 0
  let heardAtMs = 0
  let dueAtMs = 0
  let resends = 0
  /** The blocks behind `acked` went out a second time: no round trip can be told from them, nor are they sent thrice. */
  let isResent = false
  let sentAtMs = 0
  let roundTripMs: number | null = null
  let hasAnswered = false
  let resendMs = terms.timeoutMs ?? FIRST_RESEND_MS

  function isOver(): boolean {
    return state === 'done' || state === 'aborted' || state === 'silent'
  }

  /** All is sent: only the last acknowledgement is missing, which clients in a hurry do not send. */
  function isLastWindow(): boolean {
    return hasAnswered && state === 'sending' && sent === blockCount
  }

  function pump(nowMs: number): void {
    const end = Math.min(acked + windowBlocks, blockCount)
    while (sent < end) wire.data(++sent)
    sentAtMs = nowMs
    dueAtMs = nowMs + resendMs
  }

  function askNow(nowMs: number): void {
    wire.options()
    dueAtMs = nowMs + OPTIONS_RESEND_MS
  }

  function again(nowMs: number): void {
    isResent = true
    resends++
    if (state === 'asking') {
      askNow(nowMs)
      return
    }
    sent = acked
    pump(nowMs)
  }

  /** Of an answer: how long the next one may take. */
  function timed(nowMs: number): void {
    if (terms.timeoutMs !== null) {
      resendMs = terms.timeoutMs
      return
    }
    if (!isResent) {
      const tookMs = nowMs - sentAtMs
      roundTripMs = roundTripMs === null ? tookMs : roundTripMs + (tookMs - roundTripMs) * SMOOTHING
    }
    const wantedMs = roundTripMs === null ? FIRST_RESEND_MS : roundTripMs * RESEND_ROUND_TRIPS
    resendMs = Math.min(MAX_RESEND_MS, Math.max(MIN_RESEND_MS, wantedMs))
  }

  function takeAck(block: number, nowMs: number): void {
    if (state === 'asking') {
      if (block !== 0) return
      hasAnswered = true
      state = 'sending'
      timed(nowMs)
      isResent = false
      return pump(nowMs)
    }
    const step = (block - acked) & 0xffff
    if (step > sent - acked) return // Of a block that it cannot have.
    if (step === 0) {
      // In a window it says that the first block was lost. In lock step, if it comes at once, it says nothing.
      const isByTimer = nowMs - sentAtMs >= TIMER_MS
      if (isByTimer || (windowBlocks > 1 && !isResent)) again(nowMs)
      return
    }
    timed(nowMs)
    hasAnswered = true
    acked += step
    isResent = false
    if (acked === blockCount) {
      state = 'done'
      return
    }
    if (acked < sent) {
      // The block behind was lost (RFC 7440 §4): go on from there.
      sent = acked
      isResent = true
      resends++
    }
    pump(nowMs)
  }

  return {
    get state() {
      return state
    },
    get dueAtMs() {
      return dueAtMs
    },
    get ackedBytes() {
      return Math.min(fileBytes, acked * blockBytes)
    },
    get resends() {
      return resends
    },
    get hasAnswered() {
      return hasAnswered
    },
    start(nowMs) {
      heardAtMs = nowMs
      sentAtMs = nowMs
      if (state === 'asking') askNow(nowMs)
      else pump(nowMs)
    },
    take(packet, nowMs) {
      if (isOver()) return
      if (packet.kind === 'error') state = 'aborted'
      if (packet.kind !== 'ack') return
      heardAtMs = nowMs
      takeAck(packet.block, nowMs)
    },
    tick(nowMs) {
      if (isOver() || nowMs < dueAtMs) return
      const patienceMs = isLastWindow() ? LAST_PATIENCE_MS : PATIENCE_MS
      if (nowMs - heardAtMs >= patienceMs) {
        state = isLastWindow() ? 'done' : 'silent'
        return
      }
      if (state === 'asking') return again(nowMs)
      const rareMs = Math.max(RARE_RESEND_MS, terms.timeoutMs ?? 0)
      resendMs = Math.min(rareMs, resendMs * BACK_OFF)
      again(nowMs)
    },
    askedAgain(nowMs) {
      if (state === 'asking') again(nowMs)
    },
    gone() {
      if (!isOver()) state = isLastWindow() ? 'done' : 'aborted'
    },
  }
}
