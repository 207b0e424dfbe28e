/** QEMU's machine protocol, as far as a test needs it: one command at a time, lines of JSON (QEMU docs/interop/qmp-spec). */
import net from 'node:net'
import readline from 'node:readline'

export interface Qmp {
  /** Rejects with QEMU's own words. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>
  close(): void
}

interface Answer {
  readonly return?: unknown
  readonly error?: { readonly desc: string }
}

const LIMIT_MS = 20_000

export async function openQmp(file: string): Promise<Qmp> {
  const socket = net.connect(file)
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('QEMU does not answer')))
  const lines = readline.createInterface({ input: socket })[Symbol.asyncIterator]()

  async function execute(
    command: string,
    args: Readonly<Record<string, unknown>> = {},
  ): Promise<unknown> {
    socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`)
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error(`QEMU closed before it answered ${command}`)
      const answer = JSON.parse(value) as Answer
      if (answer.error) throw new Error(`${command}: ${answer.error.desc}`)
      if ('return' in answer) return answer.return
      // An event, or the greeting.
    }
  }

  await execute('qmp_capabilities')
  return { execute, close: () => socket.destroy() }
}
