/** What the command line itself refuses, before any work. Exit code 2. */

export type CliFault =
  | { readonly code: 'app/usage'; readonly sentence: string; readonly command: string | null }
  | { readonly code: 'app/not-yet'; readonly sentence: string }

export class CliError extends Error {
  override readonly name = 'CliError'
  readonly fault: CliFault
  constructor(fault: CliFault, options?: ErrorOptions) {
    super(describe(fault), options)
    this.fault = fault
  }
}

function describe(fault: CliFault): string {
  if (fault.code === 'app/not-yet') return fault.sentence
  const help = fault.command === null ? 'benchcast --help' : `benchcast ${fault.command} --help`
  return `${fault.sentence} See: ${help}`
}
