/** Help texts, drawn from the same tables that parse. Pure. */
import type { Operands, OptionTable } from './options.ts'

interface Described {
  readonly name: string
  readonly summary: string
  readonly operands: Operands | null
  readonly options: OptionTable
  readonly details: readonly string[]
}

const NO_BREAK = '\u00a0'

export function renderHelp(command: Described, width: number): string {
  const { operands, options } = command
  const entries: [string, string][] = Object.entries(options).map(([name, option]) => {
    if (option.kind === 'flag') return [`--${name}`, option.help]
    const fallback = option.fallback === null ? '' : ` (default ${JSON.stringify(option.fallback)})`
    const isNeeded = option.isRequired ? ' (required)' : ''
    return [`--${name} ${option.placeholder}`, `${option.help}${fallback}${isNeeded}`]
  })
  if (operands) entries.unshift([operands.label, operands.help])
  entries.push(['--help', 'print this'])
  return [
    `${command.summary}.`,
    '',
    ...wrap(renderUsage(command), width - 6).map(
      (line, at) => `${at === 0 ? '  ' : '      '}${line}`,
    ),
    '',
    ...renderEntries(entries, width),
    ...command.details.flatMap(detail => ['', ...renderDetail(detail, width)]),
  ].join('\n')
}

export function renderUsage(command: Omit<Described, 'details'>): string {
  const words = Object.entries(command.options).map(([name, option]) => {
    if (option.kind === 'flag') return `[--${name}]`
    const word = `--${name} ${option.placeholder}`
    return option.isRequired ? word : `[${word}]`
  })
  // Required first: that is what must be typed.
  const sorted = words.toSorted((one, other) => Number(one[0] === '[') - Number(other[0] === '['))
  const operand = command.operands ? [command.operands.label] : []
  // A word and its value stay on one line.
  return ['benchcast', command.name, ...operand, ...sorted.map(joined)].join(' ')
}

/** Names in a column, their sentences wrapped beside it. */
export function renderEntries(
  entries: readonly (readonly [string, string])[],
  width: number,
): string[] {
  const left = Math.max(...entries.map(([name]) => name.length)) + 4
  return entries.flatMap(([name, help]) =>
    wrap(help, width - left).map((line, at) => (at === 0 ? `  ${name}` : '').padEnd(left) + line),
  )
}

function joined(word: string): string {
  return word.replaceAll(' ', NO_BREAK)
}

/** A detail that starts with a space is a shape or an example: kept as it is. */
function renderDetail(detail: string, width: number): string[] {
  return detail.startsWith(' ') ? detail.split('\n') : wrap(detail, width)
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map(whole => whole.replaceAll(NO_BREAK, ' '))
}
