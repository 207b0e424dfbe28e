/** Machines in the boot environment and their bench: seen before any session, sent, approved, confirmed, written, gone. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { BenchMachine } from '../../shared/bench.ts'
import {
  BY_HAND,
  DEFAULT_POLICY,
  DEFAULT_RULES,
  type Receiver,
  type Rules,
  type Session,
} from '../../shared/session.ts'
import { BENCH_PORT } from '../../shared/protocol/limits.ts'
import { importImage, makeDirectory, writeImage } from './commands.ts'
import { type DiskMachine, isPattern, turnOnMachine } from './diskMachine.ts'
import { type EngineProcess, startEngine } from './engine.ts'
import { createLab, type Lab } from './harness.ts'

const MIB = 1024 * 1024
const IMAGE_BYTES = 24 * MIB
const WAIT = { timeout: 30_000, interval: 200 }

let directory: string
let lab: Lab
let engine: EngineProcess
let catalog: string
let imageId: string
let machines: DiskMachine[]

beforeEach(async () => {
  directory = makeDirectory()
  machines = []
  const image = path.join(directory, 'image')
  writeImage(image, IMAGE_BYTES, 1)
  catalog = path.join(directory, 'catalog')
  imageId = importImage(catalog, image)
  lab = createLab({ hosts: 3 })
  engine = await startEngine(lab, 0, catalog)
})
afterEach(async () => {
  await engine.end()
  lab.remove()
  for (const machine of machines) machine.detach()
  fs.rmSync(directory, { recursive: true, force: true })
})

function turnOn(host: number, disks: Readonly<Record<string, number>>): DiskMachine {
  const machine = turnOnMachine(lab, directory, host, disks)
  machines.push(machine)
  return machine
}

async function openSession(rules: Partial<Rules>, rate: number | null = null): Promise<Session> {
  return await engine.call('session:open', {
    protocol: 'benchcast',
    imageId,
    nic: 'lan0',
    name: null,
    start: BY_HAND,
    rateBitsPerSecond: rate,
    policy: DEFAULT_POLICY,
    delivery: 'multicast',
    rules: { ...DEFAULT_RULES, ...rules },
  })
}

async function benchRow({ address }: DiskMachine): Promise<BenchMachine | undefined> {
  return (await engine.call('bench:list', null)).find(row => row.address === address)
}

async function receiverRow({ address }: DiskMachine): Promise<Receiver | undefined> {
  return (await engine.receivers()).find(row => row.address === address)
}

const stateOf = async (machine: DiskMachine): Promise<string | undefined> =>
  (await receiverRow(machine))?.state

function startOf(file: string): Buffer {
  return fs.readFileSync(file).subarray(0, IMAGE_BYTES)
}

function expectUntouched(file: string): void {
  const bytes = startOf(file)
  expect(isPattern(bytes), `${file} was written`).toBe(true)
}

test('a listed machine and a stranger: one joins, one asks; nothing is written before it is confirmed; both end as told', async () => {
  const mac = lab.run(1, 'ip', ['-o', 'link', 'show', 'lan0'])
  await mac.ended
  const listed = /ether ([0-9a-f:]{17})/.exec(mac.stdout())?.[1] ?? ''
  const rules = { target: 'smallest', afterwards: 'poweroff', approvesUnknown: true } as const
  const session = await openSession({ ...rules, machines: [listed] }, 60_000_000)
  const friend = turnOn(1, { sda: 64 * MIB, nvme0n1: 32 * MIB })
  const stranger = turnOn(2, { vda: 32 * MIB })

  await expect.poll(() => stateOf(friend), WAIT).toBe('receiving')
  await expect.poll(() => stateOf(stranger), WAIT).toBe('asking')
  expect(await benchRow(friend)).toMatchObject({
    mac: listed,
    state: 'busy',
    sessionId: session.id,
    hardware: { disks: [{ name: 'nvme0n1', bus: 'nvme' }, { name: 'sda' }] },
  })
  const row = await receiverRow(friend)
  expect(row).toMatchObject({
    number: (await benchRow(friend))?.number,
    target: {
      path: path.join(directory, 'machine1/dev/nvme0n1'),
      kind: 'device',
      disk: { model: 'Disk nvme0n1', serial: 'serial-nvme0n1', bus: 'nvme' },
    },
  })
  expect(friend.running.stdout()).toContain(`Machine ${row?.number}`)
  expect((await engine.session()).counts).toMatchObject({ joined: 2, asking: 1 })

  await engine.call('session:startNow', { sessionId: session.id })
  await sleep(1_000)
  expect(await engine.session()).toMatchObject({
    state: 'waiting',
    needsConfirmation: true,
    waitingFor: expect.stringContaining('confirmation that 1 disk may be overwritten'),
    asksBecause: expect.stringContaining('approval'),
  })
  for (const file of Object.values(friend.files)) expectUntouched(file)

  await engine.call('session:confirm', { sessionId: session.id })
  await expect.poll(async () => (await receiverRow(friend))?.haveBytes, WAIT).toBeGreaterThan(0)
  expect(await stateOf(stranger)).toBe('asking')
  expectUntouched(stranger.files['vda'] ?? '')
  const { id } = (await receiverRow(stranger)) as Receiver
  await engine.call('session:approve', { sessionId: session.id, receiverId: id })

  for (const machine of [friend, stranger]) {
    await expect.poll(() => stateOf(machine), WAIT).toBe('done')
    await expect.poll(async () => (await receiverRow(machine))?.afterwards, WAIT).toBe('poweroff')
    expect(await machine.running.ended, machine.running.stderr()).toMatchObject({ code: 0 })
    expect(machine.running.stdout()).toContain('ending poweroff')
  }
  const image = fs.readFileSync(path.join(directory, 'image'))
  expect(startOf(friend.files['nvme0n1'] ?? '').equals(image)).toBe(true)
  expect(startOf(stranger.files['vda'] ?? '').equals(image)).toBe(true)
  expectUntouched(friend.files['sda'] ?? '')
  await expect.poll(async () => (await benchRow(friend))?.state, WAIT).toBe('gone')
  const lines = await engine.call('bench:log', { machineId: (await benchRow(friend))?.id ?? '' })
  expect(lines.map(line => line.text).join('\n')).toMatch(/card lan0[^]*state done/)

  // Once a day and card is enough.
  const next = await openSession({ target: 'smallest' })
  expect(next.needsConfirmation).toBe(false)
}, 120_000)

test('a disk is chosen by hand, and another before the start; the engine dies, and every machine keeps its number', async () => {
  const session = await openSession({ target: 'byHand', isConfirmed: true })
  const first = turnOn(1, { sda: 32 * MIB, sdb: 32 * MIB })
  await expect
    .poll(async () => (await benchRow(first))?.sentence, WAIT)
    .toContain('chooses the disk')
  const second = turnOn(2, { sda: 32 * MIB, sdb: 8 * MIB })
  await expect
    .poll(async () => (await benchRow(second))?.sentence, WAIT)
    .toContain('chooses the disk')
  const [one, two] = [
    (await benchRow(first)) as BenchMachine,
    (await benchRow(second)) as BenchMachine,
  ]
  expect([one.number, two.number]).toEqual([1, 2])
  expect(await engine.receivers()).toEqual([])

  await engine.call('bench:chooseDisk', { machineId: one.id, disk: 'sda' })
  await expect.poll(async () => (await receiverRow(first))?.target.path, WAIT).toMatch(/sda$/)
  await engine.call('bench:chooseDisk', { machineId: one.id, disk: 'sdb' })
  await expect.poll(async () => (await receiverRow(first))?.target.path, WAIT).toMatch(/sdb$/)
  await expect.poll(() => stateOf(first), WAIT).toBe('receiving')
  // Too small, though chosen by hand: refused before the first write, with the reason.
  await engine.call('bench:chooseDisk', { machineId: two.id, disk: 'sdb' })
  await expect.poll(() => stateOf(second), WAIT).toBe('refused')
  expect((await receiverRow(second))?.fault?.code).toBe('disk/too-small')
  await expect(engine.call('bench:chooseDisk', { machineId: one.id, disk: 'sdz' })).rejects.toThrow(
    /no disk sdz/,
  )

  await engine.kill()
  engine = await startEngine(lab, 0, catalog)
  expect(await engine.session()).toMatchObject({ id: session.id, state: 'interrupted' })
  await engine.call('session:continue', { sessionId: session.id })
  await expect.poll(async () => (await benchRow(second))?.number, WAIT).toBe(two.number)
  await expect.poll(async () => (await benchRow(first))?.number, WAIT).toBe(one.number)
  // The choice died with the engine, and is not guessed: it is made once more, unless the session hears from the machine
  // before the bench does.
  const asksForDisk = async (): Promise<boolean> =>
    (await benchRow(first))?.sentence.includes('chooses the disk') === true
  const isAtWork = async (): Promise<boolean> =>
    ['receiving', 'verifying', 'done'].includes((await stateOf(first)) ?? '')
  await expect.poll(async () => (await asksForDisk()) || (await isAtWork()), WAIT).toBe(true)
  if (!(await isAtWork())) {
    await engine.call('bench:chooseDisk', { machineId: one.id, disk: 'sdb' })
  }
  await expect.poll(() => stateOf(first), WAIT).toBe('done')
  expect((await receiverRow(first))?.number).toBe(one.number)
  const image = fs.readFileSync(path.join(directory, 'image'))
  expect(startOf(first.files['sdb'] ?? '').equals(image)).toBe(true)
  expectUntouched(first.files['sda'] ?? '')
  for (const file of Object.values(second.files)) expectUntouched(file)

  // It stays, and holds the image by now: the next session has nothing to send to it.
  await expect.poll(async () => (await engine.session()).state, WAIT).toBe('ended')
  await engine.call('session:dismiss', { sessionId: session.id })
  await engine.call('bench:chooseDisk', { machineId: one.id, disk: 'sdb' })
  const refresh = await openSession({ target: 'byHand', isConfirmed: true })
  await expect.poll(() => stateOf(first), WAIT).toBe('receiving')
  await engine.call('session:startNow', { sessionId: refresh.id })
  await expect.poll(() => stateOf(first), WAIT).toBe('done')
  expect((await engine.session()).sentBytes).toBeLessThan(IMAGE_BYTES / 20)
}, 120_000)

test('where something else sits at the bench link and says nothing, a machine goes by the announce', async () => {
  const silent = `require('node:net').createServer().listen(${BENCH_PORT}, '${lab.host(0).address}', () => console.log('here'))`
  const squatter = lab.run(0, process.execPath, ['-e', silent])
  await expect.poll(() => squatter.stdout(), WAIT).toContain('here')
  const session = await openSession({ isConfirmed: true, afterwards: 'poweroff' })
  const machine = turnOn(1, { sda: 32 * MIB })
  await expect.poll(() => stateOf(machine), WAIT).toBe('receiving')
  expect((await benchRow(machine))?.hardware).toBeNull()
  await engine.call('session:startNow', { sessionId: session.id })
  await expect.poll(() => stateOf(machine), WAIT).toBe('done')
  expect(await machine.running.ended).toMatchObject({ code: 0 })
  expect(machine.running.stdout()).toContain('ending poweroff')
}, 90_000)
