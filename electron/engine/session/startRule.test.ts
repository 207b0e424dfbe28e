import { describe, expect, it } from 'vitest'
import { BY_HAND } from '../../../shared/session.ts'
import { checkStart, startVerdict } from './startRule.ts'

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

  it('starts some time after the first machine, however many follow', () => {
    const rule = { ...never, afterFirstJoinMs: 4_000 }
    expect(startVerdict(rule, empty, 99_000)).toEqual({
      isDue: false,
      waitingFor: 'Waiting for 4 s after the first machine',
    })
    const joined = { ...empty, ready: 2, firstJoinAtMs: 20_000, lastJoinAtMs: 23_900 }
    expect(startVerdict(rule, joined, 23_999)).toEqual({
      isDue: false,
      waitingFor: 'Waiting for 1 s',
    })
    expect(startVerdict(rule, joined, 24_000).isDue).toBe(true)
    // The first one went again: the next is imaged at once.
    expect(startVerdict(rule, { ...joined, ready: 0 }, 30_000)).toEqual({
      isDue: false,
      waitingFor: 'Waiting for the first machine',
    })
  })

  it('casts as scheduled when the delay is over or the session is large enough', () => {
    const rule = { ...never, afterFirstJoinMs: 60_000, afterReceivers: 3 }
    const joined = { ...empty, ready: 2, firstJoinAtMs: 20_000, lastJoinAtMs: 21_000 }
    expect(startVerdict(rule, joined, 50_000)).toEqual({
      isDue: false,
      waitingFor: 'Waiting for 1 more machine, or 30 s',
    })
    expect(startVerdict(rule, { ...joined, ready: 3 }, 50_000).isDue).toBe(true)
    expect(startVerdict(rule, joined, 80_000).isDue).toBe(true)
  })

  it('starts at a clock time, or with the first machine after it', () => {
    const noon = new Date(2026, 10, 22, 12).getTime()
    const rule = { ...never, atMs: noon }
    const ready = { ...empty, ready: 1, firstJoinAtMs: noon - 5, lastJoinAtMs: noon - 5 }
    expect(startVerdict(rule, ready, noon - 1)).toEqual({
      isDue: false,
      waitingFor: 'Waiting for 12:00',
    })
    expect(startVerdict(rule, ready, noon).isDue).toBe(true)
    expect(startVerdict(rule, empty, noon + 1)).toEqual({
      isDue: false,
      waitingFor: 'Waiting for the first machine',
    })
    expect(startVerdict(rule, ready, noon - 86_400_000).waitingFor).toBe(
      'Waiting for 12:00 on 2026-11-22',
    )
  })

  it('refuses a clock time that has passed, but not one that stood there before', () => {
    const rule = { ...never, atMs: 50_000 }
    expect(() => checkStart(rule, null, 49_999)).not.toThrow()
    expect(() => checkStart(rule, null, 50_000)).toThrow(/has passed/)
    expect(() => checkStart({ ...rule, afterReceivers: 2 }, rule, 60_000)).not.toThrow()
    expect(() => checkStart({ ...rule, atMs: 51_000 }, rule, 60_000)).toThrow(/has passed/)
  })
})
