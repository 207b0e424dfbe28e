/** How a machine looks and reads at every stage: starting over the network, waiting on the bench, in a session. Pure. */
import type { BenchMachine, Disk } from '../../../shared/bench.ts'
import { type BootMachine, type BootState, doesNotStart } from '../../../shared/boot.ts'
import type { Receiver } from '../../../shared/session.ts'
import { formatBytes } from '../../ui/format.ts'
import type { ShownMachine } from '../bench/bench.ts'
import { advice, isTrouble, look, type Look, type Phase, slowness } from './look.ts'

/** Order of a start, for the thin line under a starting machine. */
const STEPS: Readonly<Record<BootState, { readonly words: string; readonly step: number }>> = {
  asked: { words: 'Asks for an address', step: 1 },
  refused: { words: 'Not allowed to start', step: 1 },
  offered: { words: 'Was told what to start', step: 2 },
  bootFile: { words: 'Starts its loader', step: 3 },
  kernel: { words: 'Loads its system', step: 4 },
  initramfs: { words: 'Starts its system', step: 5 },
  up: { words: 'Connects to the bench', step: 6 },
}
const LAST_STEP = 6

export function lookAt(shown: ShownMachine, phase: Phase): Look {
  if (shown.receiver) {
    const seen = look(shown.receiver, phase)
    return isBack(shown, phase) ? { ...seen, words: 'Back on the bench', word: 'Back' } : seen
  }
  if (shown.machine) return lookOfWaiting(shown.machine)
  if (shown.boot) return lookOfStart(shown.boot)
  throw new Error('A machine is shown of which nothing is known.')
}

/** Lost to its session, and up: it says itself what it waits for. */
function isBack({ receiver, machine }: ShownMachine, phase: Phase): boolean {
  return (
    phase !== 'ended' && receiver?.state === 'lost' && machine !== null && machine.state !== 'gone'
  )
}

function lookOfWaiting(machine: BenchMachine): Look {
  switch (machine.state) {
    case 'ready':
      return { tone: 'idle', words: 'On the bench', word: 'Ready', fraction: 0 }
    case 'busy':
      return { tone: 'active', words: 'Busy', word: 'Busy', fraction: 0 }
    case 'gone':
      return { tone: 'warn', words: 'No longer heard', word: 'Gone', fraction: 0 }
  }
}

function lookOfStart(boot: BootMachine): Look {
  const { words, step } = STEPS[boot.state]
  const fraction = step / LAST_STEP
  if (doesNotStart(boot)) {
    return { tone: 'warn', words: boot.isStuck ? 'Does not start' : words, word: 'Stuck', fraction }
  }
  return { tone: 'idle', words, word: 'Starting', fraction }
}

/** What to do about it, as a sentence; empty when nothing is wrong. */
export function adviceAt(shown: ShownMachine, phase: Phase): string {
  const { receiver, machine, boot } = shown
  if (receiver && isBack(shown, phase)) return machine?.sentence || IS_BACK
  if (receiver) return advice(receiver, phase)
  if (machine) return machine.state === 'gone' ? machine.sentence : ''
  return boot && doesNotStart(boot) ? boot.sentence : ''
}

const IS_BACK = 'It answers again, and goes on by itself.'

/** The sentence of a tile where nothing is wrong; empty where figures say more. */
export function remarkAt({ receiver, machine, boot }: ShownMachine): string {
  if (receiver) return slowness(receiver)
  return machine?.sentence ?? boot?.sentence ?? ''
}

export function isTroubled(shown: ShownMachine): boolean {
  return shown.receiver ? isTrouble(shown.receiver) : adviceAt(shown, 'running') !== ''
}

export type Order = 'number' | 'attention' | 'progress'
export type Filter = 'all' | 'active' | 'trouble' | 'done'

export function isIn(shown: ShownMachine, filter: Filter): boolean {
  switch (filter) {
    case 'all':
      return true
    case 'active':
      return shown.receiver === null
        ? !isTroubled(shown)
        : ['joining', 'asking', 'receiving', 'verifying'].includes(shown.receiver.state)
    case 'trouble':
      return isTroubled(shown)
    case 'done':
      return shown.receiver?.state === 'done'
  }
}

