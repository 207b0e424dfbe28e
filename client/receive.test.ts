/** Whole runs of a receiver against a scripted bench, over real sockets on loopback. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SessionId } from '../shared/protocol/packet.ts'
import { createJournal, journalPath } from './journal.ts'
import { receive } from './receive.ts'
import type { ReceiveOptions, ReceiveProgress, ReceiveResult } from './receiveOptions.ts'
import {
  cutImage,
  newBenchKeys,
  openScriptedBench,
  type ScriptedBench,
  type ScriptedBenchOptions,
} from './scriptedBench.ts'

const MIB = 1024 * 1024
/** Random, zero, repeated and compressible chunks, and a tail that is no multiple of anything. */
const CONTENT = Buffer.alloc(9 * MIB + 12_345)
randomBytes(5 * MIB).copy(CONTENT, MIB)
CONTENT.fill('all work and no play ', 7 * MIB, 8 * MIB)
CONTENT.copy(CONTENT, 8 * MIB, MIB, 2 * MIB)
CONTENT[CONTENT.length - 1] = 7
const IMAGE = cutImage(CONTENT)
const STORED_BYTES = IMAGE.stored.reduce((sum, chunk) => sum + chunk.length, 0)

/** Other tests announce on this loopback too: every session here has a name of its own. */
const RUN = randomBytes(4).toString('hex')

let directory = ''
let path = ''
let benches: ScriptedBench[] = []
let serial = 0

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchcast-receive-'))
  path = join(directory, 'disk.img')
})
afterEach(async () => {
  await Promise.all(benches.map(bench => bench.kill()))
  benches = []
  rmSync(directory, { recursive: true })
})

async function bench(change: Partial<ScriptedBenchOptions> = {}): Promise<ScriptedBench> {
  serial++
  const opened = await openScriptedBench({
    image: IMAGE,
    session: (process.pid * 100 + serial) as SessionId,
    name: sessionName(),
    dataPort: 62_200 + serial,
    ...change,
  })
  benches.push(opened)
  return opened
}

function sessionName(): string {
  return `${RUN} ${expect.getState().currentTestName?.slice(0, 80)}`
}

function options(change: Partial<ReceiveOptions> = {}): ReceiveOptions {
  return {
    nicName: 'lo',
    nicAddress: '127.0.0.1',
    target: { kind: 'path', path },
    sessionName: sessionName(),
    timeoutMs: 20_000,
    ...change,
  }
}

function run(change: Partial<ReceiveOptions> = {}): Promise<ReceiveResult> {
  return receive(options(change))
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 1500; i++) {
    if (isTrue()) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error('waited 15 s in vain')
}

test('a new file at 5 % loss ends equal and verified', async () => {
  const sender = await bench()
  sender.serve()
  const seen: ReceiveProgress[] = []
  const result = await run({ lossPercent: 5, seed: 1, onProgress: progress => seen.push(progress) })
  expect(readFileSync(path).equals(CONTENT)).toBe(true)
  expect(result).toMatchObject({
    outcome: 'verified',
    imageId: IMAGE.id,
    imageBytes: CONTENT.length,
    receivedBytes: STORED_BYTES,
    keptBytes: 0,
  })
  expect(result.missedDatagrams).toBeGreaterThan(STORED_BYTES / 1408 / 40)
  expect(existsSync(journalPath(path))).toBe(false)
  expect(sender.messages.slice(-2)).toEqual([
    { type: 'state', state: 'verifying', doneBytes: 0 }, // At once, however short the read-back is.
    { type: 'result', outcome: 'verified', receivedBytes: STORED_BYTES, fault: null },
  ])
  const states = [...new Set(seen.map(progress => progress.state))]
  expect(states).toEqual(['searching', 'joining', 'receiving', 'verifying', 'done'])
  expect(seen.at(-1)).toMatchObject({
    haveBytes: CONTENT.length,
    verifiedBytes: CONTENT.length,
    number: 1,
  })
})

