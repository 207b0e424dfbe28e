import { describe, expect, test } from 'vitest'
import {
  type Election,
  heard,
  next,
  OTHER_QUERIER_PRESENT_MS,
  STARTUP_INTERVAL_MS,
  startElection,
} from './igmpElection.ts'
import type { IgmpQuery, IgmpVersion } from './igmpPacket.ts'

const OURS = '10.78.0.9'
const LOWER = '10.78.0.2'
const HIGHER = '10.78.0.100' // Lower than ours as a string.
const INTERVAL_MS = 30_000

const query = (source: string, version: IgmpVersion = 3): IgmpQuery => ({
  kind: 'query',
  version,
  source,
  group: '0.0.0.0',
})
const start = (): Election => startElection(OURS, INTERVAL_MS, 0)
const silencedAt = (atMs: number): Election => heard(start(), query(LOWER), atMs)

/** Times at which queries are sent, looking each `stepMs` from `fromMs` to `toMs`. */
function dueTimes(election: Election, fromMs: number, toMs: number, stepMs = 500): number[] {
  const due: number[] = []
  let current = election
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += stepMs) {
    const step = next(current, nowMs)
    current = step.election
    if (step.isDue) due.push(nowMs)
  }
  return due
}

describe('asking', () => {
  test('begins with three queries a second apart, then one each 30 s', () => {
    expect(dueTimes(start(), 0, 100_000)).toEqual([0, 1_000, 2_000, 32_000, 62_000, 92_000])
  })

  test('never asks slower at the beginning than later', () => {
    const quick = startElection(OURS, STARTUP_INTERVAL_MS / 2, 0)
    expect(dueTimes(quick, 0, 2_000)).toEqual([0, 500, 1_000, 1_500, 2_000])
  })

  test('a late look sends one query, not those that were missed', () => {
    const late = next(start(), 500_000)
    expect(late.isDue).toBe(true)
    expect(next(late.election, 500_000).isDue).toBe(false)
  })

  test('falls silent at a query from a lower address', () => {
    expect(silencedAt(700)).toMatchObject({
      state: 'silent',
      other: LOWER,
      untilMs: 700 + OTHER_QUERIER_PRESENT_MS,
    })
  })

  test('goes on at a query from a higher address', () => {
    expect(heard(start(), query(HIGHER), 700)).toEqual(start())
  })

  test('goes on at its own query, come back, and at one from the same address', () => {
    expect(heard(start(), query(OURS, 2), 700)).toEqual(start())
  })

  test('goes on at a query from 0.0.0.0', () => {
    expect(heard(start(), query('0.0.0.0', 2), 700)).toEqual(start())
  })

  test('compares addresses from 128.0.0.0 up as positive numbers', () => {
    const high = startElection('192.168.1.1', INTERVAL_MS, 0)
    expect(heard(high, query('10.0.0.1'), 0).state).toBe('silent')
    expect(heard(startElection('10.0.0.1', INTERVAL_MS, 0), query('192.168.1.1'), 0).state).toBe(
      'asking',
    )
  })
})

describe('silent', () => {
  test('sends nothing for 255 s, then a query at once and one each 30 s', () => {
    expect(OTHER_QUERIER_PRESENT_MS).toBe(255_000)
    expect(dueTimes(silencedAt(1_000), 1_000, 320_000)).toEqual([256_000, 286_000, 316_000])
  })

  test('waits anew at each query from a lower address, whoever sends it', () => {
    const again = heard(silencedAt(0), query(LOWER), 125_000)
    expect(again).toMatchObject({ state: 'silent', untilMs: 380_000 })
    const another = heard(again, query('10.78.0.5'), 200_000)
    expect(another).toMatchObject({ state: 'silent', other: '10.78.0.5', untilMs: 455_000 })
    expect(dueTimes(another, 200_000, 454_500)).toEqual([])
  })

  test.each([HIGHER, OURS, '0.0.0.0'])('does not wait longer because of %s', source => {
    expect(heard(silencedAt(0), query(source), 100_000)).toEqual(silencedAt(0))
  })

  test('having taken over, falls silent again when the other is back', () => {
    const back = next(silencedAt(0), OTHER_QUERIER_PRESENT_MS).election
    expect(back.state).toBe('asking')
    expect(heard(back, query(LOWER), 260_000)).toMatchObject({ state: 'silent', untilMs: 515_000 })
  })
})

describe('the version of our queries', () => {
  test('is 3 where nobody speaks less', () => {
    expect(start().version).toBe(3)
    expect(silencedAt(0).version).toBe(3)
  })

  test.each([1, 2] as const)('is 2 once another speaks %i, and stays', version => {
    const asking = heard(start(), query(HIGHER, version), 0)
    expect(asking).toMatchObject({ state: 'asking', version: 2 })
    expect(next(asking, 0).election.version).toBe(2)
    const silent = heard(asking, query(LOWER, 3), 0)
    expect(silent).toMatchObject({ state: 'silent', version: 2 })
    expect(next(silent, OTHER_QUERIER_PRESENT_MS).election.version).toBe(2)
    expect(heard(start(), query(LOWER, version), 0).version).toBe(2)
  })
})
