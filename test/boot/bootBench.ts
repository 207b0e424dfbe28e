/**
 * A bench with machines: the engine as the window has it, with network boot and a session on one card, and machines with
 * real firmware on the same switch.
 */
import fs from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import type { Afterwards } from '../../shared/bench.ts'
import type { BootMachine as BootRow } from '../../shared/boot.ts'
import {
  BY_HAND,
  DEFAULT_POLICY,
  DEFAULT_RULES,
  type Receiver,
  type Session,
} from '../../shared/session.ts'
import { importImage, makeDirectory } from '../netns/commands.ts'
import { type EngineProcess, startEngine } from '../netns/engine.ts'
import { createLab, type Lab } from '../netns/harness.ts'
import { type BootMachine, macOf, type MachineOptions, startMachine } from './machine.ts'
import { startPlainDhcp } from './plainDhcp.ts'

export const PICTURES = path.join(import.meta.dirname, '../../test-results/boot')

/** Five times what a machine alone on two cores takes from power-on to its screen. */
export const LIMIT_MS = 170_000

const MIB = 1024 * 1024

export interface BootBenchOptions {
  /** They are hosts 1 and up. */
  readonly machines: number
  /** `proxy`: beside a plain DHCP server. `server`: alone. The engine has to find out which. */
  readonly dhcp: 'proxy' | 'server'
  /** A build of the boot environment; without it, the newest. */
  readonly parts?: string
}

export interface SessionOptions {
  readonly rateBitsPerSecond?: number
  readonly afterwards?: Afterwards
}

export interface BootBench {
  readonly lab: Lab
  /** Goes away with the bench. */
  readonly directory: string
  readonly engine: EngineProcess
  turnOn(options: Omit<MachineOptions, 'directory'>): BootMachine
  /** Of boot:view. */
  bootRow(machine: BootMachine): Promise<BootRow | undefined>
  receiver(machine: BootMachine): Promise<Receiver | undefined>
  /** Imports the image and opens its session; answers the session's id. */
  openSession(image: string, options?: SessionOptions): Promise<string>
  /** Waits until all of them have joined, then starts. */
  begin(sessionId: string, machines: readonly BootMachine[]): Promise<void>
  /** Waits until each has its target read back and matched. */
  finish(machines: readonly BootMachine[]): Promise<void>
  session(sessionId: string): Promise<Session | undefined>
  /** What the machine has told of itself, as the technician reads it. */
  log(machine: BootMachine): Promise<string>
  close(): Promise<void>
}

export async function openBootBench(options: BootBenchOptions): Promise<BootBench> {
  fs.mkdirSync(PICTURES, { recursive: true })
  const directory = makeDirectory()
  const catalog = path.join(directory, 'catalog')
  const dhcpHost = options.machines + 1
  const lab = createLab({ hosts: options.machines + (options.dhcp === 'proxy' ? 2 : 1) })
  const machines: BootMachine[] = []
  let engine: EngineProcess | null = null

  async function close(): Promise<void> {
    for (const machine of machines) await machine.pullPlug()
    await engine?.end()
    lab.remove()
    fs.rmSync(directory, { recursive: true, force: true })
  }

  try {
    if (options.dhcp === 'proxy') await startPlainDhcp(lab, dhcpHost)
    const built = options.parts === undefined ? {} : { BENCHCAST_BOOT_PARTS: options.parts }
    engine = await startEngine(lab, 0, catalog, built)
    const { call } = engine
    const opened = await call('boot:open', {
      nic: 'lan0',
      dhcp: 'auto',
      insists: false,
      machines: [],
      admitsUnknown: true,
      responseDelayMs: 0,
    })
    expect(opened.dhcp).toBe(options.dhcp)
    const receiver: BootBench['receiver'] = async machine =>
      (await call('session:receivers', null)).find(row => row.mac === machine.mac)
    const states = (all: readonly BootMachine[]): Promise<(string | undefined)[]> =>
      Promise.all(all.map(async machine => (await receiver(machine))?.state))
    return {
      lab,
      directory,
      engine,
      turnOn(machineOptions) {
        const own = path.join(directory, `machine${machineOptions.host}`)
        fs.mkdirSync(own, { recursive: true })
        const machine = startMachine(lab, { ...machineOptions, directory: own })
        machines.push(machine)
        return machine
      },
      bootRow: async machine =>
        (await call('boot:view', null)).machines.find(row => row.mac === machine.mac),
      receiver,
      async openSession(image, { rateBitsPerSecond = null, afterwards = 'stay' } = {}) {
        const imageId = importImage(catalog, image)
        const { id } = await call('session:open', {
          protocol: 'benchcast',
          imageId,
          nic: 'lan0',
          name: null,
          start: BY_HAND,
          rateBitsPerSecond,
          policy: DEFAULT_POLICY,
          delivery: 'multicast',
          // Beside another DHCP server, whoever is not listed has to be approved.
          rules: {
            ...DEFAULT_RULES,
            afterwards,
            machines: Array.from({ length: options.machines }, (_, i) => macOf(i + 1)),
            isConfirmed: true,
          },
        })
        return id
      },
      async begin(sessionId, all) {
        const areWaiting = async (): Promise<boolean> =>
          (await states(all)).every(state => state === 'receiving')
        await expect.poll(areWaiting, { timeout: LIMIT_MS, interval: 500 }).toBe(true)
        await call('session:startNow', { sessionId })
      },
      async finish(all) {
        const wanted = all.map(() => 'done')
        await expect.poll(() => states(all), { timeout: LIMIT_MS, interval: 500 }).toEqual(wanted)
      },
      session: async id => (await call('session:list', null)).find(row => row.id === id),
      async log(machine) {
        const { id: machineId } = (await receiver(machine)) ?? { id: '' }
        const lines = await call('bench:log', { machineId })
        return lines.map(line => line.text).join('\n')
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** A blank disk; answers its file. */
export function makeBlankDisk(bench: BootBench, name: string, sizeBytes: number): string {
  const file = path.join(bench.directory, name)
  fs.writeFileSync(file, '')
  fs.truncateSync(file, sizeBytes)
  return file
}

/** A disk full of a pattern, from its first byte to its last. */
export function makePatternDisk(
  bench: BootBench,
  sizeBytes: number,
): { readonly file: string; isUntouched(): boolean } {
  const file = path.join(bench.directory, 'pattern')
  // Its length divides no sector and no chunk: a block moved elsewhere shows as well.
  const pattern = Buffer.alloc(sizeBytes, 'nobody may write here. ')
  fs.writeFileSync(file, pattern)
  return { file, isUntouched: () => fs.readFileSync(file).equals(pattern) }
}

/** Whether a disk begins with the image, byte for byte. */
export function beginsWith(disk: string, image: string): boolean {
  const length = fs.statSync(image).size
  const [from, to] = [fs.openSync(disk, 'r'), fs.openSync(image, 'r')]
  try {
    for (let at = 0; at < length; at += MIB) {
      const [one, other] = [from, to].map(fd => {
        const piece = Buffer.alloc(Math.min(MIB, length - at))
        fs.readSync(fd, piece, 0, piece.length, at)
        return piece
      })
      if (!one || !other?.equals(one)) return false
    }
    return true
  } finally {
    for (const fd of [from, to]) fs.closeSync(fd)
  }
}