// New catalogs hash with the one, those of before with the other.
describe.each(['blake3', 'sha256'] as const)('an image hashed with %s', hashing => {
  const image = cutImage(CONTENT, hashing)
  test('a cancelled run is resumed and takes only what it lacks', async () => {
    const sender = await bench({ image })
    const cancel = new AbortController()
    const first = run({ signal: cancel.signal })
    await until(() => sender.reports.length > 0)
    await sender.send([0, 1, 2])
    await until(() => sender.have.size === 3)
    cancel.abort()
    await expect(first).rejects.toMatchObject({ fault: { code: 'session/cancelled' } })
    expect(existsSync(journalPath(path))).toBe(true)
    sender.serve()
    const second = await run()
    expect(second.keptBytes).toBe(4 * MIB) // Chunk 0 stands at two positions.
    expect(second.receivedBytes).toBe(STORED_BYTES - 3 * MIB)
    expect(readFileSync(path).equals(CONTENT)).toBe(true)
  })

  test('a dirty file of the same size takes only what differs, zeros included', async () => {
    const dirty = Buffer.from(CONTENT)
    dirty[3 * MIB + 5] = (dirty[3 * MIB + 5] ?? 0) ^ 0xff
    dirty.fill(0xee, 6 * MIB + 5, 6 * MIB + 6) // In a position of zeros.
    writeFileSync(path, dirty)
    const sender = await bench({ image })
    sender.serve()
    const result = await run()
    expect(result.receivedBytes).toBe(MIB)
    expect(readFileSync(path).equals(CONTENT)).toBe(true)
  })

  test('a target that lies about what it holds is found out by the read-back and mended', async () => {
    writeFileSync(path, Buffer.alloc(CONTENT.length))
    const all = [...image.stored.keys()]
    await createJournal(journalPath(path), image.id, { chunks: all, isZeroed: true }).close()
    const sender = await bench({ image })
    sender.serve()
    const result = await run()
    expect(result.receivedBytes).toBe(STORED_BYTES)
    expect(readFileSync(path).equals(CONTENT)).toBe(true)
  })

  test('a forged datagram costs its chunk a second fetch, whether raw or compressed', async () => {
    const forged = new Set<number>()
    const sender = await bench({
      image,
      mangle(datagram, chunk) {
        if (forged.has(chunk)) return datagram
        forged.add(chunk)
        const changed = Buffer.from(datagram)
        changed[30] = (changed[30] ?? 0) ^ 0xff
        return changed
      },
    })
    sender.serve()
    const result = await run()
    expect(result.receivedBytes).toBe(2 * STORED_BYTES)
    expect(readFileSync(path).equals(CONTENT)).toBe(true)
  })
})

test('only zeros differ: nothing is received, and the target still ends equal', async () => {
  const dirty = Buffer.from(CONTENT)
  dirty[10] = 1
  writeFileSync(path, dirty)
  const sender = await bench()
  const result = await run()
  expect(result.receivedBytes).toBe(0)
  expect(sender.sentDatagrams).toBe(0)
  expect(readFileSync(path).equals(CONTENT)).toBe(true)
})

test('an image of zeros, and one of a single byte, end verified', async () => {
  for (const content of [Buffer.alloc(2 * MIB + 1), Buffer.from([7])]) {
    const sender = await bench({ image: cutImage(content) })
    sender.serve()
    writeFileSync(path, Buffer.alloc(content.length, 9))
    await run()
    expect(readFileSync(path).equals(content)).toBe(true)
    await sender.kill()
    benches = []
  }
})

test('a larger dirty file ends as large as the image', async () => {
  writeFileSync(path, Buffer.alloc(12 * MIB, 5))
  const sender = await bench()
  sender.serve()
  await run()
  expect(readFileSync(path).equals(CONTENT)).toBe(true)
})

test('a disk that keeps nothing fails after two repairs, by offset', async () => {
  const sender = await bench()
  sender.serve()
  const spoil = (progress: ReceiveProgress): void => {
    if (progress.state !== 'verifying') return
    const fd = openSync(path, 'r+')
    writeSync(fd, 'spoilt', 4 * MIB + 99)
    closeSync(fd)
  }
  const failed = run({ onProgress: spoil })
  await expect(failed).rejects.toMatchObject({
    fault: { code: 'disk/read-back-differs', offsetBytes: 4 * MIB, positions: 1 },
  })
  expect(sender.messages.at(-1)).toMatchObject({ type: 'result', outcome: 'failed' })
  expect(sender.reports.flatMap(report => report.entries)).toContainEqual({
    kind: 'whole',
    firstChunk: 3,
    length: 1,
  })
})

test('datagrams of other sessions, cut ones and noise change nothing', async () => {
  const sender = await bench({
    mangle(datagram, chunk, symbol) {
      if (symbol % 10 !== 3) return datagram
      if (symbol === 3) return datagram.subarray(0, 500)
      if (symbol === 13) return randomBytes(1432)
      const other = Buffer.from(datagram)
      if (symbol === 23) other.writeUInt32BE(1, 4)
      if (symbol === 33) other.writeUInt32BE(chunk + 1, 8)
      return symbol === 43 ? null : other
    },
  })
  await Promise.all([
    expect(run({ timeoutMs: null, signal: AbortSignal.timeout(4000) })).rejects.toThrow(
      'cancelled',
    ),
    until(() => sender.reports.length > 0).then(() => sender.send()),
  ])
  const written = readFileSync(path)
  for (let position = 0; position < 9; position++) {
    const at = position * MIB
    const got = written.subarray(at, at + MIB)
    expect(got.every(byte => byte === 0) || got.equals(CONTENT.subarray(at, at + MIB))).toBe(true)
  }
})

test('with memory for two chunks and 3 % loss it still ends verified', async () => {
  const sender = await bench()
  sender.serve()
  await run({ assemblyBytes: 1, lossPercent: 3, seed: 5 })
  expect(readFileSync(path).equals(CONTENT)).toBe(true)
  const free = sender.reports.map(report => report.freeAssemblyKiB)
  expect(Math.max(...free)).toBeLessThanOrEqual(2560)
})

