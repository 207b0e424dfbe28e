/** What a command is: its surface for help and parsing, and its work. */
import { CliError } from './cliError.ts'
import { renderHelp } from './help.ts'
import {
  flag,
  type Operands,
  optional,
  OptionError,
  type OptionTable,
  parseOptions,
  text,
  type ValuesOf,
} from './options.ts'
import type { Output } from './output.ts'

export interface Context {
  readonly output: Output
  /** Aborted by the first Ctrl-C. The command ends what it began and returns. */
  readonly signal: AbortSignal
  /** Keys may be asked of it only when it is a terminal. */
  readonly stdin: NodeJS.ReadStream
}

export interface CommandDefinition<Options extends OptionTable> {
  readonly name: string
  readonly summary: string
  readonly operands: Operands | null
  readonly options: Options
  /** Paragraphs and JSON shapes below the options. */
  readonly details: readonly string[]
  /** True only for full success. Throws what cannot be done. */
  run(
    input: { readonly values: ValuesOf<Options>; readonly operands: readonly string[] },
    context: Context,
  ): Promise<boolean>
}

/** A command whose option types are its own business. */
export interface Command {
  readonly name: string
  readonly summary: string
  help(width: number): string
  /** Throws CliError before any work when the words are wrong. */
  prepare(words: readonly string[]): (context: Context) => Promise<boolean>
}

/** Shared by all: same name, same meaning. */
export const jsonOption = flag('print one JSON object a line')
export const catalogOption = optional(text, {
  placeholder: 'DIR',
  help: 'catalog directory; default: this user’s own',
})

export function defineCommand<Options extends OptionTable>(
  definition: CommandDefinition<Options>,
): Command {
  return {
    name: definition.name,
    summary: definition.summary,
    help: width => renderHelp(definition, width),
    prepare(words) {
      try {
        const parsed = parseOptions(words, definition.options, definition.operands)
        return context => definition.run(parsed, context)
      } catch (error) {
        if (!(error instanceof OptionError)) throw error
        const fault = {
          code: 'app/usage',
          sentence: error.message,
          command: definition.name,
        } as const
        throw new CliError(fault, { cause: error })
      }
    },
  }
}