/** Sorting is stable: equals stay in the order of the bench, numbered ones first. */
export function compareShown(order: Order): (a: ShownMachine, b: ShownMachine) => number {
  return (a, b) => {
    if (order === 'attention') return Number(isTroubled(b)) - Number(isTroubled(a))
    if (order === 'progress') return progress(a.receiver) - progress(b.receiver)
    return 0
  }
}

function progress(receiver: Receiver | null): number {
  if (receiver === null) return -1
  return receiver.totalBytes === 0 ? 1 : receiver.haveBytes / receiver.totalBytes
}

/** What stands on its tile for who it is. */
export interface Identity {
  readonly name: string
  readonly code: string
  readonly address: string
  readonly model: string
  readonly serial: string
  readonly mac: string
}

const FIRMWARE = {
  bios: 'BIOS',
  'uefi-ia32': 'UEFI, 32 bit',
  'uefi-x64': 'UEFI',
  'uefi-arm32': 'UEFI, ARM 32 bit',
  'uefi-arm64': 'UEFI, ARM',
} as const

export function identityOf({ receiver, machine, boot }: ShownMachine): Identity {
  const known = receiver ?? machine
  const start =
    boot === null
      ? ''
      : `${boot.firmware === null ? 'Unknown firmware' : FIRMWARE[boot.firmware]}, ${boot.way === 'http' ? 'HTTP' : 'PXE'}`
  return {
    name: known?.name || known?.address || boot?.mac || '',
    code: machine?.code ?? '',
    address: known?.address ?? boot?.address ?? '',
    model: known?.model || start,
    serial: known?.serial ?? '',
    mac: known?.mac || boot?.mac || '',
  }
}

/** "Samsung SSD 980, 256 GB": as disks are sold and labelled. */
export function diskName(disk: Pick<Disk, 'name' | 'model' | 'sizeBytes'>): string {
  return `${disk.model || disk.name}, ${formatBytes(disk.sizeBytes)}`
}

/** What would be lost, in one line, what people keep first. */
export function contentWords(content: readonly string[]): string {
  if (content.length === 0) return 'Blank'
  const { table, parts } = contentOf(content)
  const inOrder = parts.toSorted((a, b) => Number(isKept(b)) - Number(isKept(a)))
  return inOrder.join(', ') || table.toUpperCase()
}

/** What would be lost in a word or two: a name that people know, else a kind of file system. */
export function contentWord(content: readonly string[]): string {
  if (content.length === 0) return 'Blank disk'
  const parts = contentOf(content).parts.map(part => part.replace(NAMES_OF_ALL, '').trim())
  const kept = parts.filter(isKept)
  const name = kept.map(part => /"(.+)"/.exec(part)?.[1]).find(found => found !== undefined)
  const kind = (kept[0] ?? parts[0])?.replace(/^ntfs$/, 'NTFS')
  return `Has ${name ?? kind ?? 'partitions'}`
}

/** Names that partitioning programs give to every part of a kind. */
const NAMES_OF_ALL = /"(?:basic data partition|linux filesystem|primary)"/i
/** As blkid(8) calls kinds of partition tables. */
const TABLE = /^(?:gpt|dos|mac|bsd|sun|sgi|atari)\b/

/** Each line begins with the disk's or the part's own name; the table of its parts is one of them. */
function contentOf(content: readonly string[]): { table: string; parts: string[] } {
  const kinds = content.map(line => line.replace(/^[a-z0-9]+: /, ''))
  return {
    table: kinds.find(kind => TABLE.test(kind)) ?? '',
    parts: kinds.filter(kind => !TABLE.test(kind)),
  }
}

/** Nobody keeps anything on what firmware and paging use. */
function isKept(part: string): boolean {
  return !/^(?:vfat|swap)\b/.test(part)
}
