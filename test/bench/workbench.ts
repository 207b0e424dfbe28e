/** The bench that the rows work on: images made once, cells measured once, everything in one directory. */
import { spawnSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { importImage } from '../netns/commands.ts'
import { type Measured, measure } from './cell.ts'
import type { Bench, CellPlan, CellTools, Image, Runs, Sizes } from './row.ts'
import { type Plan, type ToolName, TOOLS } from './tools.ts'
import { warmMemory } from './warmMemory.ts'

const MIB = 2 ** 20
/** A peer that is only shown is repeated as long as all its runs of a cell take no longer than this together. */
const PEER_BUDGET_SECONDS = 20
const REMARK_CHARACTERS = 160
/** udpcast may wait for ever for a receiver that never joined. */
const TIMEOUT_MS = 120_000

export interface WorkbenchOptions {
  readonly runs: number
  readonly sizes: Sizes
  /** Shown beside; without it, those that are installed. */
  readonly tools: readonly ToolName[]
  readonly profiles: string | null
  /** Made by the caller, and removed by him. */
  readonly directory: string
}

export interface Workbench extends Bench {
  remarks(): readonly string[]
  hasFailed(): boolean
}

export function createWorkbench(options: WorkbenchOptions): Workbench {
  const { runs, sizes, profiles, directory } = options
  const outputs = path.join(directory, 'outputs')
  fs.mkdirSync(outputs)
  const images = new Map<number, Image>()
  const cells = new Map<string, Measured[]>()
  const remarks: string[] = []
  let hasFailed = false
  const say = (text: string): void => void process.stderr.write(`${text}\n`)
  const fail = (text: string): void => {
    hasFailed = true
    say(text)
    remarks.push(brief(text))
  }

  function image(sizeMib: number): Image {
    const known = images.get(sizeMib)
    if (known) return known
    const file = path.join(directory, `random${sizeMib}`)
    writeRandom(file, sizeMib)
    const catalog = path.join(directory, `catalog${sizeMib}`)
    const made = { file, catalog, image: importImage(catalog, file), sizeBytes: sizeMib * MIB }
    images.set(sizeMib, made)
    return made
  }

  async function measureCell(
    sizeMib: number,
    cell: CellPlan,
    { judged, peers }: CellTools,
  ): Promise<ReadonlyMap<ToolName, Runs>> {
    const { file, catalog, image: id } = image(sizeMib)
    const plan: Plan = { ...USUAL, profiles, ...cell, file, catalog, image: id }
    const asked = [...judged, ...peers].filter(name => options.tools.includes(name))
    const results = new Map(asked.map(name => [name, cellOf(cells, name, sizeMib, plan)]))
    for (let run = 1; run <= runs; run++) {
      for (const [name, done] of results) {
        if (done.length >= run) continue
        if (!judged.includes(name) && isSpent(done)) continue
        const text = `run ${run}: ${TOOLS[name].name}, ${describe(plan)}`
        try {
          warmMemory(outputs, plan.receivers, sizeMib * MIB)
          const one = await measure(TOOLS[name], plan, outputs, TIMEOUT_MS)
          say(`${text}: ${one.writtenSeconds.toFixed(2)} s`)
          done.push(one)
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error)
          if (judged.includes(name)) fail(`${text}: ${reason}`)
          else {
            say(`${text}: ${reason}`)
            remarks.push(brief(`${text}: ${reason}`))
          }
        }
      }
    }
    return results
  }

  return {
    runs,
    sizes,
    profiles,
    outputs,
    image,
    measure: measureCell,
    tool: name => TOOLS[name],
    say,
    remark: text => void remarks.push(text),
    fail,
    remarks: () => remarks,
    hasFailed: () => hasFailed,
  }
}

/** Those of all tools that are installed here. */
export function installedTools(): ToolName[] {
  return (Object.keys(TOOLS) as ToolName[]).filter(name => {
    const { status } = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', TOOLS[name].program])
    return status === 0
  })
}

const USUAL = { rateMbit: null, isRateTold: true, lossPercent: 0, hasOffload: true } as const

function cellOf(
  cells: Map<string, Measured[]>,
  name: ToolName,
  sizeMib: number,
  plan: Plan,
): Measured[] {
  const { receivers, rateMbit, isRateTold, lossPercent, hasOffload } = plan
  const key = [name, sizeMib, receivers, rateMbit, isRateTold, lossPercent, hasOffload].join(' ')
  const known = cells.get(key)
  if (known) return known
  const made: Measured[] = []
  cells.set(key, made)
  return made
}

function isSpent(done: readonly Measured[]): boolean {
  const last = done.at(-1)?.wallSeconds ?? 0
  const spent = done.reduce((sum, one) => sum + one.wallSeconds, 0)
  return spent + last > PEER_BUDGET_SECONDS
}

/** Whoever watched has seen all of it. */
function brief(text: string): string {
  return (text.split('\n')[0] ?? '').slice(0, REMARK_CHARACTERS)
}

function describe(plan: Plan): string {
  const { receivers, rateMbit, isRateTold, lossPercent, hasOffload } = plan
  const told = isRateTold ? 'told' : 'not told'
  const cap = rateMbit === null ? 'no cap' : `${rateMbit} Mbit/s (${told})`
  return `${cap}, ${lossPercent} %, N = ${receivers}, offload ${hasOffload ? 'on' : 'off'}`
}

function writeRandom(file: string, sizeMib: number): void {
  const fd = fs.openSync(file, 'w')
  const bytes = Buffer.alloc(MIB)
  for (let i = 0; i < sizeMib; i++) fs.writeSync(fd, randomFillSync(bytes))
  fs.closeSync(fd)
}
