/** From facts about this computer to what the technician is told. Pure. */
import type { Nic } from '../../../shared/ipc.ts'
import type { LaptopNotice } from '../../../shared/laptop.ts'
import type { Session } from '../../../shared/session.ts'
import type { Power } from './power.ts'

export interface LaptopFacts {
  /** Null: no battery, or nothing known of one. */
  readonly power: Power | null
  /** Of the disk that holds the catalog; null where it cannot be told. */
  readonly freeBytes: number | null
  readonly catalogDirectory: string
  readonly nics: readonly Nic[]
  readonly sessions: readonly Session[]
}

/** About half an hour on most laptops: time to fetch the power supply. */
const LOW_CHARGE = 0.2
/** Systems put themselves to sleep at some 5 %, and nothing that a program holds against it counts then. */
const EMPTY_CHARGE = 0.1
/** The next image likely does not fit. */
const LOW_BYTES = 5 * 2 ** 30
/** The catalog's database, too, writes while a session runs. */
const FULL_BYTES = 2 ** 29

export function noticesFrom(facts: LaptopFacts): LaptopNotice[] {
  const notices = [
    ...batteryNotices(facts.power),
    ...cardNotices(facts),
    ...diskNotices(facts),
    ...vpnNotices(facts),
  ]
  const isFault = (notice: LaptopNotice): boolean => notice.severity === 'fault'
  return [...notices.filter(isFault), ...notices.filter(notice => !isFault(notice))]
}

function batteryNotices(power: Power | null): LaptopNotice[] {
  if (power === null || !power.isDischarging || power.charge > LOW_CHARGE) return []
  return [
    {
      code: 'laptop/battery-low',
      severity: power.charge <= EMPTY_CHARGE ? 'fault' : 'warning',
      sentence: `This computer’s battery is at ${Math.floor(power.charge * 100)} %.`,
      advice: 'Plug in its power supply: when it goes to sleep, every machine waits.',
    },
  ]
}

function diskNotices({ freeBytes, catalogDirectory }: LaptopFacts): LaptopNotice[] {
  if (freeBytes === null || freeBytes >= LOW_BYTES) return []
  const gib = (freeBytes / 2 ** 30).toFixed(1)
  return [
    {
      code: 'laptop/disk-low',
      severity: freeBytes < FULL_BYTES ? 'fault' : 'warning',
      sentence: `Only ${gib} GiB are free on the disk that holds the catalog, ${catalogDirectory}.`,
      advice: 'Remove images that are no longer needed, or make room on that disk.',
    },
  ]
}

/** Cards that open sessions hang on. A rehearsal's loopback is meant to be virtual. */
function cardNotices({ nics, sessions }: LaptopFacts): LaptopNotice[] {
  const used = sessions.filter(isOpen).map(session => session.nic)
  return [...new Set(used)].flatMap(name => {
    const nic = nics.find(one => one.name === name)
    return nic?.kind === 'loopback' ? [] : cardNotice(name, nic)
  })
}

function cardNotice(name: string, nic: Nic | undefined): LaptopNotice[] {
  const lost = (sentence: string, advice: string): LaptopNotice[] => [
    { code: 'laptop/card-lost', severity: 'fault', sentence, advice },
  ]
  if (!nic) {
    return lost(
      `Network card ${name}, which carries the session, is gone.`,
      'Plug its adapter in again; the session goes on by itself.',
    )
  }
  if (nic.state === 'no-link') {
    return lost(
      `Network card ${name}, which carries the session, lost its link.`,
      'Plug the cable in again, and check that the switch has power; the session goes on by itself.',
    )
  }
  if (nic.state === 'down') {
    return lost(
      `Network card ${name}, which carries the session, was switched off.`,
      'Switch it on in the system’s network settings; the session goes on by itself.',
    )
  }
  if (nic.address === null) {
    return lost(
      `Network card ${name}, which carries the session, lost its address.`,
      'Give it the same address again in the system’s network settings.',
    )
  }
  if (nic.kind !== 'vpn' && nic.kind !== 'virtual') return []
  return [
    {
      code: 'laptop/card-virtual',
      severity: 'warning',
      sentence: `The session is on ${name}, which is ${nic.kind === 'vpn' ? 'a VPN or tunnel' : 'a virtual card'}.`,
      advice: 'Machines on a bench are not behind it: open the session on a wired card.',
    },
  ]
}

/** One that takes all traffic takes the machines' answers too. */
function vpnNotices({ nics, sessions }: LaptopFacts): LaptopNotice[] {
  const used = new Set(sessions.filter(isOpen).map(session => session.nic))
  return nics
    .filter(nic => nic.kind === 'vpn' && nic.state === 'up' && nic.address !== null)
    .filter(nic => !used.has(nic.name))
    .map(nic => ({
      code: 'laptop/vpn',
      severity: 'warning',
      sentence: `A VPN or tunnel is on: ${nic.name}.`,
      advice: 'If machines do not appear, switch it off: many take the bench’s traffic with them.',
    }))
}

function isOpen(session: Session): boolean {
  return session.state === 'waiting' || session.state === 'running' || session.state === 'paused'
}
