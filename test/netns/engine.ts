/** The engine as a process of its own on a host of a lab, spoken to as the window does: through the contract. */
import { once } from 'node:events'
import type { FromEngine, ToEngine } from '../../electron/engine/parent.ts'
import type { Receiver, Session } from '../../shared/session.ts'
import { type Client, createClient } from '../../shared/rpc.ts'
import { ENGINE } from '../built.ts'
import type { Lab } from './harness.ts'

const CONNECTION = 1

export interface EngineProcess {
  readonly call: Client['call']
  /** Of the only session. */
  session(): Promise<Session>
  receivers(): Promise<readonly Receiver[]>
  /** Closes it as a window that quits does. */
  end(): Promise<void>
  /** As a power cut does. */
  kill(): Promise<void>
}

/** Rejects with what it printed when it does not start. */
export async function startEngine(
  lab: Lab,
  host: number,
  catalog: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<EngineProcess> {
  const running = lab.run(host, process.execPath, [ENGINE], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...environment, BENCHCAST_CATALOG: catalog },
  })
  const child = running.process
  // Not `running.ended`: `close` never comes once this side has disconnected.
  const exited = once(child, 'exit')
  let onMessage: (message: unknown) => void = () => undefined
  await new Promise<void>((resolve, reject) => {
    void exited.then(() => reject(new Error(`The engine ended: ${running.stderr()}`)))
    child.on('message', (raw: FromEngine) => {
      if (raw.kind === 'ready') resolve()
      else if (raw.kind === 'failed') reject(new Error(raw.fault.message))
      else onMessage(JSON.parse(raw.text))
    })
  })
  const tell = (message: ToEngine): void => void child.send(message)
  tell({ kind: 'open', connection: CONNECTION })
  const client = createClient({
    send: message => tell({ kind: 'message', connection: CONNECTION, message }),
    onMessage: listener => {
      onMessage = listener
    },
    onClose: listener => void child.on('disconnect', listener),
  })
  return {
    call: client.call,
    async session() {
      const [session] = await client.call('session:list', null)
      if (!session) throw new Error('There is no session.')
      return session
    },
    receivers: () => client.call('session:receivers', null),
    async end() {
      if (child.connected) child.disconnect()
      await exited
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
