/**
 * What a command line means: one more front end to the engine, which runs inside it.
 *
 * Exit codes: 0 full success, 1 something failed, 2 wrong use, 130 ended by Ctrl-C after clearing up.
 */
import { type Fault, faultOf } from '../../shared/fault.ts'
import { CliError } from './cliError.ts'
import type { Command } from './command.ts'
import { commandNames, loadCommand, loadCommands } from './commands/commands.ts'
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
  const helped = await help(words, output)
  if (helped !== null) {
    process.stdout.write(`${helped}\n`)
    return EXIT.success
  }
  try {
    const [name, ...rest] = words
    const work = (await find(name)).prepare(rest)
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
async function help(words: readonly string[], output: Output): Promise<string | null> {
  const [first, second] = words
  const end = words.indexOf('--')
  const isAsked = words.slice(0, end < 0 ? undefined : end).some(word => /^(--help|-h)$/.test(word))
  if (first === '--version' || first === '-V') return (await import('../engine/engine.ts')).VERSION
  if (first === undefined || first === '--help' || first === '-h') return overview(output.width)
  if (first === 'help')
    return second === undefined ? overview(output.width) : helpOf(second, output)
  return isAsked ? helpOf(first, output) : null
}

async function helpOf(name: string, output: Output): Promise<string> {
  const known = await loadCommand(name)
  return known ? known.help(output.width) : overview(output.width)
}

async function overview(width: number): Promise<string> {
  const commands = await loadCommands()
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

async function find(name: string | undefined): Promise<Command> {
  const known = await loadCommand(name ?? '')
  if (known) return known
  const near = nearest(name ?? '', commandNames)
  const hint = near === null ? `Commands: ${commandNames.join(', ')}.` : `Did you mean ${near}?`
  const sentence = `There is no command "${name ?? ''}". ${hint}`
  throw new CliError({ code: 'app/usage', sentence, command: null })
}

/** Anything unforeseen keeps its own words; --json and people read the same. */
function toldFault(error: unknown): Fault {
  return faultOf(error)
}
