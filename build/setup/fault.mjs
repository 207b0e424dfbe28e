/** Set-up that cannot go on. Its sentence says what is wrong and what to do; the stack is of no use to the reader. */
export class SetupError extends Error {
  name = 'SetupError'
  constructor(code, message, options) {
    super(message, options)
    this.fault = { code }
  }
}

/** Runs a set-up command to its end: faults become one sentence on stderr and exit code 1. */
export async function runCommand(command) {
  try {
    process.exitCode = await command()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
