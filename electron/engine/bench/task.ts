/** Which session a machine is sent to, or why it waits. Pure. A machine is never sent where it was not clearly meant to go. */
import type { Afterwards } from '../../../shared/bench.ts'
import type { Announce } from '../../../shared/protocol/announcePacket.ts'
import type { Receiver, Rules } from '../../../shared/session.ts'

/** An open session, as far as a machine's way into it goes. */
export interface Offer {
  readonly id: string
  readonly announce: Announce
  readonly rules: Pick<Rules, 'target' | 'afterwards'>
  /** Null for a machine that has not joined. */
  stateOf(machineId: string): Receiver['state'] | null
  /** What the machine said it does, being done; null before. */
  afterwardsOf(machineId: string): Afterwards | null
}

export interface Errand {
  readonly offer: Offer | null
  /** What it waits for, as a sentence; empty when there is nothing to say. */
  readonly why: string
}

/** `offers`: of the card the machine is behind. `assigned`: by the technician, an id. */
export function errandOf(
  machineId: string,
  assigned: string | null,
  offers: readonly Offer[],
): Errand {
  const named = offers.find(offer => offer.id === assigned)
  if (named) return { offer: named, why: '' }
  // Back from its own disk into the boot environment: once is enough, or it would go round for ever.
  const open = offers.filter(offer => offer.stateOf(machineId) !== 'done')
  const joined = open.find(offer => offer.stateOf(machineId) !== null)
  const [only] = open
  if (joined) return { offer: joined, why: '' }
  if (only === undefined) {
    const done = offers.find(offer => offer.stateOf(machineId) === 'done')
    return { offer: null, why: done ? `It is done in session ${done.announce.name}.` : '' }
  }
  if (open.length === 1) return { offer: only, why: '' }
  const names = open.map(offer => offer.announce.name).join(', ')
  return { offer: null, why: `Several sessions are open: ${names}. Choose one at its tile.` }
}
