import { expect, it } from 'vitest'
import { CHUNK_BYTES, SYMBOL_BYTES } from '../../../shared/protocol/limits.ts'
import type { SessionId } from '../../../shared/protocol/packet.ts'
import type { Wire } from './transmitter.ts'
import { warmUp } from './warmUp.ts'

const SYMBOLS_PER_CHUNK = Math.ceil(CHUNK_BYTES / SYMBOL_BYTES)

function countingWire(): { wire: Wire; chunks: Set<number>; datagrams(): number } {
  const chunks = new Set<number>()
  let datagrams = 0
  const wire: Wire = {
    begin: slice => void chunks.add(slice.chunk),
    data: () => ++datagrams > 0,
    sync: () => undefined,
    fill: () => 0,
  }
  return { wire, chunks, datagrams: () => datagrams }
}

const rest = (): Promise<void> => Promise.resolve()
const session = 7 as SessionId

it('sends the first chunks and no others, often enough for a compiler to notice', async () => {
  const { wire, chunks, datagrams } = countingWire()
  const storedBytes = new Uint32Array(100).fill(CHUNK_BYTES)
  await warmUp(session, { storedBytes }, wire, rest, () => false)
  expect([...chunks]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(datagrams()).toBeGreaterThanOrEqual(3 * 8 * SYMBOLS_PER_CHUNK)
})

it('ends at once when there is work to do', async () => {
  const { wire, datagrams } = countingWire()
  const storedBytes = new Uint32Array(100).fill(CHUNK_BYTES)
  let turns = 0
  await warmUp(session, { storedBytes }, wire, rest, () => ++turns > 3)
  expect(datagrams()).toBeLessThan(SYMBOLS_PER_CHUNK * 2)
})

it('has nothing to do for an image of zeros alone', async () => {
  const { wire, datagrams } = countingWire()
  await warmUp(session, { storedBytes: new Uint32Array(0) }, wire, rest, () => false)
  expect(datagrams()).toBe(0)
})
