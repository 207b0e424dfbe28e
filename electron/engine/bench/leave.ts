/** How a machine left the bench: done, and started anew or turned off as its session says. Pure. */
import type { Offer } from './task.ts'

export interface Leave {
  /** An id; the session may be over by now. */
  readonly session: string
  readonly benchAddress: string
  /** When it was noted, Unix ms. */
  readonly atMs: number
}

/** A session ends with its last machine, which only then starts anew. Servers take ten minutes to their first DHCP packet. */
export const RESTART_MS = 15 * 60_000

/** `before`: as noted last; the same value while nothing changes. Null: it has not left, or takes part once more. */
export function leaveOf(
  machineId: string,
  before: Leave | null,
  offers: readonly Offer[],
  nowMs: number,
): Leave | null {
  const last = offers.find(({ id }) => id === before?.session)
  if (last && hasLeft(machineId, last)) return before
  const left = offers.find(offer => hasLeft(machineId, offer))
  if (left) return { session: left.id, benchAddress: left.announce.control.address, atMs: nowMs }
  return last ? null : before
}

function hasLeft(machineId: string, { stateOf, afterwardsOf }: Offer): boolean {
  if (stateOf(machineId) !== 'done') return false
  const does = afterwardsOf(machineId)
  return does === 'reboot' || does === 'poweroff'
}
