/** Progress of one file: a bar on a terminal, two JSON objects a second, nothing in a log. */
import { formatDuration, formatPercent, formatRate } from './figures.ts'
import type { JsonEvent, Output } from './output.ts'
import { cut, printable, renderBar } from './table.ts'

export interface ByteProgress {
  readonly doneBytes: number
  readonly totalBytes: number
  readonly rateBytesPerSecond: number
  readonly leftMs: number | null
  /** After the bar; empty when there is nothing to say. */
  readonly note: string
}

export interface ProgressReport {
  show(progress: ByteProgress, event: JsonEvent): void
  /** Takes the bar away. */
  end(): void
}

const JSON_EVERY_MS = 500
const LABEL_SHARE = 0.35
const BAR_WIDTH = 24

export function createProgressReport(
  output: Output,
  label: string,
  now: () => number = Date.now,
): ProgressReport {
  let toldAtMs = Number.NEGATIVE_INFINITY
  return {
    show(progress, event) {
      if (output.isJson) {
        if (now() - toldAtMs < JSON_EVERY_MS) return
        toldAtMs = now()
        output.event(event)
      } else output.draw(() => [renderProgress(label, progress, output.width)])
    },
    end: () => output.settle([]),
  }
}

/** `disk.img  ███████░░░░░  61 %  412 MB/s  3 s left`, at most `width` columns. */
export function renderProgress(label: string, progress: ByteProgress, width: number): string {
  const fraction = progress.totalBytes > 0 ? progress.doneBytes / progress.totalBytes : 0
  const left = progress.leftMs === null ? '' : `${formatDuration(progress.leftMs)} left`
  const facts = [
    formatPercent(fraction).padStart(5),
    formatRate(progress.rateBytesPerSecond),
    left,
    progress.note,
  ].filter(fact => fact !== '')
  const name = cut(printable(label), Math.max(8, Math.floor(width * LABEL_SHARE)))
  const rest = width - name.length - facts.join('  ').length - 6
  const bar = renderBar(fraction, Math.max(4, Math.min(BAR_WIDTH, rest)))
  return cut([name, bar, ...facts].join('  '), width)
}
