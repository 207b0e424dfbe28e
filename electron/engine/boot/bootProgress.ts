/**
 * How far each machine's start has come, from what the servers see of it. Pure: times are the events' own.
 *
 *   asked ──offered──▶ offered ──fetching boot file──▶ bootFile ──▶ kernel ──▶ initramfs ──client reports──▶ up
 *     ▲                                                                                                       │
 *     └────────────────────── asked anew, from any state: with what it fetched, a new start ──────────────────┘
 *   refused: asked, and told nothing (not admitted, no file, no address; or to start from its own disk)
 *
 * A machine is its MAC; TFTP and HTTP know addresses, which `addressed` ties to it. bootSentence.ts says it in words.
 */
import { BOOT_STATES, type BootState } from '../../../shared/boot.ts'
import type { BootEvent, BootPartName } from './bootEvent.ts'
import type { Firmware } from './firmware.ts'

export interface BootMachine {
  readonly mac: string
  readonly uuid: string | null
  readonly firmware: Firmware | null
  readonly way: 'pxe' | 'http'
  /** Who asked last: firmware's or our iPXE, or plain firmware. */
  readonly isIpxe: boolean
  /** Last known; of an earlier start too. */
  readonly address: string | null
  readonly state: BootState
  /** Null unless `refused`. */
  readonly refusal: Extract<BootEvent, { kind: 'refused' }>['reason'] | null
  readonly firstSeenAtMs: number
  readonly lastSeenAtMs: number
  /** Of this start: when each state was first reached. Unix ms. */
  readonly reachedAtMs: Readonly<Partial<Record<BootState, number>>>
  /** Times that it began to ask, since it last fetched anything. */
  readonly rounds: number
  /** Of the latest round: its number, whether the machine took an address, and when it was told what to start. */
  readonly xid: number
  readonly hasAddress: boolean
  readonly offeredAtMs: number | null
  /** Since first met: times it began anew after fetching something, questions, transfers broken off. */
  readonly starts: number
  readonly asks: number
  readonly aborts: number
  /** Starts in a row that fetched something and were begun anew before the client reported; and how far they came. */
  readonly vainStarts: number
  readonly vainState: BootState
  /** It asked for an address once more with all files fetched: Linux runs on it. */
  readonly isLinuxUp: boolean
  /** Told last; empty before. */
  readonly bootFile: string
  /** Being fetched now; empty between files. */
  readonly fetching: string
  /** Of this start: fetched last, and broken off since. Empty when nothing was. */
  readonly brokenOff: string
}

/** By MAC. */
export type BootProgress = ReadonlyMap<string, BootMachine>

/** A bench has fewer; of a flood the longest silent go, those that never fetched anything first. */
const MAX_MACHINES = 512
/** Firmware that numbers each repetition anew repeats soon; a new start takes longer. */
const SAME_ROUND_MS = 3_000

/** The same value when nothing changed. */
export function noteBootEvent(progress: BootProgress, event: BootEvent): BootProgress {
  const machine = machineOf(progress, event)
  if (!machine) return progress
  const next = after(machine, event)
  if (next === machine) return progress
  const all = new Map(progress)
  // An address has one machine.
  for (const other of progress.values()) {
    if (next.address !== null && other.address === next.address && other.mac !== next.mac)
      all.set(other.mac, { ...other, address: null })
  }
  all.set(next.mac, next)
  if (all.size > MAX_MACHINES) all.delete(leastOf(all, next.mac))
  return all
}

export function machineAt(progress: BootProgress, address: string): BootMachine | null {
  for (const machine of progress.values()) if (machine.address === address) return machine
  return null
}

/** It has fetched something in this start. */
export function hasFetched({ state }: BootMachine): boolean {
  return rank(state) >= rank('bootFile')
}

/** Null: the event is of nobody who was seen to start. Only asking and reporting make a machine known. */
function machineOf(progress: BootProgress, event: BootEvent): BootMachine | null {
  if (!('mac' in event)) return machineAt(progress, event.address)
  const known = progress.get(event.mac)
  if (known) return known
  if (event.kind !== 'asked' && event.kind !== 'up') return null
  return {
    mac: event.mac,
    uuid: event.uuid,
    firmware: null,
    way: 'pxe',
    isIpxe: false,
    address: null,
    state: 'asked',
    refusal: null,
    firstSeenAtMs: event.atMs,
    lastSeenAtMs: event.atMs,
    reachedAtMs: {},
    rounds: 0,
    xid: 0,
    hasAddress: false,
    offeredAtMs: null,
    starts: 0,
    asks: 0,
    aborts: 0,
    vainStarts: 0,
    vainState: 'asked',
    isLinuxUp: false,
    bootFile: '',
    fetching: '',
    brokenOff: '',
  }
}

