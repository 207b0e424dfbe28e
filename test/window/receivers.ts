/** Real receivers for window tests: `benchcast receive` processes writing to files, on loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { CLI } from '../built.ts'

export interface ReceiverProcess {
  readonly target: string
  /** Exit code, once it ended by itself. */
  readonly ended: Promise<number | null>
  /** What it said so far, for a failed test's report. */
  output(): string
  stop(): Promise<void>
}

/** `more`: further options. `command`: what is `benchcast`, where that is not this checkout's. */
export function startReceiver(
  target: string,
  session: string,
  more: readonly string[] = [],
  command: readonly string[] = [process.execPath, CLI],
): ReceiverProcess {
  const args = ['receive', '--nic', 'lo', '--to', target, '--session', session, '--timeout', '60']
  const [program = '', ...words] = [...command, ...args, ...more]
  const child: ChildProcess = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  return {
    target,
    ended,
    output: () => text.slice(-2000),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await ended
    },
  }
}
