/** What the protocol costs under a known cap: time against the best possible, bytes, and time by number of machines. */
import type { Measured } from './cell.ts'
import { type Bench, type CellPlan, type Line, medianOf, type Row, type Runs } from './row.ts'
import type { ToolName } from './tools.ts'

const MIB = 2 ** 20
const CAP_MBIT = 200
const SLOW_CAP_MBIT = 10
/** Headers of 1408 bytes of payload, up to and with Ethernet's. */
const WIRE_SHARE = 1.046
const LOSSES = [0, 1, 5] as const
const COUNTS = [1, 8] as const
const MANY = 32

/** Without offload each datagram crosses, and is lost, by itself, as on a cable. */
const CABLE = { hasOffload: false } as const

export const wallRow: Row = {
  name: 'wall',
  run: async function* (bench) {
    for (const receivers of COUNTS) {
      for (const lossPercent of LOSSES) {
        const plan = { ...CABLE, receivers, lossPercent, rateMbit: CAP_MBIT }
        const sizeMib = bench.sizes.ordinaryMib
        const told = await bench.measure(sizeMib, plan, PEERS)
        const bestSeconds = best(sizeMib, lossPercent)
        const ratio = (runs: Runs | undefined): number =>
          medianOf(runs, one => one.writtenSeconds / bestSeconds)
        const cell = `${CAP_MBIT} Mbit/s, ${lossPercent} %, N = ${receivers}`
        yield {
          what: 'time / best possible',
          cell,
          figures: figures(told, one => one.writtenSeconds / bestSeconds, 3),
          verdict: {
            figure: ratio(told.get('benchcast')),
            limit: { kind: 'at most', value: 1.06, unit: 'times' },
          },
        }
        // Where it is hardest to find: eight answer, and lose.
        if (receivers === 8) yield await untoldLine(bench, plan, cell, bestSeconds)
      }
    }
  },
}

/** What a technician gets who does not know what his switch carries. */
async function untoldLine(
  bench: Bench,
  plan: CellPlan,
  cell: string,
  bestSeconds: number,
): Promise<Line> {
  const runs = await bench.measure(
    bench.sizes.ordinaryMib,
    { ...plan, isRateTold: false },
    { judged: [], peers: ['benchcast'] },
  )
  return {
    what: 'time / best possible, not told of the cap',
    cell,
    figures: figures(runs, one => one.writtenSeconds / bestSeconds, 3),
    verdict: null,
  }
}

export const wireRow: Row = {
  name: 'wire',
  run: async function* (bench) {
    for (const [lossPercent, value] of [
      [1, 1.08],
      [5, 1.15],
    ] as const) {
      const plan = { ...CABLE, receivers: 8, lossPercent, rateMbit: CAP_MBIT }
      const runs = await bench.measure(bench.sizes.ordinaryMib, plan, PEERS)
      yield {
        what: 'bytes on the wire / bytes of image',
        cell: `${CAP_MBIT} Mbit/s, ${lossPercent} %, N = 8`,
        figures: figures(runs, one => one.wireRatio, 3),
        verdict: {
          figure: medianOf(runs.get('benchcast'), one => one.wireRatio),
          limit: { kind: 'at most', value, unit: 'times' },
        },
      }
    }
  },
}

export const scalingRow: Row = {
  name: 'scaling',
  run: async function* (bench) {
    for (const [lossPercent, value] of [
      [1, 1.06],
      [5, 1.12],
    ] as const) {
      const plan = { ...CABLE, lossPercent, rateMbit: SLOW_CAP_MBIT }
      const one = await bench.measure(bench.sizes.smallMib, { ...plan, receivers: 1 }, PEERS)
      const many = await bench.measure(bench.sizes.smallMib, { ...plan, receivers: MANY }, PEERS)
      yield scalingLine(one, many, lossPercent, value)
    }
  },
}

function scalingLine(
  one: ReadonlyMap<ToolName, Runs>,
  many: ReadonlyMap<ToolName, Runs>,
  lossPercent: number,
  value: number,
): Line {
  const seconds = (runs: Runs | undefined): number => medianOf(runs, run => run.writtenSeconds)
  const text = (name: ToolName): [ToolName, string] => {
    const [few, all] = [seconds(one.get(name)), seconds(many.get(name))]
    return [name, `${(all / few).toFixed(3)} (${few.toFixed(2)} s, ${all.toFixed(2)} s)`]
  }
  return {
    what: `time of N = ${MANY} / time of N = 1`,
    cell: `${SLOW_CAP_MBIT} Mbit/s, ${lossPercent} %`,
    figures: Object.fromEntries([...many.keys()].filter(name => one.has(name)).map(text)),
    verdict: {
      figure: seconds(many.get('benchcast')) / seconds(one.get('benchcast')),
      limit: { kind: 'at most', value, unit: 'times' },
    },
  }
}

/** Any cells, by the options `--receivers`, `--rates` and `--loss`: shown, not judged. */
export function matrixRow(cells: readonly CellPlan[]): Row {
  return {
    name: 'matrix',
    run: async function* (bench: Bench) {
      const sizeMib = bench.sizes.ordinaryMib
      const mbits = (seconds: number): string => ((sizeMib * MIB * 8) / 1e6 / seconds).toFixed(0)
      for (const plan of cells) {
        const runs = await bench.measure(sizeMib, plan, PEERS)
        const rate = plan.rateMbit ? `${plan.rateMbit} Mbit/s` : 'no cap'
        const cell = `${rate}, ${plan.lossPercent ?? 0} %, N = ${plan.receivers}, offload ${plan.hasOffload === false ? 'off' : 'on'}`
        const shown: readonly (readonly [string, (of: Runs) => string])[] = [
          ['wall s', of => medianOf(of, one => one.wallSeconds).toFixed(2)],
          ['written s', of => medianOf(of, one => one.writtenSeconds).toFixed(2)],
          ['Mbit/s', of => mbits(medianOf(of, one => one.writtenSeconds))],
          ['sender CPU s', of => medianOf(of, one => one.senderCpuSeconds).toFixed(2)],
          ['CPU s per receiver', of => medianOf(of, one => one.receiverCpuSeconds).toFixed(2)],
          ['bytes on the wire', of => medianOf(of, one => one.wireRatio).toFixed(3)],
        ]
        for (const [what, text] of shown) {
          const all = [...runs].map(([name, of]) => [name, text(of)])
          yield { what, cell, figures: Object.fromEntries(all), verdict: null }
        }
      }
    },
  }
}

const PEERS = { judged: ['benchcast'], peers: ['udpcast', 'uftp'] } as const

/** Seconds in which nobody could be faster, whatever the protocol. */
function best(sizeMib: number, lossPercent: number): number {
  return (sizeMib * MIB * 8 * WIRE_SHARE) / (1 - lossPercent / 100) / (CAP_MBIT * 1e6)
}

export function figures(
  all: ReadonlyMap<ToolName, Runs>,
  pick: (one: Measured) => number,
  digits: number,
): Partial<Record<ToolName, string>> {
  return Object.fromEntries([...all].map(([name, runs]) => [name, text(runs, pick, digits)]))
}

/** The median, and the range of what was measured where it is more than one. */
function text(runs: Runs, pick: (one: Measured) => number, digits: number): string {
  const values = runs.map(pick)
  if (values.length === 0) return 'failed'
  const middle = medianOf(runs, pick).toFixed(digits)
  if (values.length === 1) return `${middle} (one run)`
  return `${middle} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`
}
