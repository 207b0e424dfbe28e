/**
 * Each way from power-on to a machine that starts from its own disk: on an isolated bench, where we are the DHCP server,
 * and beside a plain one, where we are its proxy. It starts anew or turns itself off as its session says.
 */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type BootParts,
  findPartsDirectory,
  readBootParts,
} from '../../electron/engine/boot/boot.ts'
import {
  beginsWith,
  type BootBench,
  LIMIT_MS,
  makeBlankDisk,
  openBootBench,
  PICTURES,
} from './bootBench.ts'
import { writeDiskImage } from './diskImage.ts'
import type { Firmware } from './machine.ts'

const MIB = 1024 * 1024

let parts: BootParts
let bench: BootBench
beforeAll(async () => {
  parts = await readBootParts(findPartsDirectory()) // Says what to run where they are missing.
})
afterEach(() => bench.close())

interface Chain {
  readonly firmware: Firmware
  readonly row: { readonly firmware: string; readonly way: string }
  /** Said by the environment's kernel, and by the image's. */
  readonly lockdown: RegExp
  readonly isLocked: boolean
  /** The floor, where it is enough. */
  readonly memoryMib: number
}

const UEFI = { firmware: 'uefi-x64', way: 'pxe' }

const CHAINS: readonly Chain[] = [
  {
    firmware: 'bios',
    row: { firmware: 'bios', way: 'pxe' },
    lockdown: /lockdown \[none\]/,
    isLocked: false,
    memoryMib: 512,
  },
  { firmware: 'uefi', row: UEFI, lockdown: /lockdown \[none\]/, isLocked: false, memoryMib: 768 },
  {
    firmware: 'secureBoot',
    row: UEFI,
    lockdown: /\[integrity\]/,
    isLocked: true,
    memoryMib: 768,
  },
  {
    firmware: 'httpBoot',
    row: { firmware: 'uefi-x64', way: 'http' },
    lockdown: /\[integrity\]/,
    isLocked: true,
    memoryMib: 768,
  },
]

describe.each(['server', 'proxy'] as const)('with DHCP as %s', dhcp => {
  test.each(CHAINS)(
    'a machine with an empty disk ($firmware) is imaged, and starts from its disk',
    async ({ firmware, row, lockdown, isLocked, memoryMib }) => {
      // Its firmware goes to the network first: what starts anew asks there again, and is sent on.
      const afterwards = dhcp === 'server' || firmware === 'bios' ? 'reboot' : 'poweroff'
      bench = await openBootBench({ machines: 1, dhcp })
      const picture = (name: string): string =>
        path.join(PICTURES, `${firmware}-${dhcp}-${name}.png`)
      const image = path.join(bench.directory, 'image')
      writeDiskImage(image, parts, {
        word: `this is the disk of ${firmware}`,
        sizeMib: 40,
        seed: 1,
      })
      const disk = makeBlankDisk(bench, 'disk', 64 * MIB)
      const options = { host: 1, firmware, disk, memoryMib } as const

      const machine = bench.turnOn({ ...options, startsFrom: 'network' })
      await machine.says(/state ready/, LIMIT_MS)
      expect(machine.serial()).toMatch(lockdown)
      await machine.photograph(picture('ready'))
      expect(await bench.bootRow(machine)).toMatchObject({ ...row, isStuck: false, starts: 1 })
      expect((await bench.bootRow(machine))?.state).toMatch(/^(initramfs|up)$/)

      const session = await bench.openSession(image, { afterwards })
      await bench.begin(session, [machine])
      await bench.finish([machine])
      await machine.says(/state done/, LIMIT_MS)
      expect(await bench.session(session)).toMatchObject({ counts: { verified: 1, failed: 0 } })
      expect(await bench.receiver(machine)).toMatchObject({ afterwards })
      const log = await bench.log(machine)
      expect(log).toContain(`started from ${machine.mac}`)
      expect(log).toMatch(/Disk vda: .*64 MiB, virtio/)

      if (afterwards === 'poweroff') await machine.running.ended
      const started =
        afterwards === 'reboot' ? machine : bench.turnOn({ ...options, startsFrom: 'disk' })
      await started.says(new RegExp(`this is the disk of ${firmware}`), 2 * LIMIT_MS)
      await started.photograph(picture('own-disk'))
      expect(started.serial().includes('Kernel is locked down from EFI Secure Boot')).toBe(isLocked)
      if (afterwards === 'reboot') {
        const row = { state: 'refused', isStuck: false, starts: 2 }
        expect(await bench.bootRow(machine)).toMatchObject(row)
      }
      await started.pullPlug()
      expect(beginsWith(disk, image)).toBe(true)
      const rest = fs.readFileSync(disk).subarray(40 * MIB)
      expect(rest.equals(Buffer.alloc(rest.length))).toBe(true)
    },
    4 * LIMIT_MS,
  )
})
