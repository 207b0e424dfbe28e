/** The two quickest starts, of which `npm test` takes care too: a machine shows itself, and its disk stays as it was. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BootBench, LIMIT_MS, makePatternDisk, openBootBench, PICTURES } from './bootBench.ts'
import type { Firmware } from './machine.ts'

const MIB = 1024 * 1024
/** Long after a client that means to write would have begun. */
const WAIT_MS = 3_000

let bench: BootBench
beforeEach(async () => {
  bench = await openBootBench({ machines: 1, dhcp: 'server' })
})
afterEach(() => bench.close())

// The floor of memory is tried where the loader needs most of it besides.
test.each<{ firmware: Firmware; memoryMib: number; lockdown: string; row: string }>([
  { firmware: 'bios', memoryMib: 512, lockdown: '[none]', row: 'bios' },
  { firmware: 'secureBoot', memoryMib: 768, lockdown: '[integrity]', row: 'uefi-x64' },
])(
  'a machine ($firmware) shows itself as ready, and nobody writes to its disk',
  async ({ firmware, memoryMib, lockdown, row }) => {
    const disk = makePatternDisk(bench, 64 * MIB)

    const machine = bench.turnOn({
      host: 1,
      firmware,
      disk: disk.file,
      startsFrom: 'network',
      memoryMib,
    })
    await machine.says(/state ready/, LIMIT_MS)

    await machine.photograph(path.join(PICTURES, `${firmware}.png`))
    const said = machine.serial()
    expect(said).toContain(`started from ${machine.mac}`)
    expect(said).toContain(lockdown)
    expect(said).toMatch(/Disk vda: .*64 MiB, virtio/)
    expect(await bench.bootRow(machine)).toMatchObject({ firmware: row, way: 'pxe', starts: 1 })
    await sleep(WAIT_MS)
    await machine.pullPlug()
    expect(disk.isUntouched()).toBe(true)
  },
  LIMIT_MS + 30_000,
)