function after(machine: BootMachine, event: BootEvent): BootMachine {
  const seen = { ...machine, lastSeenAtMs: Math.max(machine.lastSeenAtMs, event.atMs) }
  switch (event.kind) {
    case 'asked':
      return asked(machine, seen, event)
    case 'offered': {
      const told = { ...seen, bootFile: event.file, refusal: null, offeredAtMs: event.atMs }
      // iPXE that was fetched is told its script: the start goes on.
      return hasFetched(machine) ? told : reach(told, 'offered', event.atMs)
    }
    case 'refused':
      return hasFetched(machine)
        ? machine
        : { ...reach(seen, 'refused', event.atMs), refusal: event.reason }
    case 'addressed': {
      const isLinuxUp = machine.state === 'initramfs' && machine.fetching === ''
      return machine.address === event.address &&
        machine.hasAddress &&
        isLinuxUp === machine.isLinuxUp
        ? machine
        : { ...seen, address: event.address, hasAddress: true, isLinuxUp }
    }
    case 'fetching':
      return fetched(
        { ...seen, fetching: event.file, brokenOff: '', rounds: 0 },
        event.part,
        event.atMs,
      )
    case 'fetched':
      return fetched({ ...seen, fetching: '', brokenOff: '', rounds: 0 }, event.part, event.atMs)
    case 'aborted':
      return { ...seen, fetching: '', brokenOff: event.file, aborts: machine.aborts + 1 }
    case 'up': {
      const uuid = event.uuid ?? machine.uuid
      const here = { ...seen, uuid, address: event.address, hasAddress: true }
      const well = { fetching: '', brokenOff: '', rounds: 0, refusal: null, vainStarts: 0 }
      return reach({ ...here, ...well }, 'up', event.atMs)
    }
  }
}

function asked(
  before: BootMachine,
  seen: BootMachine,
  event: Extract<BootEvent, { kind: 'asked' }>,
): BootMachine {
  const { uuid, firmware, way, isIpxe, xid, atMs } = event
  const facts = { ...seen, uuid: uuid ?? before.uuid, firmware, way, isIpxe, asks: before.asks + 1 }
  const isRepeated =
    before.asks > 0 &&
    before.isIpxe === isIpxe &&
    (before.xid === xid || atMs - before.lastSeenAtMs < SAME_ROUND_MS)
  if (isRepeated && !hasFetched(before)) return facts
  // iPXE that this start fetched asks in its turn: no new start.
  if (before.state === 'bootFile' && isIpxe && !before.isIpxe) return { ...facts, xid }
  if (isRepeated && before.isIpxe && before.state === 'bootFile' && before.xid === xid) return facts
  const isNewStart = before.starts === 0 || hasFetched(before)
  const isInVain = hasFetched(before) && before.state !== 'up'
  const round: BootMachine = {
    ...facts,
    xid,
    rounds: before.rounds + 1,
    hasAddress: false,
    offeredAtMs: null,
    refusal: null,
    bootFile: '',
    fetching: '',
    brokenOff: '',
    isLinuxUp: false,
    vainStarts: before.vainStarts + (isInVain ? 1 : 0),
    vainState: isInVain ? before.state : before.vainState,
    starts: before.starts + (isNewStart ? 1 : 0),
    reachedAtMs: isNewStart ? {} : before.reachedAtMs,
  }
  return reach(round, 'asked', atMs)
}

/** A later part never takes a machine back: everything may be asked for again. */
function fetched(machine: BootMachine, part: BootPartName, atMs: number): BootMachine {
  // Firmware looks for other files than ours before it has the boot file, and finds none.
  if (part === 'other') return machine
  return rank(part) > rank(machine.state) ? reach(machine, part, atMs) : machine
}

function reach(machine: BootMachine, state: BootState, atMs: number): BootMachine {
  const first = machine.reachedAtMs[state] ?? atMs
  return { ...machine, state, reachedAtMs: { ...machine.reachedAtMs, [state]: first } }
}

function rank(state: BootState): number {
  return BOOT_STATES.indexOf(state)
}

function leastOf(all: BootProgress, kept: string): string {
  let least: BootMachine | null = null
  for (const machine of all.values()) {
    if (machine.mac === kept) continue
    const isLess =
      !least ||
      Number(hasFetched(machine)) < Number(hasFetched(least)) ||
      (hasFetched(machine) === hasFetched(least) && machine.lastSeenAtMs < least.lastSeenAtMs)
    if (isLess) least = machine
  }
  return least?.mac ?? kept
}
