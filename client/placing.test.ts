import { expect, test } from 'vitest'
import { createErasureCode, type ErasureCode } from '../shared/fec/fec.ts'
import {
  blockFirstSymbol,
  blockLayout,
  blockSymbols,
  symbolBytes,
} from '../shared/protocol/blocks.ts'
import { DATA_AT, encodeDataHeader } from '../shared/protocol/dataPacket.ts'
import { CHUNK_BYTES, DATA_HEADER_BYTES, SYMBOL_BYTES } from '../shared/protocol/limits.ts'
import type { Manifest } from '../shared/protocol/manifest.ts'
import type { SessionId } from '../shared/protocol/packet.ts'
import { seededRandom } from '../shared/seededRandom.ts'
import { allocateMemory } from '../shared/wasmMemory.ts'
import { type Assembler, createAssembler } from './assembler.ts'
import { createIntake, type Intake } from './intake.ts'

const SESSION = 0xfedc_ba98 as SessionId
const MIB = 1024 * 1024
/** Of every shape: one symbol, full and short last ones, one and several blocks, of one size and of two. */
const STORED_BYTES = [
  1,
  SYMBOL_BYTES,
  3 * SYMBOL_BYTES,
  200_001,
  180_224,
  CHUNK_BYTES - 7,
  CHUNK_BYTES,
]
const MANIFEST: Manifest = {
  hashing: 'sha256',
  imageBytes: STORED_BYTES.length * CHUNK_BYTES,
  hashes: new Uint8Array(STORED_BYTES.length * 32),
  storedBytes: Uint32Array.from(STORED_BYTES),
  encodings: new Uint8Array(STORED_BYTES.length),
  positions: Uint32Array.from(STORED_BYTES.keys()),
}

const erasureCode = createErasureCode()
const code = (): ErasureCode => erasureCode

interface Side {
  readonly intake: Intake
  readonly assembler: Assembler
  /** In order of completion. */
  readonly completed: { readonly chunk: number; readonly bytes: Uint8Array }[]
  /** Datagrams that went in runs. */
  runs(): number
}

function open(isOneByOne: boolean): Side {
  const made = createAssembler({
    manifest: MANIFEST,
    assemblyBytes: 4 * MIB,
    has: chunk => completed.some(each => each.chunk === chunk),
    code,
  })
  let runs = 0
  const assembler: Assembler = {
    ...made,
    takeRun(...run) {
      const taken = made.takeRun(...run)
      runs += taken
      return taken
    },
  }
  const completed: { chunk: number; bytes: Uint8Array }[] = []
  const intake = createIntake(
    {
      session: SESSION,
      assembler: () => assembler,
      isLost: () => false,
      mayLose: () => isOneByOne,
      onChunk(stored) {
        completed.push({ chunk: stored.chunk, bytes: stored.bytes.slice() })
        made.release(stored)
      },
      onReportNow: () => undefined,
    },
    () => 0,
  )
  return { intake, assembler, completed, runs: () => runs }
}

/** What the group sends: each symbol of each chunk in a run of sequence numbers, blocks in turn, from `txSeq` on. */
function datagrams(txSeq: number): Uint8Array[] {
  const random = seededRandom(5)
  return STORED_BYTES.flatMap((storedBytes, chunk) => {
    const layout = blockLayout(storedBytes)
    const order = Array.from({ length: layout.blockCount }, (_, block) =>
      Array.from({ length: blockSymbols(layout, block) }, (_each, symbol) => ({ block, symbol })),
    )
      .flat()
      .sort((a, b) => a.symbol - b.symbol)
    return order.map(({ block, symbol }) => {
      const payloadBytes = symbolBytes(layout, blockFirstSymbol(layout, block) + symbol)
      const k = blockSymbols(layout, block)
      const { blockCount } = layout
      const place = { chunk, block, symbol, k, blockCount, txSeq, storedBytes }
      txSeq = (txSeq + 1) >>> 0
      const bytes = Uint8Array.from(
        { length: DATA_HEADER_BYTES + payloadBytes },
        () => random() * 256,
      )
      encodeDataHeader(
        bytes,
        { isRepeat: random() < 0.5, session: SESSION, ...place },
        payloadBytes,
      )
      return bytes
    })
  })
}

const MEMORY_BYTES = 4 * MIB
const memory = new Uint8Array(allocateMemory(MEMORY_BYTES).buffer)

/** Both take the same, some at a time, out of memory as a group receiver's is. */
function feed(sides: readonly Side[], all: readonly Uint8Array[], atATime: number): void {
  const spans = new Int32Array(memory.buffer, MEMORY_BYTES - 8 * atATime, 2 * atATime)
  for (let first = 0; first < all.length; first += atATime) {
    const some = all.slice(first, first + atATime)
    let at = first % 64
    some.forEach((datagram, i) => {
      memory.set(datagram, at)
      spans[2 * i] = at
      at += datagram.length
      spans[2 * i + 1] = at
    })
    for (const { intake } of sides) intake.takeSpans(memory, spans, some.length)
  }
}

