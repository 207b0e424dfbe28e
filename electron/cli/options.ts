/**
 * Options of a command, typed: what a command declares is what its `run` is given. node:util parseArgs splits the
 * words; this layer turns them into values and refuses with the option's name.
 */
import { isIPv4 } from 'node:net'
import { parseArgs } from 'node:util'
import { parseRate } from './figures.ts'

/** Null when the text is no such value. */
type Parse<T> = (text: string) => T | null

export interface Flag {
  readonly kind: 'flag'
  readonly help: string
}

/** `fallback` stands for an option that was not given; `isRequired` has none. */
export interface ValueOption<T> {
  readonly kind: 'value'
  readonly placeholder: string
  readonly help: string
  readonly parse: Parse<T>
  /** What the option takes, to finish the sentence "--rate takes …". */
  readonly takes: string
  readonly isRequired: boolean
  readonly fallback: T | null
}

export type OptionTable = Readonly<Record<string, Flag | ValueOption<unknown>>>

export type ValuesOf<Options extends OptionTable> = {
  readonly [K in keyof Options]: Options[K] extends ValueOption<infer T> ? T : boolean
}

/** Positional words of a command. `max` null: as many as given. */
export interface Operands {
  readonly label: string
  readonly help: string
  readonly min: number
  readonly max: number | null
}

export interface Parsed<Options extends OptionTable> {
  readonly values: ValuesOf<Options>
  readonly operands: readonly string[]
}

export class OptionError extends Error {
  override readonly name = 'OptionError'
  readonly fault = { code: 'app/usage' } as const
}

export function flag(help: string): Flag {
  return { kind: 'flag', help }
}

interface Described {
  readonly placeholder: string
  readonly help: string
}

interface Type<T> {
  readonly parse: Parse<T>
  readonly takes: string
}

export function required<T>(type: Type<T>, described: Described): ValueOption<T> {
  return { kind: 'value', ...type, ...described, isRequired: true, fallback: null }
}

export function optional<T>(type: Type<T>, described: Described): ValueOption<T | null> {
  return { kind: 'value', ...type, ...described, isRequired: false, fallback: null }
}

export function withDefault<T>(type: Type<T>, fallback: T, described: Described): ValueOption<T> {
  return { kind: 'value', ...type, ...described, isRequired: false, fallback }
}

export const text: Type<string> = {
  parse: given => (given === '' ? null : given),
  takes: 'a text that is not empty',
}

export const rate: Type<number> = {
  parse: parseRate,
  takes: 'a rate from 64kbit to 100gbit, for example 200mbit or 1gbit',
}

/** Of one computer: no network's, no group's. */
export const benchAddress: Type<string> = {
  parse: given => {
    const first = isIPv4(given) ? Number.parseInt(given, 10) : 0
    return first >= 1 && first <= 223 ? given : null
  },
  takes: 'the IPv4 address of a computer, for example 192.168.1.10',
}

export function whole(min: number, max: number): Type<number> {
  return {
    parse: given => (/^\d{1,9}$/.test(given) ? within(Number(given), min, max) : null),
    takes: `a whole number from ${min} to ${max}`,
  }
}

export function decimal(min: number, max: number): Type<number> {
  return {
    parse: given => (/^\d{1,9}(\.\d{1,9})?$/.test(given) ? within(Number(given), min, max) : null),
    takes: `a number from ${min} to ${max}`,
  }
}

/** Throws OptionError: one sentence, without the way to help. */
export function parseOptions<Options extends OptionTable>(
  words: readonly string[],
  table: Options,
  operands: Operands | null,
): Parsed<Options> {
  const given = split(words, table)
  const values: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(table)) {
    values[name] = option.kind === 'flag' ? given.values[name] === true : value(name, option, given)
  }
  checkOperands(given.positionals, operands)
  return { values: values as ValuesOf<Options>, operands: given.positionals }
}

interface Words {
  readonly values: Readonly<Record<string, string | boolean | undefined>>
  readonly positionals: readonly string[]
}

function split(words: readonly string[], table: OptionTable): Words {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, option]) => [
      name,
      { type: option.kind === 'flag' ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new OptionError(sentence(error, table), { cause: error })
  }
}

/** Node's own sentences name the option, but speak of its API in the rest. */
function sentence(error: unknown, table: OptionTable): string {
  const { code, message } = error as { code?: string; message: string }
  const option = /'(-{1,2}[^' <]+)/.exec(message)?.[1] ?? ''
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const near = nearest(option.replace(/^-+/, ''), Object.keys(table))
    return `There is no option ${option} here${near === null ? '' : `; did you mean --${near}?`}`.replace(
      /[^?]$/,
      '$&.',
    )
  }
  const known = table[option.replace(/^-+/, '')]
  if (known?.kind === 'value') return `Option ${option} needs a value: ${known.takes}.`
  if (known?.kind === 'flag') return `Option ${option} takes no value.`
  return `The options could not be read: ${message.split('\n')[0]}`
}

function value(name: string, option: ValueOption<unknown>, given: Words): unknown {
  const text = given.values[name]
  if (typeof text !== 'string') {
    if (!option.isRequired) return option.fallback
    throw new OptionError(`Option --${name} ${option.placeholder} is missing: ${option.help}.`)
  }
  const parsed = option.parse(text)
  if (parsed !== null) return parsed
  throw new OptionError(`Option --${name} takes ${option.takes}, not "${text}".`)
}

function checkOperands(given: readonly string[], operands: Operands | null): void {
  const { min = 0, max = 0, label = '', help = '' } = operands ?? {}
  if (given.length < min) throw new OptionError(`${label} is missing: ${help}.`)
  if (max === null || given.length <= max) return
  const extra = given[max]
  const wanted = max === 0 ? 'none is expected' : `one ${label} is expected`
  throw new OptionError(`"${extra}" is one word too many: ${wanted}.`)
}

/** The known name with the fewest slips, at most two; null when two are equally near. */
export function nearest(given: string, known: readonly string[]): string | null {
  const close = known
    .map(name => ({ name, slips: slips(given, name) }))
    .filter(({ name, slips }) => slips <= Math.min(2, name.length - 1))
    .toSorted((one, other) => one.slips - other.slips)
  const [best, next] = close
  return best && best.slips !== next?.slips ? best.name : null
}

/** Levenshtein's distance. */
function slips(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}

function within(value: number, min: number, max: number): number | null {
  return value >= min && value <= max ? value : null
}
