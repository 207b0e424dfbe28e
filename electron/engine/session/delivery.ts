/** How a session's datagrams reach its machines. Pure. PROTOCOL.md §4.5. */
import type { Fault } from '../../../shared/fault.ts'
import type { Delivery } from '../../../shared/protocol/control.ts'
import { SessionError, type SessionFault } from './fault.ts'
import type { LiveReceiver } from './liveReceiver.ts'
import { isEnded } from './receiver.ts'

/**
 * By unicast every machine costs the whole rate once more: four on a gigabit link still get more each than a
 * 100 Mbit/s bench would carry by multicast.
 */
export const MAX_UNICAST_MACHINES = 4

export interface Addresses {
  readonly group: string
  /** Null where the card's subnet has none. */
  readonly broadcast: string | null
}

/** Where datagrams go now. By unicast: to those that fetch, not to those that join or read back. */
export function destinations(
  delivery: Delivery,
  { group, broadcast }: Addresses,
  receivers: readonly Pick<LiveReceiver, 'address' | 'state' | 'haveBytes'>[],
  storedBytes: number,
): string[] {
  switch (delivery) {
    case 'multicast':
      return [group]
    case 'broadcast':
      return broadcast === null ? [] : [broadcast]
    case 'unicast': {
      const fetching = receivers.filter(
        ({ state, haveBytes }) =>
          state.state === 'receiving' || (state.state === 'verifying' && haveBytes < storedBytes),
      )
      return [...new Set(fetching.map(receiver => receiver.address))]
    }
  }
}

/** Faults: session/no-broadcast, session/unicast-crowded. */
export function checkDelivery(
  wanted: Delivery,
  { broadcast }: Addresses,
  cardAddress: string,
  machines = 0,
): void {
  if (wanted === 'broadcast' && broadcast === null) {
    throw new SessionError({ code: 'session/no-broadcast', address: cardAddress })
  }
  if (wanted === 'unicast' && machines > MAX_UNICAST_MACHINES) {
    throw new SessionError(unicastCrowded(machines))
  }
}

/** Those of whom something is still expected: a lost machine comes back. */
export function takingPart<R extends Pick<LiveReceiver, 'state'>>(receivers: readonly R[]): R[] {
  return receivers.filter(receiver => !isEnded(receiver.state))
}

export function unicastFullFault(): Fault {
  return {
    code: 'session/unicast-full',
    message: `The session delivers by unicast, which carries ${MAX_UNICAST_MACHINES} machines at a time. Image this one when another has ended, or deliver by multicast or broadcast.`,
  }
}

export function unicastCrowded(machines: number): SessionFault {
  return { code: 'session/unicast-crowded', machines, most: MAX_UNICAST_MACHINES }
}
