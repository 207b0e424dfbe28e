/** Debian's unmodified udp-receiver, with answers and without, at every size and loss, to one machine and to four. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createLab, type Lab } from '../netns/harness.ts'
import { createUdpcastBench, type UdpcastBench } from '../netns/udpcastBench.ts'

const MIB = 1024 * 1024
const BLOCK_BYTES = 1456
const SIZES = [
  1,
  BLOCK_BYTES,
  BLOCK_BYTES + 1,
  7000,
  1024 * BLOCK_BYTES, // The largest slice.
  1024 * BLOCK_BYTES + 1,
  3 * MIB + 13,
  24 * MIB + 777,
]

let bench: UdpcastBench
let lab: Lab | null = null

beforeAll(() => {
  bench = createUdpcastBench(SIZES)
})
afterEach(() => {
  lab?.remove()
  lab = null
})
afterAll(() => bench.remove())

function newLab(count: number, loss: number): Lab {
  const lossPercent = [0, ...Array.from({ length: count }, () => loss)]
  lab = createLab({ hosts: count + 1, hasOffload: false, lossPercent, lossScope: 'udp' })
  return lab
}

function wordsFor(isAsync: boolean, count: number): string[] {
  const words = ['--start-after', `${count}`]
  return isAsync
    ? [...words, '--async', '--wait', '1.5', '--rate', '20mbit']
    : [...words, '--rate', '200mbit']
}

const CELLS = [true, false].flatMap(isAsync =>
  [1, 4].flatMap(count => [0, 1].map(loss => ({ isAsync, count, loss }))),
)

test.each(CELLS)(
  'async $isAsync, to $count, $loss % loss',
  async ({ isAsync, count, loss }) => {
    const inLab = newLab(count, loss)
    const words = wordsFor(isAsync, count)
    for (const sizeBytes of SIZES) {
      const ended = await bench.deliver(inLab, { sizeBytes, count, words })
      if (isAsync || loss === 0) continue
      if (sizeBytes > 20 * MIB) expect(ended.resentBlocks).toBeGreaterThan(50)
    }
  },
  120_000,
)

test.each([true, false])(
  'async %s, to receivers that write in step with their disk',
  async isAsync => {
    const inLab = newLab(4, 1)
    const words = wordsFor(isAsync, 4)
    for (const sizeBytes of [1, 3 * MIB + 13, 24 * MIB + 777]) {
      await bench.deliver(inLab, { sizeBytes, count: 4, words, isSynced: true })
    }
  },
)