test('content can be thrown away, and is still checked', async () => {
  const sender = await bench()
  sender.serve()
  const result = await run({
    target: { kind: 'null' },
    machine: { id: 'ee'.repeat(16), name: 'nobody' },
  })
  expect(result.receivedBytes).toBe(STORED_BYTES)
  expect(sender.joins[0]).toMatchObject({ machine: { name: 'nobody' }, target: { kind: 'memory' } })
})

test('a bench that dies and comes back with another session of the same image is followed', async () => {
  const keys = newBenchKeys()
  const before = await bench({ keys })
  const states: string[] = []
  const running = run({ onProgress: progress => states.push(progress.state) })
  await until(() => before.reports.length > 0)
  await before.send([0, 1, 2, 3])
  await until(() => before.have.size === 4)
  await before.kill()
  benches = []
  await until(() => states.includes('reconnecting'))
  const stranger = await bench({ name: 'a trap of another bench' })
  const after = await bench({ keys, name: 'another name' })
  await until(() => after.reports.length > 0)
  expect(after.reports[0]).toMatchObject({
    isFirst: true,
    limiter: null,
    entries: [{ kind: 'have', firstChunk: 0, length: 4 }],
  })
  after.serve()
  const result = await running
  expect(result.receivedBytes).toBe(STORED_BYTES)
  expect(stranger.joins).toHaveLength(0)
  expect(readFileSync(path).equals(CONTENT)).toBe(true)
})

test('a bench that stands still is noticed, and joined again when it moves', async () => {
  const sender = await bench()
  const states: string[] = []
  const running = run({ onProgress: progress => states.push(progress.state) })
  await until(() => sender.reports.length > 0)
  sender.freeze(true)
  const frozenAtMs = Date.now()
  await until(() => states.includes('reconnecting'))
  expect(Date.now() - frozenAtMs).toBeLessThan(6_000)
  sender.freeze(false)
  sender.serve()
  await running
  expect(sender.joins.length).toBeGreaterThan(1)
  expect(readFileSync(path).equals(CONTENT)).toBe(true)
})

test('a dropped receiver keeps its connection and takes nothing, until it is readmitted', async () => {
  const sender = await bench()
  let progress: ReceiveProgress | null = null
  const running = run({ onProgress: now => void (progress = now) })
  await until(() => sender.reports.length > 0)
  sender.tell({ type: 'dropped', fault: { code: 'session/dropped', message: 'Dropped by hand.' } })
  await until(() => progress?.state === 'dropped')
  expect(progress).toMatchObject({ note: 'Dropped by hand.' })
  const reports = sender.reports.length
  await sender.send()
  expect(sender.reports.length).toBe(reports)
  expect(sender.have.size).toBe(0)
  sender.tell({ type: 'readmitted' })
  sender.serve()
  await running
  expect(sender.joins).toHaveLength(1)
  expect(sender.reports.filter(report => report.isFirst)).toHaveLength(2)
})

test.each(['broadcast', 'unicast'] as const)(
  'a session that turns to %s in its midst ends verified over one connection, and hears its group no more',
  async delivery => {
    const sender = await bench()
    const running = run()
    await until(() => sender.reports.length > 0)
    await sender.send([0, 1])
    await until(() => sender.have.size === 2)
    sender.tell({ type: 'delivery', delivery })
    sender.serve()
    await running
    expect(sender.joins).toHaveLength(1)
    expect(readFileSync(path).equals(CONTENT)).toBe(true)
  },
)

test('a session that ends first is a fault, after some seconds in which more may come', async () => {
  const sender = await bench()
  const running = run()
  await until(() => sender.reports.length > 0)
  sender.tell({ type: 'session', phase: 'ended' })
  const endedAtMs = Date.now()
  await expect(running).rejects.toMatchObject({ fault: { code: 'session/ended' } })
  expect(Date.now() - endedAtMs).toBeGreaterThan(4_000)
})

test('no session within the time is a fault that names card and session', async () => {
  const failed = run({ timeoutMs: 600 })
  await expect(failed).rejects.toMatchObject({ fault: { code: 'session/not-found' } })
  await expect(failed).rejects.toThrow(/on card lo/)
})

test('a bench that cannot prove its key, or sends another manifest, is refused', async () => {
  await bench({ forgeProof: true })
  await expect(run()).rejects.toMatchObject({ fault: { code: 'peer/not-the-bench' } })
  await Promise.all(benches.splice(0).map(each => each.kill()))
  await bench({ forgeManifest: true })
  await expect(run()).rejects.toMatchObject({ fault: { code: 'peer/bad-manifest' } })
  expect(existsSync(path)).toBe(false)
})

test("a refusal is passed on in the bench's own words", async () => {
  const sender = await bench()
  const running = run()
  const fault = { code: 'session/full', message: 'The session is full.' }
  void until(() => sender.joins.length > 0).then(() => sender.tell({ type: 'refused', fault }))
  await expect(running).rejects.toMatchObject({ message: fault.message, fault })
})

test('a machine that was handed its session needs no announce', async () => {
  const sender = await bench({ isSilent: true })
  sender.serve()
  await run({ known: sender.known, sessionName: null })
  expect(statSync(path).size).toBe(CONTENT.length)
})
