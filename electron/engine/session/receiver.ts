/**
 * One receiver, as the sender sees it.
 *
 *   join ──▶ joining ──first report──▶ receiving ◀──state──▶ verifying ──result──▶ done
 *               └───────────┬──────────────┴────────────────────┴──result──▶ refused, failed
 *                    silence or closed ──▶ lost ──heard──▶ where it was
 *                                            └──60 s──▶ failed
 *   ask ──▶ asking ──approve──▶ joining;   asking ──silence or closed──▶ lost ──heard──▶ asking
 *   any but done ──drop──▶ dropped;   dropped, refused, failed ──retry──▶ joining (connected) or lost (not)
 */
import type { Fault } from '../../../shared/fault.ts'
import { SILENCE_MS } from '../../../shared/protocol/limits.ts'

export type Active = 'joining' | 'receiving' | 'verifying'

export type ReceiverState =
  | { readonly state: Active | 'asking'; readonly heardAtMs: number }
  | { readonly state: 'lost'; readonly was: Active | 'asking'; readonly sinceMs: number }
  | { readonly state: 'done'; readonly atMs: number }
  /** By the technician, or with a fault by the session's policy. */
  | { readonly state: 'dropped'; readonly atMs: number; readonly fault: Fault | null }
  | { readonly state: 'refused' | 'failed'; readonly atMs: number; readonly fault: Fault }

export type ReceiverEvent =
  /** A new connection was admitted: a reboot, a reconnect, a first join. */
  | { readonly type: 'join'; readonly atMs: number }
  /** A new connection that the technician has to approve first. */
  | { readonly type: 'ask'; readonly atMs: number }
  | { readonly type: 'approve'; readonly atMs: number }
  /** Anything valid arrived. `state` where the message told one. */
  | { readonly type: 'heard'; readonly atMs: number; readonly state: Active | null }
  | { readonly type: 'closed'; readonly atMs: number }
  | { readonly type: 'tick'; readonly atMs: number }
  | { readonly type: 'verified'; readonly atMs: number }
  | {
      readonly type: 'ended'
      readonly as: 'refused' | 'failed'
      readonly atMs: number
      readonly fault: Fault
    }
  | { readonly type: 'drop'; readonly atMs: number; readonly fault: Fault | null }
  | { readonly type: 'retry'; readonly atMs: number; readonly isConnected: boolean }

/** A machine that lost power needs this long to boot from the network and come back, ms. */
export const LOST_GRACE_MS = 60_000

/** Pure: the caller owns clock, socket, log. */
export function next(receiver: ReceiverState, event: ReceiverEvent): ReceiverState {
  // A dropped machine stays dropped, even over a reboot, until the technician retries it.
  if (event.type === 'join') {
    return receiver.state === 'dropped' ? receiver : { state: 'joining', heardAtMs: event.atMs }
  }
  if (event.type === 'ask') {
    return receiver.state === 'dropped' ? receiver : { state: 'asking', heardAtMs: event.atMs }
  }
  if (event.type === 'approve') return approved(receiver, event.atMs)
  switch (receiver.state) {
    case 'asking':
    case 'joining':
    case 'receiving':
    case 'verifying':
      return fromActive(receiver, event)
    case 'lost':
      return fromLost(receiver, event)
    case 'dropped':
    case 'refused':
    case 'failed':
      return event.type === 'retry' ? retried(event) : receiver
    case 'done':
      return receiver // Late messages change nothing; a new run arrives as a join.
  }
}

export function isActive(
  receiver: ReceiverState,
): receiver is { state: Active; heardAtMs: number } {
  return (
    receiver.state === 'joining' || receiver.state === 'receiving' || receiver.state === 'verifying'
  )
}

/** Nothing more is expected of it, unless someone acts. */
export function isEnded(receiver: ReceiverState): boolean {
  return !isActive(receiver) && receiver.state !== 'lost'
}

/** It has not been admitted, and nobody waits for it. */
export function isAsking(receiver: ReceiverState): boolean {
  return receiver.state === 'asking' || (receiver.state === 'lost' && receiver.was === 'asking')
}

function approved(receiver: ReceiverState, atMs: number): ReceiverState {
  if (receiver.state === 'asking') return { state: 'joining', heardAtMs: atMs }
  return isAsking(receiver) && receiver.state === 'lost'
    ? { ...receiver, was: 'joining' }
    : receiver
}

type Ordinary = Exclude<ReceiverEvent, { type: 'join' | 'ask' | 'approve' }>

function fromActive(
  receiver: { readonly state: Active | 'asking'; readonly heardAtMs: number },
  event: Ordinary,
): ReceiverState {
  switch (event.type) {
    case 'heard':
      return { state: heardState(receiver.state, event.state), heardAtMs: event.atMs }
    case 'closed':
      return { state: 'lost', was: receiver.state, sinceMs: event.atMs }
    case 'tick':
      return event.atMs - receiver.heardAtMs >= SILENCE_MS
        ? { state: 'lost', was: receiver.state, sinceMs: receiver.heardAtMs }
        : receiver
    case 'verified':
      return receiver.state === 'asking' ? receiver : ended(event)
    case 'ended':
    case 'drop':
      return ended(event)
    case 'retry':
      return receiver
  }
}

function fromLost(
  receiver: Extract<ReceiverState, { state: 'lost' }>,
  event: Ordinary,
): ReceiverState {
  switch (event.type) {
    case 'heard':
      return { state: heardState(receiver.was, event.state), heardAtMs: event.atMs }
    case 'tick':
      return event.atMs - receiver.sinceMs >= LOST_GRACE_MS
        ? { state: 'failed', atMs: event.atMs, fault: goneFault() }
        : receiver
    case 'verified':
    case 'ended':
    case 'drop':
      return ended(event)
    case 'closed':
    case 'retry':
      return receiver
  }
}

/** What a machine that asks says of its work changes nothing: it has none. */
function heardState(was: Active | 'asking', told: Active | null): Active | 'asking' {
  return was === 'asking' ? was : (told ?? was)
}

function ended(
  event: Extract<ReceiverEvent, { type: 'verified' | 'ended' | 'drop' }>,
): ReceiverState {
  switch (event.type) {
    case 'verified':
      return { state: 'done', atMs: event.atMs }
    case 'ended':
      return { state: event.as, atMs: event.atMs, fault: event.fault }
    case 'drop':
      return { state: 'dropped', atMs: event.atMs, fault: event.fault }
  }
}

function retried(event: { readonly atMs: number; readonly isConnected: boolean }): ReceiverState {
  return event.isConnected
    ? { state: 'joining', heardAtMs: event.atMs }
    : { state: 'lost', was: 'joining', sinceMs: event.atMs }
}

function goneFault(): Fault {
  const seconds = LOST_GRACE_MS / 1000
  return {
    code: 'peer/gone',
    message: `It has been silent for ${seconds} s. Check its cable and power, then start it again: it goes on where it was.`,
  }
}
