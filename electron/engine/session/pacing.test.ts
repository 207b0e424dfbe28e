import { expect, test } from 'vitest'
import {
  createSlowMeter,
  type PacingSample,
  type PacingWindow,
  reasonFor,
  settle,
} from './pacing.ts'
import { paceOf, type SenderPace } from './pacingSession.ts'

const MIB = 2 ** 20
const sender: SenderPace = {
  phase: 'sending',
  sentBitsPerSecond: 400e6,
  wantedBitsPerSecond: 400e6,
  capBitsPerSecond: null,
  limitedBy: null,
  linkBitsPerSecond: 1e9,
}
const capped: SenderPace = { ...sender, capBitsPerSecond: 400e6 }
/** Two seconds of a machine that gets everything. */
const healthy: PacingWindow = {
  spanMs: 2_000,
  received: 60_000,
  missed: 0,
  kernelDrops: 0,
  writtenBytes: 90e6,
  heldBytes: 0,
  freeAssemblyKiB: 200_000,
  limiter: null,
  limiterShare: 0,
  linkBitsPerSecond: 1e9,
}

test.each([
  ['a healthy machine', {}, sender, null, ''],
  ['1 % of loss, which repair hides', { missed: 600 }, sender, null, ''],
  ['5 % of loss', { missed: 3_158 }, sender, 'network-loss', '5 % of the packets'],
  [
    'kernel drops among the gaps',
    { missed: 3_158, kernelDrops: 3_000 },
    sender,
    'socket-overflow',
    '4.7 % of the packets',
  ],
  [
    'few kernel drops beside losses',
    { missed: 3_158, kernelDrops: 700 },
    sender,
    'network-loss',
    '3.9 %',
  ],
  ['too few packets for a verdict', { received: 50, missed: 40 }, sender, null, ''],
  [
    'a disk, said by the machine',
    { limiter: 'disk', limiterShare: 0.8, writtenBytes: 5e6, heldBytes: 31 * MIB },
    sender,
    'disk',
    '2.5 MB/s get written, 31 MiB wait',
  ],
  ['a disk that waited once', { limiter: 'disk', limiterShare: 0.25 }, sender, null, ''],
  [
    'a disk and losses: the disk stops it, losses only cost as much again',
    { limiter: 'disk', limiterShare: 1, missed: 3_158 },
    sender,
    'disk',
    'get written',
  ],
  [
    'a processor that unpacks',
    { limiter: 'decompression', limiterShare: 1, writtenBytes: 40e6 },
    sender,
    'decompression',
    '20 MB/s get through',
  ],
  [
    'a backlog that the machine does not explain',
    { writtenBytes: 20e6, heldBytes: 40e6 },
    sender,
    'disk',
    '10 MB/s',
  ],
  [
    'a link of its own that is slower than what is sent',
    { received: 16_000, missed: 44_000, linkBitsPerSecond: 100e6 },
    sender,
    'link',
    'carries 100 Mbit/s, and 400 Mbit/s are sent',
  ],
  [
    'a link nobody told of, by what arrives over it',
    { received: 16_000, missed: 44_000, linkBitsPerSecond: null },
    sender,
    'link',
    '100 Mbit/s',
  ],
  ['the cap', {}, capped, 'cap', 'cap of 400 Mbit/s'],
  ['losses under a cap', { missed: 3_158 }, capped, 'network-loss', '5 %'],
  ['a cap that is not reached', {}, { ...capped, sentBitsPerSecond: 200e6 }, null, ''],
] as const)('%s', (_, part, pace, reason, figure) => {
  const slow = reasonFor({ ...healthy, ...part }, pace)
  expect(slow?.reason ?? null).toBe(reason)
  expect(slow?.sentence ?? '').toContain(figure)
})

test('a reason stands until its figure is half of what it took to come', () => {
  const some = { ...healthy, missed: 800 } // 1.3 %
  expect(reasonFor(some, sender)).toBe(null)
  expect(reasonFor(some, sender, 'network-loss')?.reason).toBe('network-loss')
  expect(reasonFor({ ...healthy, missed: 500 }, sender, 'network-loss')).toBe(null)
})

test('a new kind of verdict takes the place after a second, new figures at once', () => {
  const kind = (text: string): string => text[0] ?? ''
  let state = settle(settle<string>(null, null, 0), 'a1', 0, kind)
  expect(state.value).toBe(null)
  state = settle(state, 'a1', 500, kind)
  expect(state.value).toBe(null)
  state = settle(state, 'a2', 1_000, kind)
  expect(state.value).toBe('a2')
  state = settle(state, 'a3', 1_100, kind)
  expect(state.value).toBe('a3')
  state = settle(state, null, 1_200, kind)
  state = settle(state, 'a4', 1_700, kind)
  expect(state).toEqual({ value: 'a4', rival: null })
})

