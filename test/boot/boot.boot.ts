/** From power-on to the client's screen, served by our own boot helper, on real firmware. */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { findPartsDirectory, readBootParts } from '../../electron/engine/boot/boot.ts'
import { makeDirectory } from '../netns/commands.ts'
import { createLab, type Lab } from '../netns/harness.ts'
import { type BootMachine, type Firmware, startMachine } from './machine.ts'

const SERVE = path.join(import.meta.dirname, '../netns/bootServe.ts')
const PICTURES = path.join(import.meta.dirname, '../../test-results/boot')
const MIB = 1024 * 1024

/** Three times what an idle machine of two cores takes. */
const LIMIT_MS = 170_000

let directory: string
let lab: Lab
let machine: BootMachine | null = null

beforeAll(async () => {
  await readBootParts(findPartsDirectory()) // Says what to run where they are missing.
  fs.mkdirSync(PICTURES, { recursive: true })
})
beforeEach(() => {
  directory = makeDirectory()
})
afterEach(async () => {
  await machine?.pullPlug()
  machine = null
  lab.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

test.each<{ firmware: Firmware; lockdown: string }>([
  { firmware: 'bios', lockdown: '[none]' },
  { firmware: 'secureBoot', lockdown: '[integrity]' },
])(
  'a machine with $firmware and an empty disk shows itself as ready, and writes nothing',
  async ({ firmware, lockdown }) => {
    lab = createLab({ hosts: 2 })
    const helper = lab.run(0, process.execPath, [
      SERVE,
      lab.host(0).address,
      'server',
      findPartsDirectory(),
    ])
    await vi.waitFor(() => expect(helper.stdout()).toContain('httpPort'), { timeout: 20_000 })
    const disk = path.join(directory, 'disk')
    const pattern = Buffer.alloc(4 * MIB, 'nobody may write here ')
    fs.writeFileSync(disk, pattern)
    fs.truncateSync(disk, 64 * MIB)

    machine = startMachine(lab, { host: 1, firmware, directory, disk, memoryMib: 768 })
    await machine.says(/state ready/, LIMIT_MS)

    await machine.photograph(path.join(PICTURES, `${firmware}.png`))
    const said = machine.serial()
    expect(said).toContain(`started from ${machine.mac}`)
    expect(said).toContain(lockdown)
    expect(said).toMatch(/Disk vda: .*64 MiB, virtio/)
    await machine.pullPlug()
    expect(fs.readFileSync(disk).subarray(0, pattern.length).equals(pattern)).toBe(true)
    const last = helper.stdout().trimEnd().split('\n').at(-1) ?? ''
    expect(last).toContain('"state":"initramfs"')
  },
  LIMIT_MS + 30_000,
)
