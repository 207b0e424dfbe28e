/** From power-on to the client's screen, and on to a system of its own: real firmware, served by our own boot helper. */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { findPartsDirectory, readBootParts } from '../../electron/engine/boot/boot.ts'
import { importImage, makeDirectory, send, writeImage } from '../netns/commands.ts'
import { createLab, type Lab, type Running } from '../netns/harness.ts'
import { bootSector } from './bootSector.ts'
import { type BootMachine, type Firmware, startMachine } from './machine.ts'

const SERVE = path.join(import.meta.dirname, '../netns/bootServe.ts')
const PICTURES = path.join(import.meta.dirname, '../../test-results/boot')
const MIB = 1024 * 1024

/** Five times what machines alone on two cores take. */
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
  lab = createLab({ hosts: 2 })
})
afterEach(async () => {
  await machine?.pullPlug()
  machine = null
  lab.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

async function serveBoot(): Promise<Running> {
  const args = [SERVE, lab.host(0).address, 'server', findPartsDirectory()]
  const helper = lab.run(0, process.execPath, args)
  await vi.waitFor(() => expect(helper.stdout()).toContain('httpPort'), { timeout: 20_000 })
  return helper
}

/** Full of a pattern at its start, so that anything written there shows. */
function makeDisk(sizeBytes: number): { readonly file: string; isUntouched(): boolean } {
  const file = path.join(directory, 'disk')
  const pattern = Buffer.alloc(4 * MIB, 'nobody may write here ')
  fs.writeFileSync(file, pattern)
  fs.truncateSync(file, sizeBytes)
  const rest = Buffer.alloc(sizeBytes - pattern.length)
  const whole = Buffer.concat([pattern, rest])
  return { file, isUntouched: () => fs.readFileSync(file).equals(whole) }
}

// The floor of memory is tried where the loader needs most of it besides.
test.each<{ firmware: Firmware; memoryMib: number; lockdown: string }>([
  { firmware: 'bios', memoryMib: 512, lockdown: '[none]' },
  { firmware: 'secureBoot', memoryMib: 768, lockdown: '[integrity]' },
])(
  'a machine with $firmware shows itself as ready, and writes nothing',
  async ({ firmware, memoryMib, lockdown }) => {
    const helper = await serveBoot()
    const disk = makeDisk(64 * MIB)

    machine = startMachine(lab, {
      host: 1,
      firmware,
      directory,
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
    await machine.pullPlug()
    expect(disk.isUntouched()).toBe(true)
    const last = helper.stdout().trimEnd().split('\n').at(-1) ?? ''
    expect(last).toContain('"state":"initramfs"')
  },
  LIMIT_MS + 30_000,
)

test(
  'a machine with an empty disk is imaged by a session, and then starts from its disk',
  async () => {
    const image = path.join(directory, 'image')
    writeImage(image, 24 * MIB, 1)
    const fd = fs.openSync(image, 'r+')
    fs.writeSync(fd, bootSector('started from its own disk'))
    fs.closeSync(fd)
    const catalog = path.join(directory, 'catalog')
    const id = importImage(catalog, image)
    await serveBoot()
    const disk = path.join(directory, 'disk')
    fs.writeFileSync(disk, '')
    fs.truncateSync(disk, 64 * MIB)
    const options = { host: 1, firmware: 'bios', directory, disk, memoryMib: 768 } as const

    machine = startMachine(lab, { ...options, startsFrom: 'network' })
    await machine.says(/state ready/, LIMIT_MS)
    const sender = send(lab, catalog, id, ['--start-after', '1', '--rate', '100mbit'])
    await machine.says(/state done/, LIMIT_MS)
    await machine.photograph(path.join(PICTURES, 'done.png'))
    expect(machine.serial()).toContain('machine 1 code')
    expect((await sender.ended).code, sender.said()).toBe(0)
    await machine.pullPlug()
    const written = fs.readFileSync(disk).subarray(0, 24 * MIB)
    expect(written.equals(fs.readFileSync(image))).toBe(true)

    machine = startMachine(lab, { ...options, startsFrom: 'disk' })
    await machine.says(/started from its own disk/, LIMIT_MS)
  },
  2 * LIMIT_MS,
)