const start: PacingSample = {
  atMs: 0,
  receivedDatagrams: 0,
  missedDatagrams: 0,
  kernelDrops: 0,
  haveBytes: 0,
  heldBytes: 0,
  freeAssemblyKiB: 0,
  limiter: null,
}

test('a machine that starts to lose is named within two seconds, and cleared once it is well', () => {
  const meter = createSlowMeter()
  let sample = start
  const run = (steps: number, lost: number): (string | null)[] =>
    Array.from({ length: steps }, () => {
      sample = {
        ...sample,
        atMs: sample.atMs + 500,
        receivedDatagrams: sample.receivedDatagrams + 1_000,
        missedDatagrams: sample.missedDatagrams + lost,
      }
      return meter.step(sample, sender, null)?.reason ?? null
    })
  expect(new Set(run(6, 0))).toEqual(new Set([null]))
  expect(run(4, 60).at(-1)).toBe('network-loss')
  expect(new Set(run(6, 60))).toEqual(new Set(['network-loss']))
  expect(run(8, 0).at(-1)).toBe(null)
})

test('counters that begin anew with a connection are no losses', () => {
  const meter = createSlowMeter()
  for (let step = 1; step <= 5; step++) {
    const sample = { ...start, atMs: step * 500, receivedDatagrams: step * 1_000 }
    expect(meter.step(sample, sender, null)).toBe(null)
  }
  for (let step = 1; step <= 5; step++) {
    const sample = { ...start, atMs: 2_500 + step * 500, receivedDatagrams: step * 100 }
    expect(meter.step({ ...sample, missedDatagrams: 5_000 }, sender, null)).toBe(null)
  }
})

type Row = Parameters<typeof paceOf>[1][number]
const row: Row = {
  number: 1,
  state: 'receiving',
  slowBecause: null,
  rateBytesPerSecond: 50e6,
  haveBytes: 50,
  totalBytes: 100,
}
const fourth: Row = {
  ...row,
  number: 4,
  haveBytes: 20,
  rateBytesPerSecond: 2e6,
  slowBecause: { reason: 'disk', sentence: '' },
}
const idle = { ...sender, phase: 'idle' as const, sentBitsPerSecond: 0 }
const cap = { ...sender, capBitsPerSecond: 400e6 }

test.each([
  ['the cap', cap, [row], 'cap', null, 'The cap of 400 Mbit/s paces it'],
  ['the cap, while a slow machine is left behind', cap, [row, fourth], 'cap', null, 'cap'],
  ['a slow disk that all wait for', idle, [row, fourth], 'receiver', 4, 'Machine 4’s disk'],
  [
    'a slow disk, once the others have ended, whatever is sent',
    cap,
    [{ ...row, state: 'done' }, fourth],
    'receiver',
    4,
    'Machine 4’s disk paces the session',
  ],
  [
    'the one that is furthest behind of two',
    idle,
    [{ ...fourth, number: 2, haveBytes: 30 }, fourth],
    'receiver',
    4,
    'Machine 4',
  ],
  [
    'disks of all, though each takes nearly all that is sent',
    sender,
    [{ ...fourth, rateBytesPerSecond: 48e6 }],
    'receiver',
    4,
    'Machine 4’s disk paces the session',
  ],
  [
    'the cap, while disks keep up with nearly all of it',
    cap,
    [{ ...fourth, rateBytesPerSecond: 48e6 }],
    'cap',
    null,
    'cap',
  ],
  [
    'a machine that the session has slowed down to, though nothing slows it now',
    { ...cap, sentBitsPerSecond: 40e6, limitedBy: row.number },
    [row],
    'receiver',
    row.number,
    'takes no more',
  ],
  ['this computer', { ...sender, sentBitsPerSecond: 150e6 }, [row], 'sender', null, '150 Mbit/s'],
  [
    'the card',
    { ...sender, sentBitsPerSecond: 940e6 },
    [row],
    'network',
    null,
    'card eth0, 1 Gbit/s',
  ],
  ['the rate that was found', sender, [row], 'network', null, '400 Mbit/s'],
  ['a silent machine', idle, [{ ...row, number: 3, state: 'lost' }], 'silence', 3, 'machine 3'],
  ['reading back', idle, [{ ...row, state: 'verifying' }], 'reading', null, 'read their disks'],
] as const)('paced by %s', (_, pace, rows, kind, receiverNumber, words) => {
  const by = paceOf(pace, rows, 'eth0')
  expect(by).toMatchObject({ kind, receiverNumber })
  expect(by?.sentence).toContain(words)
})

test('nothing is said of a session of which nothing was measured', () => {
  const unknown = { ...sender, sentBitsPerSecond: 0, wantedBitsPerSecond: 0 }
  expect(paceOf(unknown, [row], 'eth0')).toBe(null)
})

test('nothing is said of a session with nothing left to send', () => {
  expect(paceOf(idle, [row], 'eth0')).toBe(null)
  expect(paceOf(idle, [{ ...row, state: 'done' }], 'eth0')).toBe(null)
})
