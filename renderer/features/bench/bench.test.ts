import { expect, test } from 'vitest'
import type { BenchMachine } from '../../../shared/bench.ts'
import type { BootMachine } from '../../../shared/boot.ts'
import { benchMachine } from '../../../test/window/scripted/machines.ts'
import { IMAGES, receiver, session } from '../../../test/window/scripted/rows.ts'
import { shownMachines } from './bench.ts'

const [image] = IMAGES
if (!image) throw new Error('no image')
const of = session(image, 'eth0')
const first = receiver(of, 1)
const second = receiver(of, 2)

const starting = (mac: string, firstSeenAtMs = 0): BootMachine => ({
  mac,
  uuid: null,
  firmware: 'uefi-x64',
  way: 'pxe',
  address: null,
  state: 'asked',
  sentence: 'Asked to start over the network.',
  isStuck: false,
  firstSeenAtMs,
  lastSeenAtMs: 0,
  reachedAtMs: {},
  asks: 1,
  starts: 1,
})
const up = (row: typeof first, part: Partial<BenchMachine> = {}): BenchMachine => ({
  ...benchMachine(row, null),
  hardware: null,
  ...part,
})

test('from the first packet to the session a machine is one tile, with one key', () => {
  const boot = starting(first.mac.toUpperCase())
  const stages = [
    shownMachines(null, [], [], [boot]),
    shownMachines(null, [], [up(first)], [boot]),
    shownMachines(of.id, [first], [up(first, { sessionId: of.id })], [boot]),
    shownMachines(of.id, [first], [], []),
  ]
  for (const shown of stages) {
    expect(shown).toHaveLength(1)
    expect(shown[0]?.key).toBe(first.mac)
  }
  expect(stages.map(shown => shown[0]?.number)).toEqual([null, 1, 1, 1])
})

test('machines with numbers stand in their order, those on their way as they came behind them', () => {
  const shown = shownMachines(
    of.id,
    [second],
    [up(first)],
    [starting('00:00:00:00:00:0b', 20), starting('00:00:00:00:00:0a', 10)],
  )
  expect(shown.map(one => one.number ?? one.key)).toEqual([
    1,
    2,
    '00:00:00:00:00:0a',
    '00:00:00:00:00:0b',
  ])
})

test('a machine of another session is not shown, nor its start', () => {
  const other = up(first, { sessionId: '000000ff', state: 'busy' })
  expect(shownMachines(of.id, [], [other], [starting(first.mac)])).toEqual([])
  expect(shownMachines(of.id, [], [up(first, { assignedTo: '000000ff' })], [])).toEqual([])
  expect(shownMachines('000000ff', [], [other], [])).toHaveLength(1)
})

test('a receiver that has ended is no machine that waits; one that was up and went is missed', () => {
  const left = up(first, { state: 'gone' })
  expect(shownMachines(of.id, [], [left], [])).toEqual([])
  expect(shownMachines(of.id, [first], [left], [])).toHaveLength(1)
  // The same machine, started over the network now.
  expect(shownMachines(of.id, [], [left], [starting(first.mac)])).toHaveLength(1)
  const hardware = { uuid: '', cpu: '', cpuThreads: 4, memoryBytes: 1, linkBitsPerSecond: null }
  const missed = up(first, { state: 'gone', hardware: { ...hardware, disks: [] } })
  expect(shownMachines(of.id, [], [missed], [])).toHaveLength(1)
})

test('receivers that share a card, or have none, keep apart', () => {
  const mac = '00:00:00:00:00:00'
  const lo = [first, second].map(row => ({ ...row, mac }))
  const shared = [first, second].map(row => ({ ...row, mac: first.mac }))
  for (const rows of [lo, shared]) {
    expect(shownMachines(of.id, rows, [], []).map(one => one.key)).toEqual([first.id, second.id])
  }
})
