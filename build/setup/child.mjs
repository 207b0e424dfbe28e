/** Child processes as set-up needs them: handed the terminal, or kept quiet until they fail. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** Runs with this terminal; SIGINT, SIGTERM and SIGHUP reach the child, its exit code comes back. */
export function runForeground(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options })
    // A terminal sends SIGINT to the whole group by itself; a lone kill(2) reaches only us. A second one does no harm.
    const forward = signal => child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    const settle = () => {
      for (const signal of signals) process.off(signal, forward)
    }
    child.once('error', error => {
      settle()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      settle()
      // Shells report a signal as 128 plus its number.
      resolve(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 15))
    })
  })
}

/**
 * Runs with its output kept. After `patienceMs` says `notice` on stderr, once, so that nobody looks at a dead terminal.
 * Answers the exit code and everything printed; -1 when it could not start or ran longer than `timeoutMs`.
 */
export function runQuiet(
  command,
  args,
  { notice = null, patienceMs = 2_000, timeoutMs = 0, ...options } = {},
) {
  return new Promise(resolve => {
    let output = ''
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const patience = notice && setTimeout(() => process.stderr.write(`${notice}\n`), patienceMs)
    const limit = timeoutMs && setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    const settle = code => {
      clearTimeout(patience)
      clearTimeout(limit)
      resolve({ code, output })
    }
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => (output += text))
    }
    child.once('error', error => {
      output += error.message
      settle(-1)
    })
    child.once('close', code => settle(code ?? -1))
  })
}
