/**
 * One machine as the bench shows it: a starting machine, one that is up and one in a session are the same machine, known
 * by its card's MAC and later by its id. Pure.
 */
import type { BenchMachine } from '../../../shared/bench.ts'
import type { BootMachine } from '../../../shared/boot.ts'
import type { Receiver } from '../../../shared/session.ts'

export interface ShownMachine {
  /** The same for as long as the machine is on the bench, whatever is known of it by then. */
  readonly key: string
  /** Null until the bench has given it one. */
  readonly number: number | null
  readonly boot: BootMachine | null
  readonly machine: BenchMachine | null
  /** Its part in the session that is shown. */
  readonly receiver: Receiver | null
}

/**
 * Machines of the session, then those on the bench that wait for one, then those on their way. With numbers first, in
 * their order; the others as they came.
 */
export function shownMachines(
  sessionId: string | null,
  receivers: readonly Receiver[],
  machines: readonly BenchMachine[],
  starting: readonly BootMachine[],
): readonly ShownMachine[] {
  const isOneCard = uniqueMacs(receivers)
  const ids = new Set(receivers.map(row => row.id))
  const present = machines.filter(row => ids.has(row.id) || !hasLeft(row))
  const waiting = present.filter(row => ids.has(row.id) || isFree(row, sessionId))
  const machineOf = new Map(waiting.map(row => [row.id, row]))
  const bootOf = new Map(starting.map(row => [macKey(row.mac), row]))
  const taken = new Set<string>()
  // A machine of another session is that session's, however it started.
  for (const row of present) if (!machineOf.has(row.id)) taken.add(macKey(row.mac))
  const shown: ShownMachine[] = []
  const add = (
    id: string,
    mac: string,
    number: number,
    receiver: Receiver | null,
    machine: BenchMachine | null,
  ): void => {
    const key = macKey(mac)
    const hasOwnMac = key !== '' && (receiver === null || isOneCard.has(key))
    if (hasOwnMac) taken.add(key)
    const boot = hasOwnMac ? (bootOf.get(key) ?? null) : null
    shown.push({ key: hasOwnMac ? key : id, number, boot, machine, receiver })
  }
  for (const row of receivers) add(row.id, row.mac, row.number, row, machineOf.get(row.id) ?? null)
  for (const row of waiting) if (!ids.has(row.id)) add(row.id, row.mac, row.number, null, row)
  shown.sort((a, b) => (a.number ?? 0) - (b.number ?? 0))
  const ahead = starting
    .filter(row => !taken.has(macKey(row.mac)))
    .toSorted((a, b) => a.firstSeenAtMs - b.firstSeenAtMs)
  for (const boot of ahead) {
    shown.push({ key: macKey(boot.mac), number: null, boot, machine: null, receiver: null })
  }
  return shown
}

/** Up and for this session to take: on the bench, and neither at work for another one nor sent to it. */
function isFree(machine: BenchMachine, sessionId: string | null): boolean {
  const of = machine.sessionId ?? machine.assignedTo
  return of === null || of === sessionId
}

/** Known from a session alone: somebody ran a receiver there, which has ended. Nothing of it waits on the bench. */
function hasLeft({ state, hardware }: BenchMachine): boolean {
  return state === 'gone' && hardware === null
}

/** Receivers on one computer share its card, and loopback has none: there the MAC tells nothing. */
function uniqueMacs(receivers: readonly Receiver[]): ReadonlySet<string> {
  const seen = new Map<string, number>()
  for (const { mac } of receivers) seen.set(macKey(mac), (seen.get(macKey(mac)) ?? 0) + 1)
  return new Set([...seen].filter(([key, times]) => key !== '' && times === 1).map(([key]) => key))
}

function macKey(mac: string): string {
  const key = mac.toLowerCase()
  return key === '00:00:00:00:00:00' ? '' : key
}
