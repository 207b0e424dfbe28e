/** What a receiver does to its target while the session waits: it keeps a file's space, and writes nothing. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { SessionId } from '../shared/protocol/packet.ts'
import { receive } from './receive.ts'
import type { ReceiveResult } from './receiveOptions.ts'
import { cutImage, openScriptedBench, type ScriptedBench } from './scriptedBench.ts'

const MIB = 1024 * 1024
const CONTENT = Buffer.alloc(3 * MIB)
randomBytes(MIB).copy(CONTENT)
const SILENCE_MS = 500

/** A receiver that has joined a session which waits; `before` is on its target. */
async function waitIn(
  dataPort: number,
  before: Buffer | null,
): Promise<{
  readonly path: string
  readonly bench: ScriptedBench
  readonly running: Promise<ReceiveResult>
  leave(): void
}> {
  const directory = mkdtempSync(join(tmpdir(), 'benchcast-before-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'disk.img')
  if (before !== null) writeFileSync(path, before)
  const name = `before ${randomBytes(4).toString('hex')}`
  const session = (process.pid * 100 + (dataPort % 100)) as SessionId
  const image = cutImage(CONTENT)
  const bench = await openScriptedBench({ image, session, name, dataPort, phase: 'waiting' })
  onTestFinished(() => bench.kill())
  const leaving = new AbortController()
  let waits = (): void => undefined
  const isWaiting = new Promise<void>(resolve => (waits = resolve))
  const running = receive({
    nicName: 'lo',
    nicAddress: '127.0.0.1',
    target: { kind: 'path', path },
    sessionName: name,
    timeoutMs: 20_000,
    signal: leaving.signal,
    onProgress: ({ state }) => state === 'waiting' && waits(),
  })
  await isWaiting
  return { path, bench, running, leave: () => leaving.abort() }
}

test('not even the zeros are written that are all it lacks, before the session starts', async () => {
  const dirty = Buffer.from(CONTENT)
  dirty.fill(0xee, 2 * MIB + 5, 2 * MIB + 6)
  const { path, bench, running } = await waitIn(62_190, dirty)
  await new Promise(resolve => setTimeout(resolve, SILENCE_MS))
  expect(readFileSync(path).equals(dirty)).toBe(true)
  bench.tell({ type: 'session', phase: 'running' })
  bench.serve()
  expect(await running).toMatchObject({ outcome: 'verified', receivedBytes: 0 })
  expect(readFileSync(path).equals(CONTENT)).toBe(true)
})

test('space is kept for a file while it waits, and given back when the session never starts', async () => {
  const { path, running, leave } = await waitIn(62_191, null)
  const { size, blocks } = statSync(path)
  expect(size).toBe(CONTENT.length)
  // Of 3 MiB two are zeros, which take no space.
  expect(blocks * 512).toBeGreaterThanOrEqual(MIB)
  expect(blocks * 512).toBeLessThan(2 * MIB)
  expect(readFileSync(path).equals(Buffer.alloc(CONTENT.length))).toBe(true)
  leave()
  await expect(running).rejects.toMatchObject({ fault: { code: 'session/cancelled' } })
  expect(statSync(path)).toMatchObject({ size: CONTENT.length, blocks: 0 })
})
