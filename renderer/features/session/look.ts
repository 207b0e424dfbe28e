/** How a machine's state looks and reads: tone, icon and words together, never colour alone. Pure. */
import type { Receiver, ReceiverProtocol, Session } from '../../../shared/session.ts'
import { formatDuration } from '../../ui/format.ts'

export type Tone = 'idle' | 'active' | 'verify' | 'done' | 'warn' | 'bad'

export interface Look {
  readonly tone: Tone
  readonly words: string
  /** One word, for small tiles. */
  readonly word: string
  /** 0 to 1, what the tile's fill shows. */
  readonly fraction: number
}

/** What the session is at: a machine's own state reads differently before the start, in a pause and after the end. */
export type Phase = 'waiting' | 'running' | 'paused' | 'ended'

export function phaseOf(state: Session['state']): Phase {
  return state === 'interrupted' ? 'running' : state
}

/** Why a machine is slow: what its tile says, and whether there is something to mend. The cap is meant. */
const SLOW: Readonly<
  Record<
    NonNullable<Receiver['slowBecause']>['reason'],
    { readonly tone: Tone; readonly words: string; readonly word: string }
  >
> = {
  'network-loss': { tone: 'warn', words: 'Receiving, many losses', word: 'Losses' },
  'socket-overflow': { tone: 'warn', words: 'Receiving, too busy', word: 'Too busy' },
  link: { tone: 'warn', words: 'Receiving, slow link', word: 'Slow link' },
  disk: { tone: 'active', words: 'Receiving, slow disk', word: 'Slow disk' },
  decompression: { tone: 'active', words: 'Slow to unpack', word: 'Unpacking' },
  cap: { tone: 'active', words: 'Receiving', word: 'Receiving' },
}

export function look(receiver: Receiver, phase: Phase): Look {
  const fraction = part(receiver.haveBytes, receiver.totalBytes)
  const isWaiting = phase === 'waiting'
  if (
    phase === 'ended' &&
    ['asking', 'joining', 'receiving', 'verifying'].includes(receiver.state)
  ) {
    return { tone: 'idle', words: 'Stopped, incomplete', word: 'Stopped', fraction }
  }
  switch (receiver.state) {
    case 'asking':
      return { tone: 'warn', words: 'Asks to take part', word: 'Asks', fraction: 0 }
    case 'joining':
      return {
        tone: 'idle',
        words: isWaiting ? 'Ready' : 'Checking its disk',
        word: isWaiting ? 'Ready' : 'Checking',
        fraction,
      }
    case 'receiving':
      if (isWaiting) return { tone: 'idle', words: 'Ready', word: 'Ready', fraction }
      if (receiver.silentMs >= 1500)
        return { tone: 'warn', words: 'Not answering', word: 'Silent', fraction }
      if (phase === 'paused') return { tone: 'idle', words: 'Paused', word: 'Paused', fraction }
      if (receiver.slowBecause) return { ...SLOW[receiver.slowBecause.reason], fraction }
      return { tone: 'active', words: 'Receiving', word: 'Receiving', fraction }
    case 'verifying':
      return {
        tone: 'verify',
        words: 'Reading back',
        word: 'Checking',
        fraction: part(receiver.verifiedBytes, receiver.totalBytes),
      }
    case 'done':
      return { tone: 'done', words: 'Verified', word: 'Verified', fraction: 1 }
    case 'acknowledged':
      return { tone: 'idle', words: 'Has it all, not verified', word: 'Unverified', fraction: 1 }
    case 'lost':
      return {
        tone: 'warn',
        words:
          phase === 'ended'
            ? 'Silent at the end'
            : `Silent for ${formatDuration(receiver.silentMs)}`,
        word: 'Silent',
        fraction,
      }
    case 'dropped':
      return { tone: 'idle', words: 'Dropped', word: 'Dropped', fraction }
    case 'refused':
      return { tone: 'bad', words: 'Refused', word: 'Refused', fraction: 0 }
    case 'failed':
      return { tone: 'bad', words: 'Failed', word: 'Failed', fraction }
  }
}

/** What to do about it, as a sentence; empty when nothing is wrong. */
export function advice(receiver: Receiver, phase: Phase): string {
  if (receiver.fault) return receiver.fault.message
  if (receiver.state === 'lost') {
    return phase === 'ended'
      ? 'Check its power and cable, then run it again.'
      : 'Check its power and cable. It goes on by itself when it comes back.'
  }
  const slow = receiver.state === 'receiving' ? receiver.slowBecause : null
  return slow && SLOW[slow.reason].tone === 'warn' ? slow.sentence : ''
}

/** Why it is slow, where nothing is wrong: a disk is as fast as it is. Empty where the tile has better to say. */
export function slowness(receiver: Receiver): string {
  const slow = receiver.state === 'receiving' ? receiver.slowBecause : null
  const deferred = receiver.isDeferred ? 'It catches up later; nobody waits for it.' : ''
  const reason = slow && slow.reason !== 'cap' ? slow.sentence : ''
  return [reason, deferred].filter(Boolean).join(' ')
}

/** Which hand actions a machine's state allows. */
export function actions(
  receiver: Receiver,
  protocol: ReceiverProtocol,
): { readonly approve: boolean; readonly drop: boolean; readonly retry: boolean } {
  if (protocol === 'udpcast') return { approve: false, drop: false, retry: false }
  const approve = receiver.state === 'asking'
  const isIn = ['asking', 'joining', 'receiving', 'verifying', 'lost'].includes(receiver.state)
  const retry = ['dropped', 'refused', 'failed', 'lost'].includes(receiver.state)
  return { approve, drop: isIn, retry }
}

export function isTrouble(receiver: Receiver): boolean {
  return (
    ['lost', 'refused', 'failed', 'dropped'].includes(receiver.state) ||
    advice(receiver, 'running') !== ''
  )
}

function part(bytes: number, of: number): number {
  return of === 0 ? 1 : Math.min(1, bytes / of)
}
