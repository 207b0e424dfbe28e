/** Who may take part, with the real engine, the loopback card and real receivers that write files. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { receive, type ReceiveResult } from '../../client/client.ts'
import { BY_HAND, DEFAULT_POLICY, DEFAULT_RULES, type Rules } from '../../shared/session.ts'
import { type Engine, openEngine } from './engine.ts'

let directory: string
let engine: Engine
let imageId: string
let stop: AbortController
let name: string
const content = Buffer.concat([randomBytes(2_000_000), Buffer.alloc(3_000_000)])
const WAIT = { timeout: 10_000 }

beforeEach(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-admission-'))
  engine = await openEngine({ catalogDirectory: path.join(directory, 'catalog') })
  fs.writeFileSync(path.join(directory, 'disk.img'), content)
  await engine.handlers['catalog:import']({ paths: [path.join(directory, 'disk.img')] })
  const imported = async (): Promise<number> => (await engine.handlers['catalog:list'](null)).length
  await expect.poll(imported, WAIT).toBe(1)
  imageId = (await engine.handlers['catalog:list'](null))[0]?.id ?? ''
  stop = new AbortController()
  // Others on this computer may run sessions on the same card.
  name = `admission ${randomBytes(4).toString('hex')}`
})
afterEach(async () => {
  stop.abort()
  await engine.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

async function open(rules: Partial<Rules>): Promise<string> {
  const session = await engine.handlers['session:open']({
    protocol: 'benchcast',
    imageId,
    nic: 'lo',
    name,
    start: BY_HAND,
    rateBitsPerSecond: null,
    policy: DEFAULT_POLICY,
    delivery: 'multicast',
    rules: { ...DEFAULT_RULES, ...rules },
  })
  return session.id
}

/** A machine of its own by its number. */
function machine(number: number): Promise<ReceiveResult> {
  const id = number.toString(16).padStart(32, '0')
  const mac = `02:00:00:00:00:0${number}`
  const taking = receive({
    nicName: 'lo',
    nicAddress: '127.0.0.1',
    target: { kind: 'path', path: path.join(directory, `target${number}`) },
    sessionName: name,
    timeoutMs: 20_000,
    machine: { id, mac, uuid: '', name: `machine ${number}` },
    obeysAfterwards: number === 1,
    signal: stop.signal,
  })
  taking.catch(() => undefined) // Looked at where it matters.
  return taking
}

async function states(): Promise<Record<string, string>> {
  const rows = await engine.handlers['session:receivers'](null)
  return Object.fromEntries(rows.map(row => [row.name, row.state]))
}

test('a stranger asks, receives nothing, and holds nobody up; approved, it gets everything; what comes afterwards is told', async () => {
  const sessionId = await open({
    machines: ['02-00-00-00-00-01'],
    approvesUnknown: true,
    afterwards: 'reboot',
  })
  const listed = machine(1)
  const stranger = machine(2)
  await expect.poll(states, WAIT).toEqual({ 'machine 1': 'receiving', 'machine 2': 'asking' })
  const [session] = await engine.handlers['session:list'](null)
  expect(session).toMatchObject({ counts: { joined: 2, asking: 1 }, needsConfirmation: false })
  expect(session?.asksBecause).toContain('approval')
  expect(fs.existsSync(path.join(directory, 'target2'))).toBe(false)

  const [asking] = (await engine.handlers['session:receivers'](null)).filter(
    row => row.state === 'asking',
  )
  const approved = { sessionId, receiverId: asking?.id ?? '' }
  await engine.handlers['session:approve'](approved)
  await expect.poll(states, WAIT).toEqual({ 'machine 1': 'receiving', 'machine 2': 'receiving' })
  await engine.handlers['session:startNow']({ sessionId })
  expect(await listed).toMatchObject({ outcome: 'verified', afterwards: 'reboot' })
  expect(await stranger).toMatchObject({ outcome: 'verified' })
  expect(fs.readFileSync(path.join(directory, 'target2')).equals(content)).toBe(true)
  const rows = await engine.handlers['session:receivers'](null)
  // The second is a receiver that only ends: it does not say that it starts its computer anew.
  expect(Object.fromEntries(rows.map(row => [row.name, [row.state, row.afterwards]]))).toEqual({
    'machine 1': ['done', 'reboot'],
    'machine 2': ['done', null],
  })
})

test('a session ends without the strangers that nobody approved', async () => {
  const sessionId = await open({ machines: ['02-00-00-00-00-01'], approvesUnknown: true })
  const listed = machine(1)
  const stranger = machine(2)
  await expect.poll(states, WAIT).toEqual({ 'machine 1': 'receiving', 'machine 2': 'asking' })
  await engine.handlers['session:startNow']({ sessionId })
  await listed
  await expect
    .poll(async () => (await engine.handlers['session:list'](null))[0]?.state, WAIT)
    .toBe('ended')
  stop.abort()
  await expect(stranger).rejects.toThrow()
  expect(fs.existsSync(path.join(directory, 'target2'))).toBe(false)
})

test('strangers are refused where they are not admitted, and so is one machine too many', async () => {
  await open({ machines: ['020000000001', '020000000002'], admitsUnknown: false, maxReceivers: 1 })
  void machine(1)
  await expect.poll(states, WAIT).toEqual({ 'machine 1': 'receiving' })
  await expect(machine(2)).rejects.toThrow(/1 machine at most/)
  await expect(machine(3)).rejects.toThrow(/not on the list/)
  const rows = await engine.handlers['session:receivers'](null)
  expect(rows.map(row => row.fault?.code)).toEqual([
    undefined,
    'session/crowded',
    'session/not-expected',
  ])
})

test('a machine has the same number in the next session, whoever joins first', async () => {
  const first = await open({})
  void machine(1)
  await expect.poll(states, WAIT).toEqual({ 'machine 1': 'receiving' })
  void machine(2)
  await expect.poll(states, WAIT).toMatchObject({ 'machine 2': 'receiving' })
  await engine.handlers['session:stop']({ sessionId: first })
  await engine.handlers['session:dismiss']({ sessionId: first })
  stop.abort()
  stop = new AbortController()
  await open({})
  void machine(2)
  await expect.poll(states, WAIT).toEqual({ 'machine 2': 'receiving' })
  void machine(1)
  await expect.poll(states, WAIT).toMatchObject({ 'machine 1': 'receiving' })
  const rows = await engine.handlers['session:receivers'](null)
  const numbers = Object.fromEntries(rows.map(row => [row.name, row.number]))
  expect(numbers).toEqual({ 'machine 1': 1, 'machine 2': 2 })
})
