/**
 * Where a command speaks. Results go to stdout, as lines for people or as one JSON object a line; progress and faults
 * go to stderr, redrawn in place on a terminal, so that stdout can always be piped.
 */
import type { Fault } from '../../shared/fault.ts'
import { cut } from './table.ts'

/** The parts of process.stdout and process.stderr that matter. */
export interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

/** One `--json` line. `event` says which shape; the shapes are in the command's help. */
export interface JsonEvent {
  readonly event: string
  readonly [name: string]: unknown
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

export interface Output {
  readonly isJson: boolean
  /** A terminal watches and wants to see things move. */
  readonly isLive: boolean
  /** Columns of the terminal now, for what is drawn. */
  readonly width: number
  /** Columns for results: what goes to a file or program is never cut. */
  readonly resultWidth: number
  /** A result for people; nothing with --json. */
  line(text: string): void
  /** A result for programs; nothing without --json. */
  event(event: JsonEvent): void
  /** Something to know on the way, for people, on stderr; nothing with --json. */
  note(text: string): void
  fault(fault: Fault, where?: Readonly<Record<string, string>>): void
  /** Replaces the block drawn before, at most ten times a second; `[]` takes it away at once. Nothing when not live. */
  draw(lines: () => readonly string[]): void
  /** Leaves the block as it is and goes on below it. */
  settle(lines: readonly string[]): void
  style(style: Style, text: string): string
}

export interface OutputOptions {
  readonly stdout: Stream
  readonly stderr: Stream
  readonly isJson: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

const DRAW_EVERY_MS = 100
const DEFAULT_WIDTH = 80
const DEFAULT_HEIGHT = 24
/** Wider lines are harder to read, not easier. */
const MAX_WIDTH = 120

/** Select Graphic Rendition, ECMA-48 §8.3.117. */
const SGR: Readonly<Record<Style, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  cyan: 36,
}

export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr, isJson, environment } = options
  const isDumb = environment.TERM === 'dumb'
  const isLive = stderr.isTTY === true && !isJson && !isDumb
  // https://no-color.org: present and not empty.
  const isColoured = isLive && stdout.isTTY === true && !environment.NO_COLOR
  let drawnLines = 0
  let drawnAtMs = Number.NEGATIVE_INFINITY

  const width = (): number => Math.min(MAX_WIDTH, stderr.columns || DEFAULT_WIDTH)

  function erased(): string {
    // Up over the block, then clear to the end of the screen (ECMA-48 CUU, ED).
    const up = drawnLines > 0 ? `\x1b[${drawnLines}A\r\x1b[J` : ''
    drawnLines = 0
    return up
  }

  /** In one write, so that a slow terminal never shows half a block. */
  function show(lines: readonly string[]): void {
    // The last column stays free: writing it wraps some terminals, and the block would creep.
    const fitting = low(lines, (stderr.rows || DEFAULT_HEIGHT) - 1).map(line =>
      cut(line, width() - 1),
    )
    const text = erased() + fitting.map(line => `${line}\n`).join('')
    if (text !== '') stderr.write(text)
    drawnLines = fitting.length
  }

  function say(stream: Stream, text: string): void {
    const block = erased()
    if (block !== '') stderr.write(block)
    drawnAtMs = Number.NEGATIVE_INFINITY
    stream.write(`${text}\n`)
  }

  return {
    isJson,
    isLive,
    get width() {
      return width()
    },
    get resultWidth() {
      return stdout.isTTY === true ? width() : Number.POSITIVE_INFINITY
    },
    line: text => void (isJson || say(stdout, text)),
    event: event => void (isJson && stdout.write(`${JSON.stringify(event)}\n`)),
    note: text => void (isJson || say(stderr, text)),
    fault(fault, where = {}) {
      if (isJson) stdout.write(`${JSON.stringify({ event: 'fault', ...fault, ...where })}\n`)
      else say(stderr, isColoured ? `\x1b[31m${fault.message}\x1b[0m` : fault.message)
    },
    draw(lines) {
      const nowMs = options.now()
      if (!isLive || nowMs - drawnAtMs < DRAW_EVERY_MS) return
      drawnAtMs = nowMs
      show(lines())
    },
    settle(lines) {
      if (!isLive) return
      show(lines)
      drawnLines = 0
      drawnAtMs = Number.NEGATIVE_INFINITY
    },
    style: (style, text) => (isColoured ? `\x1b[${SGR[style]}m${text}\x1b[0m` : text),
  }
}

/** What scrolled off the top could not be drawn over any more. */
function low(lines: readonly string[], height: number): readonly string[] {
  if (lines.length <= height) return lines
  const shown = lines.slice(0, Math.max(1, height - 1))
  return [
    ...shown,
    `… ${lines.length - shown.length} more lines: make the window taller to see them`,
  ]
}
