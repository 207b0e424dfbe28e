/** Who paces a session: the cap, the network, one machine, or this computer. Pure. */
import { formatBits } from '../../../shared/figures.ts'
import type { Receiver, Session } from '../../../shared/session.ts'
import type { SlowBecause } from './pacing.ts'

export type PacedBy = NonNullable<Session['pacedBy']>

/** What the sender is about. */
export interface SenderPace {
  /** `idle`: everybody has everything, or holds it unwritten; `asking`: a pass ended, answers are awaited. */
  readonly phase: 'sending' | 'asking' | 'idle'
  readonly sentBitsPerSecond: number
  /** What it was told to send meanwhile: the cap, or the automatic rate. 0 before anything is known. */
  readonly wantedBitsPerSecond: number
  readonly capBitsPerSecond: number | null
  /** Of this computer's card; null where unknown. */
  readonly linkBitsPerSecond: number | null
  /** The number of the machine whose own pace is the session's; null for none. */
  readonly limitedBy: number | null
}

type PacedReceiver = Pick<
  Receiver,
  'number' | 'state' | 'slowBecause' | 'rateBytesPerSecond' | 'haveBytes' | 'totalBytes'
>

/** A rate this near to what was asked for is as fast as it was asked. */
const REACHED = 0.85
/** Less than this of it: something holds it back. */
const STARVED = 0.6
/** A machine that completes less than this of what is sent does not keep up with it; repair alone takes less. */
const BEHIND = 0.7
const LINK_FULL = 0.8

/** `ease` below 1 makes it stand longer: for hysteresis. */
export function isAtCap(sender: SenderPace, ease = 1): boolean {
  const { capBitsPerSecond: cap, sentBitsPerSecond } = sender
  return cap !== null && sentBitsPerSecond >= cap * REACHED * ease
}

/** Of a running session. Null when nothing is known to hold it back. */
export function paceOf(
  sender: SenderPace,
  receivers: readonly PacedReceiver[],
  card: string,
): PacedBy | null {
  const receiving = receivers.filter(row => row.state === 'receiving')
  if (receiving.length === 0) return paceOfRest(receivers)
  const slow = receiving.filter(row => row.slowBecause !== null && row.slowBecause.reason !== 'cap')
  const worst = slow.toSorted((a, b) => shareOf(a) - shareOf(b))[0]
  const isStarved =
    sender.phase === 'idle' || sender.sentBitsPerSecond < sender.wantedBitsPerSecond * STARVED
  if (worst?.slowBecause) {
    const isBehind = worst.rateBytesPerSecond * 8 < sender.sentBitsPerSecond * BEHIND
    if (isStarved || (slow.length === receiving.length && (isBehind || areFull(sender, slow)))) {
      const sentence = PACES[worst.slowBecause.reason](worst.number)
      return { kind: 'receiver', receiverNumber: worst.number, sentence }
    }
  }
  const { limitedBy } = sender
  const isLimited = sender.sentBitsPerSecond < sender.wantedBitsPerSecond * REACHED
  if (isLimited && receiving.some(row => row.number === limitedBy)) {
    const sentence = `Machine ${limitedBy}, which takes no more, paces the session`
    return { kind: 'receiver', receiverNumber: limitedBy, sentence }
  }
  return paceOfSender(sender, isStarved, card)
}

/** A rate that was looked for keeps to what they take out of their memory (sender/rateControl.ts). */
function areFull({ capBitsPerSecond: cap }: SenderPace, slow: readonly PacedReceiver[]): boolean {
  const waits = (reason?: SlowBecause['reason']): boolean =>
    reason === 'disk' || reason === 'decompression'
  return cap === null && slow.every(row => waits(row.slowBecause?.reason))
}

function paceOfSender(sender: SenderPace, isStarved: boolean, card: string): PacedBy | null {
  const { capBitsPerSecond: cap, sentBitsPerSecond: sent, linkBitsPerSecond: link } = sender
  const paced = (kind: PacedBy['kind'], sentence: string): PacedBy => ({
    kind,
    receiverNumber: null,
    sentence,
  })
  if (cap !== null && isAtCap(sender)) {
    return paced('cap', `The cap of ${formatBits(cap)} paces it`)
  }
  if (link !== null && sent >= link * LINK_FULL) {
    return paced('network', `The link of card ${card}, ${formatBits(link)}, paces it`)
  }
  if (isStarved) {
    // With nothing to send there is nothing to be slow at.
    return sender.phase === 'sending' && sent > 0
      ? paced('sender', `This computer paces it: it sends no faster than ${formatBits(sent)}`)
      : null
  }
  return cap === null && sent > 0
    ? paced('network', `The network paces it: ${formatBits(sent)} is what it was found to carry`)
    : null
}

/** Nobody receives any more. */
function paceOfRest(receivers: readonly PacedReceiver[]): PacedBy | null {
  const lost = receivers.find(row => row.state === 'lost')
  if (lost) {
    const sentence = `Waiting for machine ${lost.number}, which is silent`
    return { kind: 'silence', receiverNumber: lost.number, sentence }
  }
  return receivers.some(row => row.state === 'verifying')
    ? { kind: 'reading', receiverNumber: null, sentence: 'Machines read their disks back' }
    : null
}

const PACES: Readonly<Record<SlowBecause['reason'], (machine: number) => string>> = {
  'network-loss': machine => `Machine ${machine}’s losses pace the session`,
  'socket-overflow': machine =>
    `Machine ${machine}, which is too busy to keep up, paces the session`,
  disk: machine => `Machine ${machine}’s disk paces the session`,
  decompression: machine => `Machine ${machine}’s processor, which unpacks, paces the session`,
  link: machine => `Machine ${machine}’s slow link paces the session`,
  cap: () => 'The cap paces the session',
}

function shareOf(row: PacedReceiver): number {
  return row.totalBytes === 0 ? 1 : row.haveBytes / row.totalBytes
}
