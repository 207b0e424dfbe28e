/** Receivers that share what a process has, and one with a slow disk, against scripted benches on loopback. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SessionId } from '../shared/protocol/packet.ts'
import { startCrowd } from './crowd.ts'
import { receive } from './receive.ts'
import type { ReceiveOptions } from './receiveOptions.ts'
import { cutImage, openScriptedBench, type ScriptedBench } from './scriptedBench.ts'

const MIB = 1024 * 1024
const CONTENT = randomBytes(8 * MIB + 777)
const IMAGE = cutImage(CONTENT)
/** Other tests announce on this loopback too. */
const RUN = randomBytes(4).toString('hex')

let directory = ''
let benches: ScriptedBench[] = []
let serial = 0

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchcast-crowd-'))
})
afterEach(async () => {
  await Promise.all(benches.map(bench => bench.kill()))
  benches = []
  rmSync(directory, { recursive: true })
})

/** The bench in miniature takes one receiver, so each has its own; group and port are the same. */
async function bench(name: string): Promise<ScriptedBench> {
  const opened = await openScriptedBench({
    image: IMAGE,
    session: (process.pid * 100 + 50 + ++serial) as SessionId,
    name: `${RUN} ${name}`,
    dataPort: 62_180,
  })
  benches.push(opened)
  opened.serve()
  return opened
}

async function run(name: string, change: Partial<ReceiveOptions>): Promise<Buffer> {
  const path = join(directory, name)
  await receive({
    nicName: 'lo',
    nicAddress: '127.0.0.1',
    target: { kind: 'path', path },
    sessionName: `${RUN} ${name}`,
    timeoutMs: 20_000,
    ...change,
  })
  return readFileSync(path)
}

test('a slow disk is told as such, holds up no report, and still ends verified', async () => {
  const sender = await bench('slow')
  // Room for three chunks: two with the thread and one that waits.
  const content = await run('slow', { assemblyBytes: 3.5 * MIB, writeBytesPerSecond: 3 * MIB })
  expect(sender.reports.some(report => report.limiter === 'disk')).toBe(true)
  expect(sender.reports.some(report => report.limiter === 'decompression')).toBe(false)
  expect(Math.min(...sender.reports.map(report => report.freeAssemblyKiB))).toBeLessThan(1024)
  expect(content.equals(CONTENT)).toBe(true)
})

test('receivers that share threads and a socket each end with the whole image', async () => {
  const crowd = startCrowd(1)
  const all = ['a1', 'b2', 'c3'].map(async (id, i) => {
    await bench(id)
    const machine = { id: id.repeat(16), name: id }
    const content = await run(id, {
      machine,
      lossPercent: 3,
      seed: i,
      assemblyBytes: 4 * MIB,
      crowd,
    })
    return content.equals(CONTENT)
  })
  expect(await Promise.all(all)).toEqual([true, true, true])
  await crowd.close()
})
