import { expect, test } from 'vitest'
import { BY_HAND, DEFAULT_RULES } from '../../../shared/session.ts'
import {
  clockOf,
  describeMachines,
  describeOptions,
  describeStartRule,
  nextAt,
  parseMachines,
  parseRate,
} from './describe.ts'

test.each([
  ['benchcast', { kind: 'fair' }, 'Slow machines last'],
  ['benchcast', { kind: 'together' }, 'All wait for the slowest'],
  ['benchcast', { kind: 'drop', belowBitsPerSecond: 50e6 }, 'Drop below 50 Mbit/s'],
  ['udpcast', { kind: 'fair' }, 'Stock udpcast'],
] as const)('%s receivers with the policy %j read as "%s"', (protocol, policy, words) => {
  expect(describeMachines(protocol, policy)).toBe(words)
})

test('the start rule reads as a sentence', () => {
  const none = BY_HAND
  expect(describeStartRule(none)).toBe('By hand')
  expect(
    describeStartRule({ ...BY_HAND, afterReceivers: 1, afterMs: 600_000, sinceLastJoinMs: 30_000 }),
  ).toBe('With the first machine or after 10 min or 30 s after the last join')
  expect(describeStartRule({ ...BY_HAND, afterReceivers: 20, afterFirstJoinMs: 900_000 })).toBe(
    'At 20 machines or 15 min after the first',
  )
})

test.each([
  ['300', 300e6],
  ['1.5g', 1.5e9],
  ['1,5 gbit', 1.5e9],
  ['200 Mbit/s', 200e6],
  ['64k', 64_000],
  ['63k', null],
  ['101g', null],
  ['fast', null],
  ['', null],
  ['-5', null],
])('the speed limit %j is %s bit/s', (text, rate) => expect(parseRate(text)).toBe(rate))

test('options read as what differs from the usual', () => {
  const usual = {
    protocol: 'benchcast' as const,
    policy: { kind: 'fair' as const },
    rateBitsPerSecond: null,
    rules: DEFAULT_RULES,
  }
  expect(describeOptions(usual)).toBe('As usual')
  expect(
    describeOptions({
      ...usual,
      rateBitsPerSecond: 300e6,
      rules: { ...DEFAULT_RULES, target: 'nvme', afterwards: 'poweroff', approvesUnknown: true },
    }),
  ).toBe('At most 300 Mbit/s, NVMe first, Switch off, with approval')
})

test('a clock time is the next such time, tomorrow if it has gone by', () => {
  const now = new Date(2026, 10, 22, 14, 0).getTime()
  expect(nextAt('14:30', now)).toBe(new Date(2026, 10, 22, 14, 30).getTime())
  expect(nextAt('13:59', now)).toBe(new Date(2026, 10, 23, 13, 59).getTime())
  expect(clockOf(nextAt('07:05', now) ?? 0)).toBe('07:05')
  for (const wrong of ['', '25:00', '12:60', 'noon']) expect(nextAt(wrong, now)).toBeNull()
})

test('machines are read out of whatever was pasted, and what is none is told apart', () => {
  expect(
    parseMachines('3C-52-82-AA-BB-01, 3c:52:82:aa:bb:01\n4c4c4544003010398051b7c04f4d3033 printer'),
  ).toEqual({
    machines: ['3c:52:82:aa:bb:01', '4c4c4544-0030-1039-8051-b7c04f4d3033'],
    strange: ['printer'],
  })
})
