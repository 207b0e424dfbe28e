/**
 * `npm run bench`: Benchcast beside Debian's udp-sender and udp-receiver (package udpcast), same namespaces, same file,
 * one run. Needs root for the namespaces. Prints a Markdown table; every output of every cell was compared byte by byte.
 *
 *   --receivers 1,4,8   --rates none,200   --loss 0 (%)   --size 128 (MiB)   --runs 1 (medians)   --no-import
 */
import { spawnSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { importImage, makeDirectory } from '../netns/commands.ts'
import { measure, type Measured } from './cell.ts'
import { benchcast, type Plan, type Tool, udpcast } from './tools.ts'

const MIB = 1024 * 1024
const IMPORT_BENCH = path.join(import.meta.dirname, 'importSpeed.ts')

const { values } = parseArgs({
  options: {
    receivers: { type: 'string', default: '1,4,8' },
    rates: { type: 'string', default: 'none,200' },
    loss: { type: 'string', default: '0' },
    size: { type: 'string', default: '128' },
    runs: { type: 'string', default: '1' },
    'no-import': { type: 'boolean', default: false },
  },
})
const counts = values.receivers.split(',').map(positive)
const rates = values.rates.split(',').map(rate => (rate === 'none' ? null : positive(rate)))
const losses = values.loss.split(',').map(percent)
const sizeMib = positive(values.size)
const runs = positive(values.runs)

const directory = makeDirectory()
const clean = (): void => fs.rmSync(directory, { recursive: true, force: true })
process.on('exit', clean)
// The lab removes itself on 'exit' too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(130))
}

let hasFailed = false
process.stdout.write(`${heading()}\n`)
await compare()
if (!values['no-import'] && fs.existsSync(IMPORT_BENCH)) {
  process.stdout.write('\n')
  const { status } = spawnSync(process.execPath, [IMPORT_BENCH], { stdio: 'inherit' })
  hasFailed ||= status !== 0
}
process.exitCode = hasFailed ? 1 : 0

async function compare(): Promise<void> {
  const file = path.join(directory, 'image')
  writeRandom(file)
  const catalog = path.join(directory, 'catalog')
  const image = importImage(catalog, file)
  const outputs = path.join(directory, 'outputs')
  fs.mkdirSync(outputs)
  for (const rateMbit of rates) {
    for (const lossPercent of losses) {
      for (const receivers of counts) {
        const plan = { file, catalog, image, receivers, rateMbit, lossPercent }
        for (const tool of [udpcast, benchcast]) {
          process.stdout.write(`${row(tool, plan, await measureRuns(tool, plan, outputs))}\n`)
        }
      }
    }
  }
}

async function measureRuns(tool: Tool, plan: Plan, outputs: string): Promise<Measured[]> {
  const results: Measured[] = []
  for (let run = 0; run < runs; run++) {
    try {
      results.push(await measure(tool, plan, outputs))
    } catch (error) {
      hasFailed = true
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
  return results
}

function heading(): string {
  return [
    `${sizeMib} MiB of random bytes, ${runs === 1 ? 'one run' : `medians of ${runs} runs`}, ${os.availableParallelism()} cores, Linux ${os.release()}, Node ${process.versions.node}.`,
    '',
    '| rate | loss | receivers | tool | ok | wall s | transfer s | Mbit/s | sender CPU s | CPU s per receiver | wire bytes per byte |',
    '| ---- | ---- | --------- | ---- | -- | ------ | ---------- | ------ | ------------ | ------------------ | ------------------- |',
  ].join('\n')
}

function row(tool: Tool, plan: Plan, results: readonly Measured[]): string {
  const { rateMbit, lossPercent, receivers } = plan
  const of = (pick: (one: Measured) => number): number => median(results.map(pick))
  const transfer = of(one => one.transferSeconds)
  return `| ${[
    rateMbit === null ? 'none' : `${rateMbit} Mbit/s`,
    `${lossPercent} %`,
    receivers,
    tool.name,
    `${results.length}/${runs}`,
    of(one => one.wallSeconds).toFixed(1),
    transfer.toFixed(1),
    ((sizeMib * MIB * 8) / 1e6 / transfer).toFixed(0),
    of(one => one.senderCpuSeconds).toFixed(1),
    of(one => one.receiverCpuSeconds).toFixed(1),
    of(one => one.wireRatio).toFixed(3),
  ].join(' | ')} |`
}

function writeRandom(file: string): void {
  const fd = fs.openSync(file, 'w')
  const bytes = Buffer.alloc(MIB)
  for (let i = 0; i < sizeMib; i++) fs.writeSync(fd, randomFillSync(bytes))
  fs.closeSync(fd)
}

function median(all: readonly number[]): number {
  const sorted = all.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

function percent(text: string): number {
  const number = Number(text)
  if (number >= 0 && number <= 50) return number
  process.stderr.write(`"${text}" is no share of 0 to 50 percent.\n`)
  return process.exit(2)
}

function positive(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  process.stderr.write(`"${text}" is no whole number above 0.\n`)
  return process.exit(2)
}
