/** Which session a machine is sent to, or why it waits. Pure. A machine is never sent where it was not clearly meant to go. */
import type { Afterwards } from '../../../shared/bench.ts'
import type { Announce } from '../../../shared/protocol/announcePacket.ts'
import type { Machine } from '../../../shared/protocol/control.ts'
import type { Receiver, Rules } from '../../../shared/session.ts'

/** An open session, as far as a machine's way into it goes. */
export interface Offer {
  readonly id: string
  readonly announce: Announce
  readonly rules: Pick<Rules, 'target' | 'afterwards'>
  /** False for a machine that it would refuse as unknown. */
  expects(machine: Pick<Machine, 'mac' | 'uuid'>): boolean
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
  machine: Pick<Machine, 'id' | 'mac' | 'uuid'>,
  assigned: string | null,
  offers: readonly Offer[],
): Errand {
  const stateIn = (offer: Offer): Receiver['state'] | null => offer.stateOf(machine.id)
  const named = offers.find(offer => offer.id === assigned)
  if (named) return { offer: named, why: '' }
  // Back from its own disk into the boot environment: once is enough, or it would go round for ever.
  const open = offers.filter(offer => stateIn(offer) !== 'done')
  const joined = open.find(offer => stateIn(offer) !== null)
  if (joined) return { offer: joined, why: '' }
  const done = offers.find(offer => stateIn(offer) === 'done')
  if (open.length === 0) {
    return { offer: null, why: done ? `It is done in session ${done.announce.name}.` : '' }
  }
  // It would be refused there, and be counted as one that failed.
  const meant = open.filter(offer => offer.expects(machine))
  const [only] = meant
  const names = (meant.length > 0 ? meant : open).map(offer => offer.announce.name).join(', ')
  if (only === undefined) return { offer: null, why: `It is not on the list of ${names}.` }
  if (meant.length === 1) return { offer: only, why: '' }
  return { offer: null, why: `Several sessions are open: ${names}. Choose one at its tile.` }
}
