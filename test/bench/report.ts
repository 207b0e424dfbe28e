/** The Markdown table, and what makes it comparable: the command, the machine, its load, the day. */
import os from 'node:os'
import { largestSocketBuffer } from './processes.ts'
import { isReached, type Line } from './row.ts'
import { type ToolName, TOOLS } from './tools.ts'

const COLUMNS: readonly ToolName[] = ['benchcast', 'udpcast', 'uftp']

export interface Circumstances {
  readonly command: string
  readonly runs: number
  /** Before the first run. */
  readonly load: number
  readonly directory: string
  readonly atMs: number
}

/** What stands above the table. */
export function renderHeading(of: Circumstances): string[] {
  const cpu = os.cpus()[0]?.model.trim() ?? 'unknown processor'
  const bufferMib = (largestSocketBuffer() ?? Number.NaN) / 2 ** 20
  return [
    `\`${of.command}\``,
    '',
    `${new Date(of.atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC, ${os.availableParallelism()} cores (${cpu}), ` +
      `Linux ${os.release()}, Node ${process.versions.node}, load average ${of.load.toFixed(2)} at the start; ` +
      `${of.runs === 1 ? 'one run' : `medians of ${of.runs} runs, with their range`}; files in ${of.directory}; ` +
      `socket buffers of up to ${bufferMib.toFixed(1)} MiB for who asks.`,
    '',
    `| what | cell | ${COLUMNS.map(name => TOOLS[name].name).join(' | ')} | must reach | reached |`,
    `| ---- | ---- | ${COLUMNS.map(() => '----').join(' | ')} | ---- | ---- |`,
  ]
}

export function renderLine(line: Line): string {
  const cells = [
    line.what,
    line.cell,
    ...COLUMNS.map(name => line.figures[name] ?? ''),
    line.verdict === null ? '' : renderLimit(line),
    line.verdict === null ? '' : renderVerdict(line.verdict),
  ]
  return `| ${cells.join(' | ')} |`
}

function renderLimit({ verdict }: Line): string {
  if (verdict === null) return ''
  const { kind, value, unit } = verdict.limit
  return `${kind} ${Number.isInteger(value) ? value : value.toFixed(2)} ${unit}`
}

function renderVerdict(verdict: NonNullable<Line['verdict']>): string {
  if (Number.isNaN(verdict.figure)) return '**not measured**'
  const digits = verdict.figure >= 10 ? 0 : 3
  const figure = verdict.figure.toFixed(digits)
  return isReached(verdict) ? `yes: ${figure}` : `**no: ${figure}**`
}
