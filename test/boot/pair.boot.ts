/** Two machines of different kinds at once, in one session. */
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
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

const MIB = 1024 * 1024
const IMAGE_MIB = 40

let parts: BootParts
let bench: BootBench
beforeAll(async () => {
  parts = await readBootParts(findPartsDirectory())
})
beforeEach(async () => {
  bench = await openBootBench({ machines: 2, dhcp: 'server' })
})
afterEach(() => bench.close())

test(
  'a BIOS machine and one with Secure Boot are imaged by one session, and start from their disks',
  async () => {
    const image = path.join(bench.directory, 'image')
    const word = 'one image for both'
    writeDiskImage(image, parts, { word, sizeMib: IMAGE_MIB, seed: 5 })
    const both = (['bios', 'secureBoot'] as const).map((firmware, i) => {
      const disk = makeBlankDisk(bench, `disk-${firmware}`, (48 + 16 * i) * MIB)
      return { host: 1 + i, firmware, disk, memoryMib: 768 } as const
    })

    const machines = both.map(options => bench.turnOn({ ...options, startsFrom: 'network' }))
    await Promise.all(machines.map(machine => machine.says(/state ready/, 2 * LIMIT_MS)))
    const id = await bench.openSession(image)
    await bench.begin(id, machines)
    await bench.finish(machines)

    const counts = { joined: 2, verified: 2, failed: 0 }
    expect(await bench.session(id)).toMatchObject({ counts })
    for (const [i, machine] of machines.entries()) {
      await machine.says(/state done/, LIMIT_MS)
      await machine.photograph(path.join(PICTURES, `pair-${both[i]?.firmware}.png`))
      await machine.pullPlug()
    }
    for (const options of both) {
      expect(beginsWith(options.disk, image)).toBe(true)
      const started = bench.turnOn({ ...options, startsFrom: 'disk' })
      await started.says(new RegExp(word), LIMIT_MS)
      await started.pullPlug()
    }
  },
  4 * LIMIT_MS,
)
