/** What the command line itself refuses, before any work. Exit code 2. */

export interface CliFault {
  readonly code: 'app/usage'
  readonly sentence: string
  readonly command: string | null
}

export class CliError extends Error {
  override readonly name = 'CliError'
  readonly fault: CliFault
  constructor(fault: CliFault, options?: ErrorOptions) {
    super(describe(fault), options)
    this.fault = fault
  }
}

function describe(fault: CliFault): string {
  const help = fault.command === null ? 'benchcast --help' : `benchcast ${fault.command} --help`
  return `${fault.sentence} See: ${help}`
}
