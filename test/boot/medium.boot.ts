/** Machines that cannot start over the network: from a disc and from a stick, with a BIOS and under Secure Boot. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { BenchMachine } from '../../shared/bench.ts'
import { findPartsDirectory } from '../../electron/engine/boot/boot.ts'
import { writeImage } from '../netns/commands.ts'
import {
  beginsWith,
  type BootBench,
  LIMIT_MS,
  makeBlankDisk,
  makePatternDisk,
  openBootBench,
  PICTURES,
} from './bootBench.ts'
import { CLI } from '../built.ts'
import type { BootMachine, Medium } from './machine.ts'

const MIB = 1024 * 1024
const MEMORY_MIB = 768

let opened: BootBench | null = null
afterEach(async () => {
  await opened?.close()
  opened = null
})

async function openBench(dhcp: 'proxy' | 'server'): Promise<BootBench> {
  opened = await openBootBench({ machines: 1, dhcp })
  return opened
}

/** By the command, as a technician makes it. */
function makeMedium(bench: BootBench, kind: Medium['kind'], sender: string | null): Medium {
  const file = path.join(bench.directory, `${kind}.iso`)
  const more = sender === null ? [] : ['--sender', sender]
  const made = spawnSync(process.execPath, [CLI, 'boot-medium', '--to', file, ...more], {
    encoding: 'utf8',
    env: { ...process.env, BENCHCAST_BOOT_PARTS: findPartsDirectory() },
  })
  expect(made.status, made.stderr).toBe(0)
  return { kind, file }
}

async function rowOf(bench: BootBench, machine: BootMachine): Promise<BenchMachine | undefined> {
  const rows = await bench.engine.call('bench:list', null)
  return rows.find(row => row.mac === machine.mac)
}

async function isReady(bench: BootBench, machine: BootMachine): Promise<BenchMachine> {
  await machine.says(/state ready/, LIMIT_MS)
  const state = async (): Promise<string | undefined> => (await rowOf(bench, machine))?.state
  await expect.poll(state, { timeout: 20_000, interval: 250 }).toBe('ready')
  const row = await rowOf(bench, machine)
  if (row === undefined) throw new Error('its row has gone')
  return row
}

const keysOf = (address: string): string[] =>
  address.split('').map(letter => (letter === '.' ? 'dot' : letter))

test(
  'with a BIOS and a disc, a machine finds the bench by the address that is typed at its screen',
  async () => {
    const bench = await openBench('proxy')
    const medium = makeMedium(bench, 'disc', null)
    const disk = makePatternDisk(bench, 64 * MIB)
    const options = { host: 1, firmware: 'bios', disk: disk.file, memoryMib: MEMORY_MIB } as const
    const machine = bench.turnOn({ ...options, startsFrom: medium })
    await machine.says(/state looking for the bench/, LIMIT_MS)

    await machine.press(keysOf(bench.lab.host(0).address))
    await machine.photograph(path.join(PICTURES, 'mediumTyped.png'))
    await machine.press(['ret'])
    const row = await isReady(bench, machine)

    expect(row.hardware?.disks.map(each => each.name)).toEqual(['vda'])
    await machine.pullPlug()
    expect(disk.isUntouched()).toBe(true)
  },
  LIMIT_MS + 60_000,
)

test(
  'with a BIOS and a stick, a machine finds the bench by its announce, and leaves the stick alone',
  async () => {
    const bench = await openBench('proxy')
    const medium = makeMedium(bench, 'stick', null)
    const before = fs.readFileSync(medium.file)
    const image = path.join(bench.directory, 'image')
    writeImage(image, 8 * MIB, 1)
    const session = await bench.openSession(image)
    const options = { host: 1, firmware: 'bios', disk: null, memoryMib: MEMORY_MIB } as const
    const machine = bench.turnOn({ ...options, startsFrom: medium })

    // It has no disk but the stick, which does not say that it is removable.
    await machine.says(/state no disk to write/, LIMIT_MS)

    await machine.photograph(path.join(PICTURES, 'mediumStick.png'))
    const row = await rowOf(bench, machine)
    expect(row?.hardware?.disks).toMatchObject([{ bus: 'usb', isBootMedium: true }])
    expect((await bench.session(session))?.state).toBe('waiting')
    await machine.pullPlug()
    expect(fs.readFileSync(medium.file).equals(before)).toBe(true)
  },
  LIMIT_MS + 60_000,
)

test(
  'under Secure Boot and from a disc, a machine finds the bench that gave it its address',
  async () => {
    const bench = await openBench('server')
    const medium = { kind: 'disc', file: path.join(bench.directory, 'disc.iso') } as const
    const order = { toPath: medium.file, senderAddress: null }
    const { bytes } = await bench.engine.call('boot:medium', order)
    expect(fs.statSync(medium.file).size).toBe(bytes)
    const again = bench.engine.call('boot:medium', order)
    await expect(again).rejects.toThrow('already there')
    const disk = makePatternDisk(bench, 64 * MIB)
    const options = { firmware: 'secureBoot', disk: disk.file, memoryMib: MEMORY_MIB } as const
    const machine = bench.turnOn({ ...options, host: 1, startsFrom: medium })
    await isReady(bench, machine)
    await machine.photograph(path.join(PICTURES, 'mediumSecureBoot.png'))
    expect(machine.serial()).toContain('[integrity]')
    await machine.pullPlug()
    expect(disk.isUntouched()).toBe(true)
  },
  LIMIT_MS + 60_000,
)

test(
  'under Secure Boot and from a stick, a machine is imaged on its own disk and not on the stick',
  async () => {
    const bench = await openBench('proxy')
    const medium = makeMedium(bench, 'stick', bench.lab.host(0).address)
    const before = fs.readFileSync(medium.file)
    const disk = makeBlankDisk(bench, 'disk', 64 * MIB)
    const options = { host: 1, firmware: 'secureBoot', disk, memoryMib: MEMORY_MIB } as const
    const machine = bench.turnOn({ ...options, startsFrom: medium })
    const row = await isReady(bench, machine)
    const disks = row.hardware?.disks.map(({ bus, isBootMedium }) => [bus, isBootMedium])
    expect(disks).toEqual([
      ['usb', true],
      ['virtio', false],
    ])
    expect(machine.serial()).toContain('[integrity]')

    const image = path.join(bench.directory, 'image')
    writeImage(image, 24 * MIB, 1)
    const session = await bench.openSession(image)
    await bench.begin(session, [machine])
    await bench.finish([machine])
    await machine.pullPlug()

    expect(beginsWith(disk, image)).toBe(true)
    expect(fs.readFileSync(medium.file).equals(before)).toBe(true)
  },
  2 * LIMIT_MS,
)
