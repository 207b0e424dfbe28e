import { describe, expect, it } from 'vitest'
import { BY_HAND } from '../../../shared/session.ts'
import { startVerdict } from './startRule.ts'

const never = BY_HAND
const empty = { openedAtMs: 10_000, ready: 0, firstJoinAtMs: null, lastJoinAtMs: null }

describe('the rule that starts a session', () => {
  it('waits for the technician when nothing else was asked', () => {
    const verdict = startVerdict(never, { ...empty, ready: 9, lastJoinAtMs: 1 }, 9e9)
    expect(verdict).toEqual({ isDue: false, waitingFor: 'Waiting for you to start it' })
  })

  it('starts when the machine that makes the number full is ready', () => {
    const rule = { ...never, afterReceivers: 3 }
    const at = (ready: number) => startVerdict(rule, { ...empty, ready }, 10_000)
    expect(at(1)).toEqual({ isDue: false, waitingFor: 'Waiting for 2 more machines' })
    expect(at(2)).toEqual({ isDue: false, waitingFor: 'Waiting for 1 more machine' })
    expect(at(3).isDue).toBe(true)
    expect(at(4).isDue).toBe(true)
  })

  it('starts when its time is over and a machine is ready', () => {
    const rule = { ...never, afterMs: 5_000 }
    const ready = { ...empty, ready: 1 }
    expect(startVerdict(rule, ready, 14_999)).toEqual({
      isDue: false,
      waitingFor: 'Waiting for 1 s',
    })
    expect(startVerdict(rule, ready, 15_000).isDue).toBe(true)
  })

  it('never starts by time alone with nobody there: the first machine starts it', () => {
    const rule = { ...never, afterMs: 5_000 }
    expect(startVerdict(rule, empty, 99_000)).toEqual({
      isDue: false,
      waitingFor: 'Waiting for the first machine',
    })
    expect(startVerdict(rule, { ...empty, ready: 1 }, 99_000).isDue).toBe(true)
  })

  it('starts when no machine joined for a while, counted from the last one', () => {
    const rule = { ...never, sinceLastJoinMs: 4_000 }
    const joined = { ...empty, ready: 2, lastJoinAtMs: 20_000 }
    expect(startVerdict(rule, empty, 99_000)).toEqual({
      isDue: false,
      waitingFor: 'Waiting for 4 s without a new machine',
    })
    expect(startVerdict(rule, joined, 23_999)).toEqual({
      isDue: false,
      waitingFor: 'Waiting for 1 s without a new machine',
    })
    expect(startVerdict(rule, joined, 24_000).isDue).toBe(true)
    expect(startVerdict(rule, { ...joined, ready: 0 }, 24_000).isDue).toBe(false)
  })

  it('starts by whichever rule holds first, and names all it waits for', () => {
    const rule = { ...BY_HAND, afterReceivers: 4, afterMs: 60_000, sinceLastJoinMs: 10_000 }
    const waiting = { openedAtMs: 0, ready: 1, firstJoinAtMs: 5_000, lastJoinAtMs: 5_000 }
    expect(startVerdict(rule, waiting, 6_000)).toEqual({
      isDue: false,
      waitingFor: 'Waiting for 3 more machines, or 54 s, or 9 s without a new machine',
    })
    expect(startVerdict(rule, { ...waiting, ready: 4 }, 6_000).isDue).toBe(true)
    expect(startVerdict(rule, waiting, 15_000).isDue).toBe(true)
    expect(startVerdict(rule, { ...waiting, lastJoinAtMs: 59_000 }, 60_000).isDue).toBe(true)
  })
})
