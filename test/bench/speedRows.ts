/** No cap: how fast, and at what cost of processor time, by stock programs' measure. */
import { figures } from './networkRows.ts'
import { type Bench, type Line, medianOf, type Row, type Runs } from './row.ts'
import type { ToolName } from './tools.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30
const FASTER = 3

const EVERYBODY = { judged: ['benchcast', 'udpcast', 'uftp'], peers: [] } as const
const UDPCAST = { judged: ['benchcast', 'udpcast'], peers: ['uftp'] } as const

export const speedRow: Row = {
  name: 'speed',
  run: async function* (bench) {
    for (const hasOffload of [true, false]) {
      const sizeMib = bench.sizes.ordinaryMib
      const all = await bench.measure(sizeMib, { receivers: 4, hasOffload }, EVERYBODY)
      const bits = (sizeMib * MIB * 8) / 1e6
      const cell = `no cap, 0 %, N = 4, offload ${hasOffload ? 'on' : 'off'}`
      const mbits = (name: ToolName): number =>
        medianOf(all.get(name), one => bits / one.writtenSeconds)
      const shown = figures(all, one => bits / one.writtenSeconds, 0)
      if (!hasOffload) {
        yield { what: 'Mbit/s', cell, figures: shown, verdict: null }
        continue
      }
      for (const peer of ['udpcast', 'uftp'] as const) {
        yield {
          what: `Mbit/s; times ${peer}`,
          cell,
          figures: shown,
          verdict: {
            figure: mbits('benchcast') / mbits(peer),
            limit: { kind: 'at least', value: FASTER, unit: `times ${peer}` },
          },
        }
      }
    }
  },
}

export const senderCpuRow: Row = {
  name: 'sender-cpu',
  run: bench =>
    cpuLines(bench, {
      what: 'sender CPU s per GiB',
      pick: one => one.senderCpuSeconds,
      limit: 1 / 3,
    }),
}

export const receiverCpuRow: Row = {
  name: 'receiver-cpu',
  run: bench =>
    cpuLines(bench, {
      what: 'receiver CPU s per GiB',
      pick: one => one.receiverCpuSeconds,
      limit: 1,
    }),
}

interface CpuRow {
  readonly what: string
  pick(one: Runs[number]): number
  /** Times udpcast's. */
  readonly limit: number
}

async function* cpuLines(bench: Bench, { what, pick, limit }: CpuRow): AsyncIterable<Line> {
  const sizeMib = bench.sizes.largeMib
  const perGib = (one: Runs[number]): number => pick(one) / ((sizeMib * MIB) / GIB)
  for (const hasOffload of [true, false]) {
    const all = await bench.measure(sizeMib, { receivers: 1, hasOffload }, UDPCAST)
    const ours = medianOf(all.get('benchcast'), perGib)
    const theirs = medianOf(all.get('udpcast'), perGib)
    yield {
      what: `${what}; times udpcast`,
      cell: `no cap, 0 %, N = 1, ${sizeMib} MiB, offload ${hasOffload ? 'on' : 'off'}`,
      figures: figures(all, perGib, 2),
      verdict: hasOffload
        ? {
            figure: ours / theirs,
            limit: { kind: 'at most', value: limit, unit: 'times udpcast' },
          }
        : null,
    }
  }
  // Of an image of 1 MiB nearly all of it is starting and ending.
  const empty = await bench.measure(1, { receivers: 1 }, UDPCAST)
  yield {
    what: `of it, starting and ending: ${what.replace(' per GiB', '')}`,
    cell: 'no cap, 0 %, N = 1, 1 MiB',
    figures: figures(empty, pick, 2),
    verdict: null,
  }
}
