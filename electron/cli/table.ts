/** Text laid out in a fixed number of columns of a terminal. Pure. */
import { stripVTControlCharacters } from 'node:util'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** Gives way when the terminal is narrow, the last such column first: cut with an ellipsis. */
  readonly isFlexible?: boolean
  /** Kept even while the cells are short, so that a live table does not jump. */
  readonly minWidth?: number
}

const GAP = 2
/** A flexible column keeps at least this much: less tells nothing. */
const MIN_FLEXIBLE = 8

/** Header and rows, each at most `width` columns wide as far as the fixed columns allow. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const titles = columns.map(column => column.title)
  const widths = columns.map((column, at) =>
    Math.max(column.minWidth ?? 0, ...[titles, ...rows].map(cells => widthOf(cells[at] ?? ''))),
  )
  let missing = widths.reduce((sum, one) => sum + one, 0) + GAP * (columns.length - 1) - width
  for (const [at, column] of [...columns.entries()].toReversed()) {
    const own = widths[at] ?? 0
    if (!column.isFlexible || missing <= 0 || own <= MIN_FLEXIBLE) continue
    widths[at] = Math.max(MIN_FLEXIBLE, own - missing)
    missing -= own - (widths[at] ?? 0)
  }
  return [titles, ...rows].map(cells =>
    columns
      .map((column, at) => fit(cells[at] ?? '', widths[at] ?? 0, column.align ?? 'left'))
      .join(' '.repeat(GAP))
      .trimEnd(),
  )
}

/** `█████████░░░░░` of exactly `width` columns; full only at 1. */
export function renderBar(fraction: number, width: number): string {
  const share = Math.min(1, Math.max(0, fraction))
  const filled = Math.floor(share * width)
  return '█'.repeat(filled) + '░'.repeat(width - filled)
}

/** Cuts to `width` columns with an ellipsis; colours are lost where it cuts. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  const characters = Array.from(stripVTControlCharacters(text))
  return `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

/** What came from a network or a file name: no control characters reach the terminal. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
}

function fit(text: string, width: number, align: 'left' | 'right'): string {
  const short = cut(text, width)
  const padding = ' '.repeat(Math.max(0, width - widthOf(short)))
  return align === 'right' ? padding + short : short + padding
}

/** Code points without colours: names here are Latin; a wide character shifts a cell, nothing worse. */
function widthOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length
}
