import { describe, expect, it } from 'vitest'
import { calm, simulate, type SimReceiver } from './netsim.ts'

const bench = {
  seed: 1,
  chunks: 24,
  chunkBytes: 500_000,
  rateBitsPerSecond: 100e6,
  endMs: 60_000,
  policy: null,
}
const many = (count: number, receiver: SimReceiver): SimReceiver[] =>
  Array.from({ length: count }, () => receiver)

describe('delivery on a virtual clock', () => {
  it('keeps its passes, resends and time at 0, 1, 5 and 20 % loss', () => {
    const rows = [1, 8].flatMap(count =>
      [0, 0.01, 0.05, 0.2].map(loss => {
        const receivers = many(count, { ...calm, loss })
        const result = simulate({ ...bench, receivers })
        expect(result.isIntact).toBe(true)
        const seconds = Math.max(...result.doneAtMs.map(ms => ms ?? Infinity)) / 1000
        const repairs = ((result.repairBytes / result.sentBytes) * 100).toFixed(1)
        return `${count} receivers ${loss * 100} %: pass ${result.pass}, sent ${result.wireRatio.toFixed(3)} of the image, ${repairs} % repairs, ${seconds.toFixed(1)} s`
      }),
    )
    expect(rows).toMatchSnapshot()
  })

  it('serves a machine that joins at half time everything it missed', () => {
    const receivers = [calm, { ...calm, joinsAtMs: 500 }]
    const result = simulate({ ...bench, receivers })
    expect(result.isIntact).toBe(true)
    expect(result.pass).toBe(2)
    expect(result.wireRatio).toBeLessThan(1.56)
  })

  it('lets nobody wait for a machine that falls silent', () => {
    const alone = simulate({ ...bench, receivers: many(3, { ...calm, loss: 0.01 }) })
    const stopped: SimReceiver = { ...calm, deafMs: [300, 10_300] }
    const receivers = [...many(3, { ...calm, loss: 0.01 }), stopped]
    const result = simulate({ ...bench, receivers })
    expect(result.isIntact).toBe(true)
    const others = Math.max(...result.doneAtMs.slice(0, 3).map(ms => ms ?? Infinity))
    expect(others).toBeLessThan(Math.max(...alone.doneAtMs.map(ms => ms ?? Infinity)) * 1.1)
    expect(result.doneAtMs[3]).toBeGreaterThan(10_300)
  })

  it('serves machines that lack different symbols and report at different times at once', () => {
    const small = { ...bench, chunks: 8, chunkBytes: 1_048_576, rateBitsPerSecond: 10e6 }
    const lastAtMs = (count: number): number => {
      const receivers = many(count, { ...calm, loss: 0.002, lateMs: 150 })
      const result = simulate({ ...small, receivers })
      expect(result.isIntact).toBe(true)
      return Math.max(...result.doneAtMs.map(ms => ms ?? Infinity))
    }
    // So little loss that nothing is sent unasked. One round of reports after another makes it 1.056.
    expect(lastAtMs(32) / lastAtMs(1)).toBeLessThan(1.03)
  })

  it('lets a machine with very little memory finish in later passes', () => {
    const receivers = [calm, { ...calm, loss: 0.05, assemblyBytes: 2 * 1024 * 1024 }]
    const result = simulate({ ...bench, receivers })
    expect(result.isIntact).toBe(true)
    expect(result.doneAtMs[0]).toBeLessThan(1500)
  })

  it('is the same run for the same seed', () => {
    const receivers = many(2, { ...calm, loss: 0.05 })
    expect(simulate({ ...bench, receivers })).toEqual(simulate({ ...bench, receivers }))
  })
})
