/**
 * The command line: one more front end to the engine, which runs inside it.
 *
 * Exit codes: 0 full success, 1 something failed, 2 wrong use, 130 ended by Ctrl-C after clearing up.
 */
import { VERSION } from '../engine/engine.ts'
import { type Fault, faultOf } from '../../shared/fault.ts'
import { CliError } from './cliError.ts'
import type { Command } from './command.ts'
import { commands } from './commands/commands.ts'
import { renderEntries } from './help.ts'
import { watchInterrupt } from './interrupt.ts'
import { nearest } from './options.ts'
import { createOutput, type Output } from './output.ts'

const EXIT = { success: 0, failure: 1, usage: 2 } as const

/** `words` without node and script. Answers the exit code; throws nothing. */
export async function main(words: readonly string[]): Promise<number> {
  // Known before anything is parsed: a fault in the words themselves must already be told the right way.
  const output = createOutput({
    stdout: process.stdout,
    stderr: process.stderr,
    isJson: words.includes('--json'),
    environment: process.env,
    now: Date.now,
  })
  const helped = help(words, output)
  if (helped !== null) {
    process.stdout.write(`${helped}\n`)
    return EXIT.success
  }
  try {
    const [name, ...rest] = words
    const work = find(name).prepare(rest)
    return await perform(work, output)
  } catch (error) {
    output.fault(toldFault(error))
    return error instanceof CliError ? EXIT.usage : EXIT.failure
  }
}

async function perform(work: ReturnType<Command['prepare']>, output: Output): Promise<number> {
  const interrupt = watchInterrupt(process, Date.now, () =>
    output.note('Stopping. Press Ctrl-C again to end at once.'),
  )
  try {
    const isSuccess = await work({ output, signal: interrupt.signal, stdin: process.stdin })
    return interrupt.exitCode() ?? (isSuccess ? EXIT.success : EXIT.failure)
  } catch (error) {
    const code = interrupt.exitCode()
    if (code === null) throw error
    output.fault(toldFault(error))
    return code
  } finally {
    interrupt.close()
  }
}

/** The text asked for, or null when a command is to run. */
function help(words: readonly string[], output: Output): string | null {
  const [first, second] = words
  const end = words.indexOf('--')
  const isAsked = words.slice(0, end < 0 ? undefined : end).some(word => /^(--help|-h)$/.test(word))
  if (first === '--version' || first === '-V') return VERSION
  if (first === undefined || first === '--help' || first === '-h') return overview(output.width)
  if (first === 'help')
    return second === undefined ? overview(output.width) : helpOf(second, output)
  return isAsked ? helpOf(first, output) : null
}

function helpOf(name: string, output: Output): string {
  const known = commands.find(command => command.name === name)
  return known ? known.help(output.width) : overview(output.width)
}

function overview(width: number): string {
  return [
    'Benchcast images every machine on the bench at once, by multicast, from one computer.',
    '',
    '  benchcast COMMAND …',
    '',
    ...renderEntries(
      commands.map(command => [command.name, command.summary]),
      width,
    ),
    '',
    'Each command explains itself: benchcast COMMAND --help. First time here? Run: benchcast demo',
    'Images are named by id, the start of an id, or name. Exit code 0 means full success, 1 a',
    'failure, 2 wrong use, 130 ended by Ctrl-C.',
  ].join('\n')
}

function find(name: string | undefined): Command {
  const known = commands.find(command => command.name === name)
  if (known) return known
  const names = commands.map(command => command.name)
  const near = nearest(name ?? '', names)
  const hint = near === null ? `Commands: ${names.join(', ')}.` : `Did you mean ${near}?`
  const sentence = `There is no command "${name ?? ''}". ${hint}`
  throw new CliError({ code: 'app/usage', sentence, command: null })
}

/** Anything unforeseen keeps its own words; --json and people read the same. */
function toldFault(error: unknown): Fault {
  return faultOf(error)
}

if (import.meta.main) {
  // A reader that went away (`| head`) is no fault of ours, but no success either; 141 is what SIGPIPE gives.
  process.stdout.on('error', () => process.exit(141))
  const code = await main(process.argv.slice(2))
  // Nothing that a library keeps open may hold the shell back; what is printed must be out first.
  process.stdout.write('', () => process.exit(code))
}
