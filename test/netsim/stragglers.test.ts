/** One slow machine among others, on a virtual clock: nobody waits for it, and it is served in the end. */
import { describe, expect, it } from 'vitest'
import { calm, simulate, type SimReceiver } from './netsim.ts'

const bench = {
  seed: 1,
  chunks: 40,
  chunkBytes: 500_000,
  rateBitsPerSecond: 40e6,
  endMs: 120_000,
  policy: null,
}
const SLOW_DISK = 500_000
const many = (count: number, change: Partial<SimReceiver> = {}): SimReceiver[] =>
  Array.from({ length: count }, () => ({ ...calm, ...change }))
const last = (doneAtMs: readonly (number | null)[]): number =>
  Math.max(...doneAtMs.map(ms => ms ?? Infinity))

describe('one slow machine', () => {
  it('with a disk at a tenth of the rate, costs seven others nothing, and is written as fast as it writes', () => {
    const alone = last(simulate({ ...bench, receivers: many(7) }).doneAtMs)
    const receivers = [...many(7), { ...calm, diskBytesPerSecond: SLOW_DISK }]
    const result = simulate({ ...bench, receivers })
    expect(result.isIntact).toBe(true)
    expect(result.everDeferred).toEqual([7])
    expect(last(result.doneAtMs.slice(0, 7)) / alone).toBeLessThan(1.01)
    const diskMs = ((bench.chunks * bench.chunkBytes) / SLOW_DISK) * 1000
    expect((result.doneAtMs[7] ?? Infinity) / diskMs).toBeLessThan(1.1)
    // At its own rate: most of what goes out to it is kept.
    expect(result.wireRatio).toBeLessThan(2)
  })

  it('on a bad cable, costs seven others little, and ends soon after', () => {
    const alone = last(simulate({ ...bench, receivers: many(7, { loss: 0.01 }) }).doneAtMs)
    const receivers = [...many(7, { loss: 0.01 }), { ...calm, loss: 0.3 }]
    const result = simulate({ ...bench, receivers })
    expect(result.isIntact).toBe(true)
    expect(result.everDeferred).toEqual([7])
    // A second and a half until it is known for what it is, at half the rate at worst.
    expect(last(result.doneAtMs.slice(0, 7)) - alone).toBeLessThan(750)
    expect(result.doneAtMs[7]).toBeLessThan(alone * 3)
  })

  it('behind a slow link, is caught up at its link’s speed', () => {
    const alone = last(simulate({ ...bench, receivers: many(3) }).doneAtMs)
    const link = 8e6
    const receivers = [...many(3), { ...calm, linkBitsPerSecond: link }]
    const result = simulate({ ...bench, receivers })
    expect(result.isIntact).toBe(true)
    expect(result.everDeferred).toEqual([3])
    // As on a bad cable, and it loses more.
    expect(last(result.doneAtMs.slice(0, 3)) - alone).toBeLessThan(1_500)
    const linkMs = (bench.chunks * bench.chunkBytes * 8 * 1000 * 1.05) / link
    expect((result.doneAtMs[3] ?? Infinity) / linkMs).toBeLessThan(1.5)
  })

  it('that recovers is one of the others again', () => {
    const receivers = [...many(3), { ...calm, loss: 0.3, mendsAtMs: 2_500 }]
    const result = simulate({ ...bench, chunks: 80, receivers })
    expect(result.isIntact).toBe(true)
    expect(result.everDeferred).toEqual([3])
    expect(result.deferredAtEnd).toEqual([])
  })
})

describe('a bench that is slow as a whole', () => {
  it('has no stragglers, and is sent what its disks take', () => {
    const receivers = many(4, { diskBytesPerSecond: SLOW_DISK })
    const result = simulate({ ...bench, receivers })
    expect(result.isIntact).toBe(true)
    expect(result.everDeferred).toEqual([])
    expect(result.wireRatio).toBeLessThan(1.1)
  })
})

describe('machines whose processors read less than the cap', () => {
  const READS = 8e6
  const bytes = 120 * bench.chunkBytes
  const readingMs = (bytes * 8 * 1000) / READS
  const slow = { readsBitsPerSecond: READS }

  it.each([1, 4])('%d of them, all alike, are sent what they read', count => {
    const result = simulate({ ...bench, chunks: 120, receivers: many(count, slow) })
    expect(result.isIntact).toBe(true)
    expect(result.everDeferred).toEqual([])
    expect(last(result.doneAtMs) / readingMs).toBeLessThan(1.2)
    expect(result.wireRatio).toBeLessThan(1.2)
  })

  it('are sent more when they read more', () => {
    const mendsAtMs = readingMs / 4
    const result = simulate({ ...bench, chunks: 120, receivers: many(1, { ...slow, mendsAtMs }) })
    expect(result.isIntact).toBe(true)
    const restMs = (bytes * 0.75 * 8 * 1000) / bench.rateBitsPerSecond
    // Ten seconds until it dares: from a fifth of the cap.
    expect(last(result.doneAtMs) - mendsAtMs - restMs).toBeLessThan(12_000)
  })

  it('slow none of those that read all', () => {
    const alone = last(simulate({ ...bench, receivers: many(3) }).doneAtMs)
    const result = simulate({ ...bench, receivers: [...many(3), { ...calm, ...slow }] })
    expect(result.isIntact).toBe(true)
    expect(result.everDeferred).toEqual([3])
    expect(last(result.doneAtMs.slice(0, 3)) - alone).toBeLessThan(1_500)
  })
})

describe('a policy', () => {
  it('of finishing together defers nobody and sends at the slowest one’s pace', () => {
    const receivers = [...many(3), { ...calm, diskBytesPerSecond: SLOW_DISK * 4 }]
    const result = simulate({ ...bench, policy: { kind: 'together' }, receivers })
    expect(result.isIntact).toBe(true)
    expect(result.everDeferred).toEqual([])
    expect(result.pass).toBe(1)
    expect(result.wireRatio).toBeLessThan(1.03)
    expect(last(result.doneAtMs) / Math.min(...result.doneAtMs.map(Number))).toBeLessThan(1.5)
  })

  it('of dropping below a rate drops the slow one after half a minute, and only it', () => {
    const receivers = [...many(2), { ...calm, diskBytesPerSecond: SLOW_DISK / 2 }]
    const policy = { kind: 'drop', belowBitsPerSecond: 10e6 } as const
    const result = simulate({ ...bench, policy, receivers })
    expect(result.isIntact).toBe(true)
    expect([...result.droppedAtMs.keys()]).toEqual([2])
    expect(result.droppedAtMs.get(2)).toBeGreaterThanOrEqual(30_000)
  })

  it('of dropping below a rate never drops all: then the bench is slow', () => {
    const receivers = many(2, { diskBytesPerSecond: SLOW_DISK })
    const policy = { kind: 'drop', belowBitsPerSecond: 10e6 } as const
    const result = simulate({ ...bench, policy, receivers })
    expect(result.isIntact).toBe(true)
    expect(result.droppedAtMs.size).toBe(0)
  })
})

describe('the last symbols of one machine', () => {
  it('leave by its own connection, apart from the multicast bytes', () => {
    const result = simulate({ ...bench, receivers: [...many(3), { ...calm, loss: 0.03 }] })
    expect(result.isIntact).toBe(true)
    expect(result.filledBytes).toBeGreaterThan(0)
    expect(result.filledBytes).toBeLessThan(200_000)
  })
})
