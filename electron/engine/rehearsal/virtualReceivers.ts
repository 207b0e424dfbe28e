/**
 * One child process that runs a rehearsal's receivers (client/virtual.ts): real receivers over real sockets, without
 * slowing the engine. It ends, and removes the rehearsal's directory, when its standard input closes: so also when
 * this process dies in any way.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { VirtualOrder } from '../../../client/virtual.ts'
import { RehearsalError } from './rehearsalError.ts'

export interface VirtualReceivers {
  /** Ends all of them and waits for it. */
  close(): Promise<void>
}

const SCRIPT = fileURLToPath(new URL('../../../client/virtual.ts', import.meta.url))

/** Said before standard input closes in order: the directory is then ours to remove. client/virtual.ts knows it. */
const FAREWELL = 'end'

/** Longest a receiver takes to put its file away. */
const CLOSE_TIMEOUT_MS = 3_000

/** `onDeath` when the child ended by itself. Throws RehearsalError app/receivers-failed. */
export async function startVirtualReceivers(
  order: VirtualOrder,
  onDeath: (reason: string) => void,
): Promise<VirtualReceivers> {
  const child = spawn(process.execPath, [SCRIPT], {
    stdio: ['pipe', 'ignore', 'pipe'],
    windowsHide: true,
    // A Ctrl-C in the terminal is for the command, which then ends the child in order.
    detached: true,
  })
  let words = ''
  let isClosing = false
  // Kept short: it ends in one sentence, and a chatty child must not fill memory.
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-500)
  })
  // A child that died has closed the pipe: `exit` tells.
  child.stdin.on('error', () => undefined)
  const gone = once(child, 'exit')
  try {
    await once(child, 'spawn')
  } catch (error) {
    gone.catch(() => undefined)
    const reason = error instanceof Error ? error.message : String(error)
    throw new RehearsalError({ code: 'app/receivers-failed', reason }, { cause: error })
  }
  child.on('exit', (code, signal) => {
    if (!isClosing) onDeath(words.trim() || `ended with ${signal ?? code}`)
  })
  child.stdin.write(`${JSON.stringify(order)}\n`)
  return {
    async close() {
      isClosing = true
      child.stdin.end(`${FAREWELL}\n`)
      const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_TIMEOUT_MS)
      await gone
      clearTimeout(timer)
    },
  }
}
