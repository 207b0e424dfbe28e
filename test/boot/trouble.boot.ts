/** What goes wrong on a bench: power that fails, a disk that is too small, a session that nobody starts. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type BootParts,
  findPartsDirectory,
  readBootParts,
} from '../../electron/engine/boot/boot.ts'
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
import { writeDiskImage } from './diskImage.ts'

const MIB = 1024 * 1024
const MACHINE = { host: 1, firmware: 'bios', startsFrom: 'network', memoryMib: 768 } as const
/** What an emulated machine keeps up with: the power then fails at 60 % of a transfer, and not in a thicket of repairs. */
const RATE_BITS_PER_SECOND = 24e6
/** Long after a client that means to write would have begun. */
const WAIT_MS = 5_000

let parts: BootParts
let bench: BootBench
beforeAll(async () => {
  parts = await readBootParts(findPartsDirectory())
})
beforeEach(async () => {
  bench = await openBootBench({ machines: 1, dhcp: 'server' })
})
afterEach(() => bench.close())

test(
  'a machine whose power fails at 60 % takes only the rest when it is turned on again',
  async () => {
    const image = path.join(bench.directory, 'image')
    const word = 'whole after all'
    writeDiskImage(image, parts, { word, sizeMib: 132, seed: 2 })
    const disk = makeBlankDisk(bench, 'disk', 160 * MIB)
    const machine = bench.turnOn({ ...MACHINE, disk })
    await machine.says(/state ready/, LIMIT_MS)
    const id = await bench.openSession(image, { rateBitsPerSecond: RATE_BITS_PER_SECOND })
    await bench.begin(id, [machine])
    const share = async (state: string): Promise<number> => {
      const row = await bench.receiver(machine)
      return row?.state === state ? row.haveBytes / row.totalBytes : 0
    }
    const often = { timeout: LIMIT_MS, interval: 100 }

    await expect.poll(() => share('receiving'), often).toBeGreaterThan(0.6)
    await machine.pullPlug()
    const lost = async (): Promise<string | undefined> => (await bench.receiver(machine))?.state
    await expect.poll(lost, often).toBe('lost')
    const before = await bench.session(id)
    expect(before).toMatchObject({ state: 'running', counts: { verified: 0, lost: 1 } })
    const again = bench.turnOn({ ...MACHINE, disk })
    await again.says(/state ready/, LIMIT_MS)
    let kept = 0
    await expect.poll(async () => (kept = await share('receiving')), often).toBeGreaterThan(0)
    await bench.finish([again])

    // A device is synced every 32 MiB; what was not yet is lost with the power. Nothing that it holds is taken again.
    expect(kept).toBeGreaterThan(0.4)
    const after = await bench.session(id)
    expect(after?.storedBytes).toBeGreaterThan(110 * MIB)
    expect(after).toMatchObject({ counts: { joined: 1, verified: 1, failed: 0 } })
    await again.pullPlug()
    expect(beginsWith(disk, image)).toBe(true)
    const started = bench.turnOn({ ...MACHINE, disk, startsFrom: 'disk' })
    await started.says(new RegExp(word), LIMIT_MS)
  },
  3 * LIMIT_MS,
)

test(
  'a disk that is 1 MiB too small is refused, and every byte of it is as it was',
  async () => {
    const image = path.join(bench.directory, 'image')
    writeImage(image, 48 * MIB, 3)
    const disk = makePatternDisk(bench, 47 * MIB)
    const machine = bench.turnOn({ ...MACHINE, disk: disk.file })
    await machine.says(/state ready/, LIMIT_MS)

    const id = await bench.openSession(image)
    const state = async (): Promise<string | undefined> => (await bench.receiver(machine))?.state
    await expect.poll(state, { timeout: LIMIT_MS }).toBe('refused')
    expect((await bench.receiver(machine))?.fault).toMatchObject({ code: 'disk/too-small' })
    await bench.engine.call('session:startNow', { sessionId: id })
    await sleep(WAIT_MS)

    await machine.photograph(path.join(PICTURES, 'too-small.png'))
    await machine.pullPlug()
    expect(disk.isUntouched()).toBe(true)
  },
  2 * LIMIT_MS,
)

test(
  'a session that has not been started writes nothing, not a byte',
  async () => {
    const image = path.join(bench.directory, 'image')
    writeImage(image, 48 * MIB, 4)
    const disk = makePatternDisk(bench, 64 * MIB)
    const machine = bench.turnOn({ ...MACHINE, disk: disk.file })
    await machine.says(/state ready/, LIMIT_MS)

    const id = await bench.openSession(image)
    const state = async (): Promise<string | undefined> => (await bench.receiver(machine))?.state
    await expect.poll(state, { timeout: LIMIT_MS }).toBe('receiving')
    await sleep(WAIT_MS)
    expect(await bench.session(id)).toMatchObject({ state: 'waiting', counts: { joined: 1 } })

    await machine.photograph(path.join(PICTURES, 'not-started.png'))
    await machine.pullPlug()
    expect(disk.isUntouched()).toBe(true)
  },
  2 * LIMIT_MS,
)
