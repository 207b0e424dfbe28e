/**
 * `npm run bench`: Benchcast beside Debian's udp-sender and udp-receiver (package udpcast) and uftp, same namespaces,
 * same file, one run, judged against what it must reach. Needs root for the namespaces. Prints one Markdown table. What
 * each option means is in README.md.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { makeDirectory } from '../netns/commands.ts'
import { crowdRow } from './crowdRow.ts'
import { memoryRow } from './memoryRow.ts'
import { matrixRow, scalingRow, wallRow, wireRow } from './networkRows.ts'
import { loadAverage } from './processes.ts'
import { summariseProfiles } from './profiles.ts'
import { renderHeading, renderLine } from './report.ts'
import { type CellPlan, isReached, type Row, type Sizes } from './row.ts'
import { slowDiskRow } from './slowDiskRow.ts'
import { receiverCpuRow, senderCpuRow, speedRow } from './speedRows.ts'
import { createWorkbench, installedTools } from './workbench.ts'

const IMPORT_BENCH = path.join(import.meta.dirname, 'importSpeed.ts')
/** Others at work make every time worse; bytes on the wire stay as they are. */
const QUIET_LOAD = 1

const JUDGED: readonly Row[] = [
  wallRow,
  wireRow,
  scalingRow,
  crowdRow,
  speedRow,
  senderCpuRow,
  receiverCpuRow,
  slowDiskRow,
  memoryRow,
]
const FULL: Sizes = { ordinaryMib: 256, largeMib: 1024, smallMib: 8, sparseGib: 20, crowd: 200 }
const QUICK: Sizes = { ordinaryMib: 64, largeMib: 256, smallMib: 2, sparseGib: 2, crowd: 20 }

const OPTIONS = {
  help: { type: 'boolean', short: 'h', default: false },
  row: { type: 'string' },
  runs: { type: 'string' },
  size: { type: 'string' },
  quick: { type: 'boolean', default: false },
  tools: { type: 'string' },
  profile: { type: 'boolean', default: false },
  receivers: { type: 'string' },
  rates: { type: 'string' },
  loss: { type: 'string' },
  offload: { type: 'boolean', default: false },
  'no-import': { type: 'boolean', default: false },
} as const
const HELP = `npm run bench -- [OPTION...]

  --row NAME,...      rows by name: ${JUDGED.map(row => row.name).join(', ')}; and import
  --runs N            runs of each cell
  --size MIB          size of the image
  --quick             every row, smaller and once
  --tools NAME,...    benchcast, udpcast, uftp
  --profile           Benchcast alone, once, with the heaviest functions
  --receivers N,... --rates none|MBIT,... --loss PERCENT,...
                      any cells instead, shown and not judged; --offload with segmentation offload
  --no-import         without the import

test/bench/README.md says what is measured, and how.
`

const values = parsed()
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}

const startedAtMs = Date.now()
const load = loadAverage()
const isMatrix = [values.receivers, values.rates, values.loss].some(one => one !== undefined)
const { rows, hasImport } = chosenRows()
const tools = chosenTools()
const runs = values.runs
  ? positive(values.runs)
  : isMatrix || values.quick || values.profile
    ? 1
    : 3
if (load > QUIET_LOAD) {
  process.stderr.write(
    `Load average ${load}: others are at work here, so times and processor times mean little.\n`,
  )
}

const directory = makeDirectory()
const profiles = values.profile ? fs.mkdtempSync('/tmp/benchcast-profiles-') : null
// Labs remove themselves on 'exit' too.
process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(130))
}

const bench = createWorkbench({ runs, sizes: sizes(), tools, profiles, directory })
const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`.replace(/ -- $/, '')
const lines = renderHeading({
  command,
  runs,
  load,
  directory: path.dirname(directory),
  atMs: startedAtMs,
})
let unreached = 0
process.stdout.write(`${lines.join('\n')}\n`)
for (const row of rows) {
  const fromMs = Date.now()
  process.stderr.write(`=== ${row.name}\n`)
  for await (const line of row.run(bench)) {
    if (line.verdict && !isReached(line.verdict)) unreached++
    process.stdout.write(`${renderLine(line)}\n`)
  }
  process.stderr.write(`=== ${row.name} took ${((Date.now() - fromMs) / 1000).toFixed(0)} s\n`)
}
const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(0)
process.stdout.write(`\n${unreached} not reached. The whole of it took ${seconds} s.\n`)
for (const remark of bench.remarks()) process.stdout.write(`\n- ${remark}\n`)
if (profiles) process.stdout.write(`\n${summariseProfiles(profiles)}\n\nProfiles: ${profiles}\n`)

const importStatus = hasImport ? importSpeed() : 0
process.exitCode = unreached > 0 || bench.hasFailed() || importStatus !== 0 ? 1 : 0

function importSpeed(): number {
  process.stdout.write('\n')
  return spawnSync(process.execPath, [IMPORT_BENCH], { stdio: 'inherit' }).status ?? 1
}

function chosenRows(): { rows: readonly Row[]; hasImport: boolean } {
  if (isMatrix) return { rows: [matrixRow(matrixCells())], hasImport: false }
  const hasImport = !values['no-import'] && !values.profile
  if (values.row === undefined) return { rows: JUDGED, hasImport: hasImport && !values.quick }
  const names = values.row.split(',')
  const known = [...JUDGED.map(row => row.name), 'import']
  const unknown = names.find(name => !known.includes(name))
  if (unknown) return usage(`There is no row "${unknown}": ${known.join(', ')}.`)
  const rows = JUDGED.filter(row => names.includes(row.name))
  return { rows, hasImport: hasImport && names.includes('import') }
}

function chosenTools(): ReturnType<typeof installedTools> {
  const installed = installedTools()
  if (values.profile) return ['benchcast']
  if (values.tools === undefined) return installed
  const names = values.tools.split(',')
  const missing = names.find(name => !installed.some(one => one === name))
  if (missing) return usage(`"${missing}" is not here; there are ${installed.join(', ')}.`)
  return installed.filter(name => names.includes(name))
}

function sizes(): Sizes {
  const usual = values.quick ? QUICK : FULL
  if (values.size === undefined) return usual
  const mib = positive(values.size)
  return { ...usual, ordinaryMib: mib, largeMib: mib }
}

function matrixCells(): CellPlan[] {
  const rates = (values.rates ?? 'none,200').split(',')
  return rates.flatMap(rate =>
    (values.loss ?? '0').split(',').flatMap(loss =>
      (values.receivers ?? '1,4,8').split(',').map(receivers => ({
        rateMbit: rate === 'none' ? null : positive(rate),
        // As a technician who only plugs in: no tool is told.
        isRateTold: false,
        lossPercent: percent(loss),
        receivers: positive(receivers),
        hasOffload: values.offload,
      })),
    ),
  )
}

function percent(text: string): number {
  const number = Number(text)
  return number >= 0 && number <= 50 ? number : usage(`"${text}" is no share of 0 to 50 percent.`)
}

function positive(text: string): number {
  const number = Number(text)
  return Number.isInteger(number) && number > 0 ? number : usage(`"${text}" is no whole number.`)
}

/** A sentence, not a stack, for an option that there is not. */
function parsed(): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'] {
  try {
    return parseArgs({ options: OPTIONS }).values
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return usage(`${reason}\n\n${HELP}`)
  }
}

function usage(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  return process.exit(2)
}
