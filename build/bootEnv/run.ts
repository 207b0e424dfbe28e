/** Programs that take packages apart and pack what comes of it. */
import { spawn } from 'node:child_process'
import { BootEnvError } from './bootEnvError.ts'

export interface RunOptions {
  readonly cwd?: string
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

/** What it printed on stdout. Fault: build/program-failed, with its own last words. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', ...options.env },
    })
    const out: Buffer[] = []
    let said = ''
    child.stdout.on('data', (piece: Buffer) => out.push(piece))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    const fail = (reason: string): void =>
      reject(new BootEnvError({ code: 'build/program-failed', program: command, reason }))
    child.once('error', error => fail(error.message))
    child.once('close', code => {
      if (code === 0) resolve(Buffer.concat(out).toString())
      else fail(lastWords(said) || `it ended with ${code}`)
    })
    child.stdin.on('error', () => {}) // It ended without reading: its exit code speaks.
    child.stdin.end(options.input ?? '')
  })
}

function lastWords(text: string): string {
  return text.trim().split('\n').slice(-4).join(' ')
}
