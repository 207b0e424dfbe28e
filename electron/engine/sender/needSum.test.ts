import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { createNeedSum, type NeedSum } from './needSum.ts'

const CHUNKS = 6
const lacks = (sum: NeedSum) => Array.from({ length: CHUNKS }, (_, chunk) => sum.prompt.lack(chunk))
const partials = (sum: NeedSum) =>
  Array.from({ length: CHUNKS }, (_, chunk) => sum.prompt.partial(chunk))

function withReceivers(count: number): NeedSum {
  const sum = createNeedSum(CHUNKS)
  for (let slot = 1; slot <= count; slot++) {
    sum.admit(slot)
    sum.count(slot, true)
  }
  return sum
}

describe('the sum of needs', () => {
  it('counts nobody before the first report, then all of a newcomer', () => {
    const sum = createNeedSum(CHUNKS)
    sum.admit(1)
    expect(sum.prompt.lackingChunks).toBe(0)
    sum.count(1, true)
    expect(lacks(sum)).toEqual([1, 1, 1, 1, 1, 1])
    expect(sum.prompt.lackingChunks).toBe(CHUNKS)
  })

  it('takes both what is written and what waits for a disk as not needed', () => {
    const sum = withReceivers(2)
    sum.run(1, 'have', 0, 2)
    sum.run(2, 'held', 1, 2)
    expect(lacks(sum)).toEqual([1, 0, 1, 2, 2, 2])
    expect(sum.prompt.lackingChunks).toBe(5)
  })

  it('needs a chunk again that a receiver no longer holds', () => {
    const sum = withReceivers(1)
    sum.run(1, 'held', 0, CHUNKS)
    expect(sum.prompt.lackingChunks).toBe(0)
    sum.run(1, 'whole', 3, 1)
    expect(lacks(sum)).toEqual([0, 0, 0, 1, 0, 0])
  })

  it('says the same thing twice with the effect of once', () => {
    const sum = withReceivers(1)
    sum.run(1, 'have', 0, 3)
    sum.run(1, 'have', 1, 3)
    sum.markPartial(1, 5)
    sum.markPartial(1, 5)
    sum.count(1, true)
    expect(lacks(sum)).toEqual([0, 0, 0, 0, 1, 1])
    expect(partials(sum)).toEqual([0, 0, 0, 0, 0, 1])
  })

  it('remembers what an uncounted receiver holds, and learns while it is uncounted', () => {
    const sum = withReceivers(2)
    sum.run(1, 'have', 0, 2)
    sum.count(1, false)
    expect(lacks(sum)).toEqual([1, 1, 1, 1, 1, 1])
    sum.run(1, 'have', 2, 1)
    expect(sum.markPartial(1, 4)).toBe(null)
    expect(partials(sum)).toEqual([0, 0, 0, 0, 0, 0])
    sum.count(1, true)
    expect(lacks(sum)).toEqual([1, 1, 1, 2, 2, 2])
    expect(partials(sum)).toEqual([0, 0, 0, 0, 1, 0])
  })

  it('ends a chunk being partial when it is complete or gone', () => {
    const sum = withReceivers(1)
    expect(sum.markPartial(1, 2)).toBe(sum.prompt)
    expect(sum.markPartial(1, 3)).toBe(sum.prompt)
    sum.run(1, 'held', 2, 1)
    sum.run(1, 'whole', 3, 1)
    expect(partials(sum)).toEqual([0, 0, 0, 0, 0, 0])
    expect(sum.markPartial(1, 2)).toBe(null)
  })

  it('takes a withdrawn receiver out wholly', () => {
    const sum = withReceivers(2)
    sum.markPartial(2, 0)
    sum.withdraw(2)
    expect(lacks(sum)).toEqual([1, 1, 1, 1, 1, 1])
    expect(partials(sum)).toEqual([0, 0, 0, 0, 0, 0])
    sum.withdraw(2)
    sum.run(2, 'have', 0, 6)
    expect(sum.prompt.lackingChunks).toBe(CHUNKS)
  })

  it('starts a readmitted receiver with nothing, uncounted', () => {
    const sum = withReceivers(1)
    sum.run(1, 'have', 0, CHUNKS)
    sum.markPartial(1, 0)
    sum.admit(1)
    expect(sum.prompt.lackingChunks).toBe(0)
    sum.count(1, true)
    expect(lacks(sum)).toEqual([1, 1, 1, 1, 1, 1])
  })

  it('ignores slots and chunks that do not exist', () => {
    const sum = withReceivers(1)
    sum.run(9, 'have', 0, 6)
    sum.count(9, true)
    expect(sum.markPartial(9, 0)).toBe(null)
    sum.run(1, 'have', 4, 100)
    expect(sum.markPartial(1, 100)).toBe(null)
    expect(lacks(sum)).toEqual([1, 1, 1, 1, 0, 0])
  })

  it('forgets all partials on demand, and keeps what is held', () => {
    const sum = withReceivers(2)
    for (const slot of [1, 2]) for (const chunk of [0, 1, 2]) sum.markPartial(slot, chunk)
    sum.run(1, 'have', 5, 1)
    sum.forgetPartials()
    expect(partials(sum)).toEqual([0, 0, 0, 0, 0, 0])
    expect(lacks(sum)).toEqual([2, 2, 2, 2, 2, 1])
  })

  it('waits for the sight of those that are counted and lack something, over the wrap of txSeq', () => {
    const sum = withReceivers(3)
    sum.heard(1, 0xffff_fff0)
    sum.heard(2, 5)
    sum.heard(3, 5)
    expect(sum.prompt.haveAllSeen(0xffff_fff0)).toBe(true)
    expect(sum.prompt.haveAllSeen(3)).toBe(false)
    sum.run(1, 'have', 0, CHUNKS)
    expect(sum.prompt.haveAllSeen(3)).toBe(true)
    expect(sum.prompt.haveAllSeen(6)).toBe(false)
    sum.count(2, false)
    sum.count(3, false)
    expect(sum.prompt.haveAllSeen(6)).toBe(true)
  })

  it('moves a straggler to a sum of its own, with all that is known of it', () => {
    const sum = withReceivers(2)
    sum.run(1, 'have', 0, 2)
    sum.markPartial(1, 4)
    sum.heard(2, 9)
    sum.defer(1, true)
    expect(lacks(sum)).toEqual([1, 1, 1, 1, 1, 1])
    expect(partials(sum)).toEqual([0, 0, 0, 0, 0, 0])
    expect([sum.deferred.lack(0), sum.deferred.lack(4), sum.deferred.partial(4)]).toEqual([0, 1, 1])
    expect([sum.deferred.lackingChunks, sum.lackedBy(1), sum.lackedBy(9)]).toEqual([4, 4, 0])
    expect([sum.prompt.receivers, sum.deferred.receivers]).toEqual([1, 1])
    expect(sum.prompt.haveAllSeen(9)).toBe(true)
    expect(sum.deferred.haveAllSeen(9)).toBe(false)
    expect(sum.markPartial(1, 5)).toBe(sum.deferred)
    sum.admit(1)
    sum.count(1, true)
    expect(sum.tallyOf(1)).toBe(sum.deferred)
    sum.defer(1, false)
    expect(sum.tallyOf(1)).toBe(sum.prompt)
    expect(sum.deferred.lackingChunks).toBe(0)
    expect(lacks(sum)).toEqual([2, 2, 2, 2, 2, 2])
  })

  it('agrees with a plain recount after thousands of random events', () => {
    const random = seededRandom(11)
    const pick = (below: number) => Math.floor(random() * below)
    const sum = createNeedSum(CHUNKS)
    const known = new Map<
      number,
      { has: Set<number>; partial: Set<number>; counted: boolean; late: boolean }
    >()
    for (let i = 0; i < 5_000; i++) {
      const slot = pick(4)
      const chunk = pick(CHUNKS)
      const one = known.get(slot)
      const event = pick(20)
      if (event === 0) {
        sum.admit(slot)
        known.set(slot, {
          has: new Set(),
          partial: new Set(),
          counted: false,
          late: one?.late ?? false,
        })
      } else if (event === 1) {
        sum.withdraw(slot)
        known.delete(slot)
      } else if (event < 5) {
        const counted = random() < 0.7
        sum.count(slot, counted)
        if (one) one.counted = counted
      } else if (event < 8) {
        const late = random() < 0.5
        sum.defer(slot, late)
        if (one) one.late = late
      } else if (event < 15) {
        const kind = (['have', 'held', 'whole'] as const)[pick(3)] ?? 'have'
        sum.run(slot, kind, chunk, 1)
        if (kind === 'whole') one?.has.delete(chunk)
        else one?.has.add(chunk)
        one?.partial.delete(chunk)
      } else {
        sum.markPartial(slot, chunk)
        if (one && !one.has.has(chunk)) one.partial.add(chunk)
      }
      const every = Array.from({ length: CHUNKS }, (_, at) => at)
      for (const [tally, late] of [
        [sum.prompt, false],
        [sum.deferred, true],
      ] as const) {
        const counted = [...known.values()].filter(each => each.counted && each.late === late)
        const expected = every.map(at => counted.filter(each => !each.has.has(at)).length)
        const partial = every.map(at => counted.filter(each => each.partial.has(at)).length)
        expect(every.map(at => tally.lack(at))).toEqual(expected)
        expect(every.map(at => tally.partial(at))).toEqual(partial)
        expect(tally.lackingChunks).toBe(expected.filter(Boolean).length)
      }
    }
  })
})
