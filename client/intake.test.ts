import { expect, test } from 'vitest'
import { encodeDataHeader } from '../shared/protocol/dataPacket.ts'
import type { Manifest } from '../shared/protocol/manifest.ts'
import type { SessionId } from '../shared/protocol/packet.ts'
import { encodeSync } from '../shared/protocol/syncPacket.ts'
import { createErasureCode } from '../shared/fec/fec.ts'
import { createAssembler, type StoredChunk } from './assembler.ts'
import { createIntake, type Intake } from './intake.ts'

const SESSION = 9 as SessionId
const MANIFEST: Manifest = {
  imageBytes: 100,
  hashing: 'blake3',
  hashes: new Uint8Array(32),
  storedBytes: Uint32Array.of(100),
  encodings: new Uint8Array(1),
  positions: new Uint32Array(1),
}

function data(session = SESSION): Uint8Array {
  const bytes = new Uint8Array(124).fill(1)
  const place = { chunk: 0, block: 0, symbol: 0, k: 1, blockCount: 1, txSeq: 1, storedBytes: 100 }
  encodeDataHeader(bytes, { isRepeat: false, session, ...place }, 100)
  return bytes
}

function sync(session = SESSION, isReportNow = true): Uint8Array {
  return encodeSync({
    isReportNow,
    isReportWanted: false,
    mayReportsWait: false,
    isPaused: false,
    pass: 1,
    session,
    txSeq: 2,
  })
}

function open(isLost = (): boolean => false): {
  intake: Intake
  chunks: StoredChunk[]
  asked: () => number
} {
  const chunks: StoredChunk[] = []
  let asked = 0
  let clock = 0
  const assembler = createAssembler({
    manifest: MANIFEST,
    assemblyBytes: 1_000_000,
    has: () => false,
    code: createErasureCode,
  })
  const intake = createIntake(
    {
      session: SESSION,
      assembler: () => assembler,
      isLost,
      mayLose: () => true,
      onChunk: stored => chunks.push(stored),
      onReportNow: () => asked++,
    },
    () => ++clock,
  )
  return { intake, chunks, asked: () => asked }
}

test('data becomes chunks, and a SYNC can ask for a report', () => {
  const { intake, chunks, asked } = open()
  const before = intake.heardAtMs()
  intake.take(data())
  expect(chunks).toHaveLength(1)
  intake.take(sync(SESSION, false))
  expect(asked()).toBe(0)
  intake.take(sync())
  expect(asked()).toBe(1)
  expect(intake.heardAtMs()).toBeGreaterThan(before)
  expect(intake.rejected.size).toBe(0)
})

test('a datagram amid other bytes is taken as if it were alone', () => {
  const alone = open()
  alone.intake.take(data())
  const amid = open()
  const packet = data()
  const memory = new Uint8Array(1000).fill(0xee)
  memory.set(packet, 300)
  amid.intake.takeSpans(memory.subarray(100), Int32Array.of(200, 200 + packet.length), 1)
  expect(amid.chunks).toEqual(alone.chunks)
  expect(amid.chunks).toHaveLength(1)
  amid.intake.takeSpans(memory, Int32Array.of(300, 299 + packet.length), 1)
  expect(Object.fromEntries(amid.intake.rejected)).toEqual({ length: 1 })
})

test('packets one after another in a datagram are each taken, and lost together', () => {
  const run = (...packets: Uint8Array[]): Uint8Array =>
    Uint8Array.from(packets.flatMap(p => [...p]))
  const { intake, chunks, asked } = open()
  intake.take(run(data(), sync(), data(10 as SessionId), sync(), data().subarray(0, 60)))
  expect([chunks.length, asked()]).toEqual([1, 2])
  expect(Object.fromEntries(intake.rejected)).toEqual({ session: 1, length: 1 })
  const lossy = open(() => true)
  lossy.intake.take(run(data(), sync()))
  expect([lossy.chunks.length, lossy.asked()]).toEqual([0, 0])
})

test('what is not ours is counted by reason, and is no sign of life', () => {
  const { intake, chunks, asked } = open()
  const before = intake.heardAtMs()
  const other = 10 as SessionId
  const all = [
    data(other),
    sync(other),
    data().subarray(0, 50),
    new Uint8Array(),
    Uint8Array.of(0x21),
  ]
  for (const datagram of [...all, Uint8Array.of(0x13), Uint8Array.of(0x12, 0)])
    intake.take(datagram)
  expect(Object.fromEntries(intake.rejected)).toEqual({
    session: 2,
    length: 2,
    empty: 1,
    version: 1,
    type: 1,
  })
  expect([chunks.length, asked(), intake.heardAtMs()]).toEqual([0, 0, before])
})

test('what a rehearsal loses is lost', () => {
  const { intake, chunks } = open(() => true)
  intake.take(data())
  expect(chunks).toHaveLength(0)
  expect(intake.rejected.size).toBe(0)
})