function expectEqual([one, other]: readonly [Side, Side]): void {
  expect(other.assembler.counters()).toEqual(one.assembler.counters())
  expect(other.assembler.entries(1000)).toEqual(one.assembler.entries(1000))
  expect(other.intake.rejected).toEqual(one.intake.rejected)
  expect(other.completed.length).toBe(one.completed.length)
  for (const [i, { chunk, bytes }] of one.completed.entries()) {
    expect(other.completed[i]?.chunk).toBe(chunk)
    expect(Buffer.compare(other.completed[i]?.bytes ?? new Uint8Array(), bytes)).toBe(0)
  }
}

test('runs bring what datagrams bring one by one, and nearly all of it', () => {
  const sides = [open(true), open(false)] as const
  const all = datagrams(1)
  feed(sides, all, 128)
  expectEqual(sides)
  expect(sides[1].completed.map(each => each.chunk)).toEqual([...STORED_BYTES.keys()])
  expect(sides[0].runs()).toBe(0)
  // All but each chunk's first, its last and a short one.
  expect(sides[1].runs()).toBeGreaterThan(all.length - 3 * STORED_BYTES.length)
})

test('a run ends before the sequence numbers wrap', () => {
  const sides = [open(true), open(false)] as const
  feed(sides, datagrams(0xffff_ff00), 64)
  expectEqual(sides)
})

test.each([1, 2, 3, 4])('lost, repeated, late and damaged datagrams: equal (%i)', seed => {
  const random = seededRandom(seed)
  const sides = [open(true), open(false)] as const
  const sent = datagrams(77)
  const arrived: Uint8Array[] = []
  for (const datagram of sent) {
    const chance = random()
    if (chance < 0.02) continue
    if (chance < 0.04) arrived.splice(Math.floor(arrived.length * 0.95), 0, datagram)
    else arrived.push(datagram)
    if (chance > 0.98) arrived.push(datagram)
    if (chance > 0.9 && chance < 0.95) {
      const damaged = datagram.slice(0, chance < 0.91 ? random() * datagram.length : undefined)
      const at = Math.floor(random() * Math.min(DATA_HEADER_BYTES, damaged.length))
      damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 8))
      arrived.push(damaged)
    }
  }
  feed(sides, arrived, 96)
  expectEqual(sides)
  expect(sides[1].runs()).toBeGreaterThan(sent.length / 3)
  // What was missed comes in a second pass.
  feed(sides, sent, 128)
  expectEqual(sides)
  expect(sides[1].completed.length).toBe(STORED_BYTES.length)
})

test('repair symbols that wait are in nobody’s way', () => {
  const sides = [open(true), open(false)] as const
  const sent = datagrams(1).filter((_, i) => i % 40 !== 3)
  feed(sides, sent, 128)
  const storedBytes = STORED_BYTES.at(-1) ?? 0
  const layout = blockLayout(storedBytes)
  const repairs = Array.from({ length: 60 }, (_, i) => {
    const block = i % layout.blockCount
    const k = blockSymbols(layout, block)
    const { blockCount } = layout
    const symbol = 128 + Math.floor(i / layout.blockCount)
    const place = { chunk: STORED_BYTES.length - 1, block, symbol, k, blockCount, storedBytes }
    const bytes = new Uint8Array(DATA_HEADER_BYTES + SYMBOL_BYTES).fill(i)
    const txSeq = 10_000 + i
    encodeDataHeader(bytes, { isRepeat: false, session: SESSION, txSeq, ...place }, SYMBOL_BYTES)
    return bytes
  })
  feed(sides, repairs, 7)
  expectEqual(sides)
  expect(sides[1].assembler.counters().decodedSymbols).toBeGreaterThan(0)
})

test('after another session has begun, no run of the one before is taken', () => {
  const side = open(false)
  const sent = datagrams(1)
  const large = sent.length - blockLayout(CHUNK_BYTES).symbolCount
  feed([side], sent.slice(0, large + 100), 128)
  side.assembler.restart()
  const intake = createIntake(
    {
      session: (SESSION + 1) as SessionId,
      assembler: () => side.assembler,
      isLost: () => false,
      mayLose: () => false,
      onChunk: () => undefined,
      onReportNow: () => undefined,
    },
    () => 0,
  )
  const next = sent[large + 100]?.slice() ?? new Uint8Array()
  new DataView(next.buffer).setUint32(DATA_AT.session, SESSION + 1)
  const before = side.assembler.counters().payloadBytes
  feed([{ ...side, intake }], [next, ...sent.slice(large + 101, large + 201)], 101)
  expect(side.assembler.counters().payloadBytes).toBe(before + SYMBOL_BYTES)
  expect(intake.rejected.get('session')).toBe(100)
})
