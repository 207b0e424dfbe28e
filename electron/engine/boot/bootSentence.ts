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
/** So many starts with files fetched, and the client never reported. */
const STUCK_STARTS = 3
/** Flowing transfers tell of themselves four times a second; GRUB was seen to pause for 11 s in the midst of one. */
const TIME_TO_GO_ON_MS = 30_000
/** Between two files: shim and GRUB take 2 s, checking and starting the kernel up to 16 s on the slowest seen. */
const TIME_TO_NEXT_FILE_MS = 60_000
/** From the last file to the client: 35 s on the slowest seen, 80 s where four of them shared two cores. */
const TIME_TO_REPORT_MS = 120_000

/** `nowMs`: silence tells too. */
export function bootSentence(machine: BootMachine, nowMs: number): BootSentence {
  const advice = stuckSentence(machine, nowMs)
  return { sentence: advice ?? plainSentence(machine), isStuck: advice !== null }
}

function stuckSentence(machine: BootMachine, nowMs: number): string | null {
  if (machine.refusal === 'own disk') return null
  if (machine.refusal !== null) return refusalSentence(machine)
  if (machine.state === 'up') return null
  return (
    unfetchedSentence(machine, nowMs) ?? vainSentence(machine) ?? silenceSentence(machine, nowMs)
  )
}

/** It asks and asks, and fetches nothing. */
function unfetchedSentence(machine: BootMachine, nowMs: number): string | null {
  const { rounds, hasAddress } = machine
  const quietMs = nowMs - (machine.offeredAtMs ?? machine.lastSeenAtMs)
  const isGivenUp = rounds > STUCK_ROUNDS || (rounds === STUCK_ROUNDS && quietMs > TIME_TO_FETCH_MS)
  if (hasFetched(machine) || !isGivenUp) return null
  const asked = `Machine asked ${times(rounds)}`
  if (!hasAddress)
    return `${asked} and took no address: no DHCP server gives it one, or the answers do not reach it. Check that exactly one DHCP server is at work on this network, and the switch port.`
  const by = machine.way === 'http' ? 'HTTP' : 'TFTP'
  return `${asked} and never fetched the boot file: Secure Boot refused it, or ${by} is blocked. Check the firewall of this computer and the firmware’s settings for network boot.`
}

/** It starts over and over. */
function vainSentence(machine: BootMachine): string | null {
  const isUnderWay = hasFetched(machine)
  const count = machine.vainStarts + (isUnderWay ? 1 : 0)
  if (count < STUCK_STARTS) return null
  switch (isUnderWay ? machine.state : machine.vainState) {
    case 'kernel':
      return `Machine fetched the kernel in ${count} starts and never the whole initial ramdisk: it has too little memory (1 GiB is enough), or its cable or switch port is bad. Look at the machine’s screen.`
    case 'initramfs':
      return `Machine fetched everything in ${count} starts and its client never reported: the kernel does not run on it, or does not know its network card. Look at the machine’s screen.`
    default:
      return `Machine fetched the boot file in ${count} starts and never the kernel: Secure Boot refused it, or the boot file does not suit this firmware. Look at the machine’s screen.`
  }
}

/** It was under way, and nothing more was heard. */
function silenceSentence(machine: BootMachine, nowMs: number): string | null {
  const { state, fetching, brokenOff } = machine
  const quietMs = nowMs - machine.lastSeenAtMs
  const seconds = Math.floor(quietMs / 1000)
  if (fetching !== '' && quietMs > TIME_TO_GO_ON_MS)
    return `Machine stopped in the midst of ${fetching} ${seconds} s ago: it was switched off, or its cable or switch port is bad. Switch it off and on again.`
  if (!hasFetched(machine)) return null
  if (fetching === '' && brokenOff !== '' && quietMs > TIME_TO_GO_ON_MS)
    return `Machine broke ${brokenOff} off and asked for nothing in the ${seconds} s since: it was switched off, has too little memory, or its cable is bad. Look at its screen, then switch it off and on again.`
  if (state === 'bootFile' && quietMs > TIME_TO_NEXT_FILE_MS)
    return `Machine fetched the boot file and asked for no kernel in the ${seconds} s since: Secure Boot refused it, or it waits for a key. Look at the machine’s screen.`
  if (state === 'kernel' && quietMs > TIME_TO_NEXT_FILE_MS)
    return `Machine fetched the kernel and not the initial ramdisk in the ${seconds} s since: Secure Boot refused the kernel, or there is too little memory (1 GiB is enough). Look at the machine’s screen.`
  if (state !== 'initramfs' || quietMs <= TIME_TO_REPORT_MS) return null
  return machine.isLinuxUp
    ? `Machine runs the boot environment, and its client has not reported in the ${seconds} s since it got its address: a firewall of this computer keeps it out, or its clock or memory is broken. Permit Benchcast incoming connections on this card, and look at the machine’s screen.`
    : `Machine fetched everything and its client has not reported in the ${seconds} s since: the kernel does not run on it, or does not know its network card. Look at the machine’s screen.`
}

function refusalSentence({ refusal, firmware, mac }: BootMachine): string {
  switch (refusal) {
    case 'not admitted':
      return `Machine ${mac} asked to start and is not on the list of allowed machines. Add it, or allow unknown machines.`
    case 'pool empty':
      return 'Machine asked for an address, and none is left to give. Give this computer’s card a larger network, or wait until unused addresses fall free.'
    case 'no file':
    case 'own disk':
    case null:
      return `There is no boot file for this machine’s firmware (${firmware ?? 'of an unknown kind'}). Start it from a boot medium.`
  }
}

function plainSentence({ state, bootFile, fetching, refusal }: BootMachine): string {
  if (refusal === 'own disk') return 'Was imaged, and goes on to its own disk.'
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
