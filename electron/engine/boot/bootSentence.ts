/** A starting machine's state in words; and, where it gets no further, why and what to do. Pure. */
import { type BootMachine, hasFetched } from './bootProgress.ts'

export interface BootSentence {
  readonly sentence: string
  /** The sentence is one to act on. */
  readonly isStuck: boolean
}

/** OVMF waits 4 s for further offers and takes 1 s on port 4011; the rest is for a slow DHCP server. */
const TIME_TO_FETCH_MS = 10_000
/** One round without a fetch may be a lost datagram, or a person at the firmware's menu. */
const STUCK_ROUNDS = 2
/** Boot file fetched in so many starts, and never a kernel. */
const STUCK_STARTS = 3

/** `nowMs`: silence tells too. */
export function bootSentence(machine: BootMachine, nowMs: number): BootSentence {
  const advice = stuckSentence(machine, nowMs)
  return { sentence: advice ?? plainSentence(machine), isStuck: advice !== null }
}

function stuckSentence(machine: BootMachine, nowMs: number): string | null {
  const { state, rounds, starts, hasAddress } = machine
  if (machine.refusal !== null) return refusalSentence(machine)
  const quietMs = nowMs - (machine.offeredAtMs ?? machine.lastSeenAtMs)
  const isGivenUp = rounds > STUCK_ROUNDS || (rounds === STUCK_ROUNDS && quietMs > TIME_TO_FETCH_MS)
  if (!hasFetched(machine) && isGivenUp) {
    const asked = `Machine asked ${times(rounds)}`
    if (!hasAddress)
      return `${asked} and took no address: no DHCP server gives it one, or the answers do not reach it. Check that exactly one DHCP server is at work on this network, and the switch port.`
    const by = machine.way === 'http' ? 'HTTP' : 'TFTP'
    return `${asked} and never fetched the boot file: Secure Boot refused it, or ${by} is blocked. Check the firewall of this computer and the firmware’s settings for network boot.`
  }
  if (state === 'bootFile' && starts >= STUCK_STARTS)
    return `Machine fetched the boot file in ${starts} starts and never the kernel: Secure Boot refused it, or the boot file does not suit this firmware. Look at the machine’s screen.`
  return null
}

function refusalSentence({ refusal, firmware, mac }: BootMachine): string {
  switch (refusal) {
    case 'not admitted':
      return `Machine ${mac} asked to start and is not on the list of allowed machines. Add it, or allow unknown machines.`
    case 'pool empty':
      return 'Machine asked for an address, and none is left to give. Give this computer’s card a larger network, or wait until unused addresses fall free.'
    case 'no file':
    case null:
      return `There is no boot file for this machine’s firmware (${firmware ?? 'of an unknown kind'}). Start it from a boot medium.`
  }
}

function plainSentence({ state, bootFile, fetching }: BootMachine): string {
  switch (state) {
    case 'asked':
    case 'refused':
      return 'Asked to start over the network.'
    case 'offered':
      return `Was told to start ${bootFile}.`
    case 'bootFile':
      return fetching === '' ? 'Runs the boot file.' : `Fetches ${fetching}.`
    case 'kernel':
      return fetching === '' ? 'Has the kernel.' : `Fetches ${fetching}.`
    case 'initramfs':
      return fetching === '' ? 'Starts the boot environment.' : `Fetches ${fetching}.`
    case 'up':
      return 'Is up and ready.'
  }
}

function times(count: number): string {
  return count === 2 ? 'twice' : `${count} times`
}
