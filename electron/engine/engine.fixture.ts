/** The real engine behind a structured-cloning channel, in a folder of its own, for tests by way of the contract. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { receive } from '../../client/client.ts'
import { type EventName, type Events, events } from '../../shared/ipc.ts'
import { type Channel, type Client, createClient } from '../../shared/rpc.ts'
import {
  BY_HAND,
  DEFAULT_POLICY,
  DEFAULT_RULES,
  type Receiver,
  type Session,
  type SessionPlan,
} from '../../shared/session.ts'
import { type Engine, openEngine } from './engine.ts'

export interface TestEngine {
  readonly client: Client
  readonly directory: string
  /** Closes the engine and opens another on the same catalog. */
  restart(): Promise<void>
  importImage(content: Uint8Array): Promise<string>
  /** Others on this computer may run sessions on the same card: ours are joined by name. */
  plan(imageId: string, part?: Partial<SessionPlan>): SessionPlan
  receive(sessionName: string, file: string): ReturnType<typeof receive>
  session(id: string): Promise<Session>
  receivers(id: string): Promise<Receiver[]>
  /** The first event that satisfies; every event on the way must keep the contract. */
  event<N extends EventName>(name: N, isIt: (value: Events[N]) => boolean): Promise<Events[N]>
  sessionIs(id: string, isIt: (session: Session) => boolean): Promise<Session>
}

export function useEngine(): TestEngine {
  let directory = ''
  let engine: Engine
  let client: Client

  async function start(): Promise<void> {
    engine = await openEngine({ catalogDirectory: path.join(directory, 'catalog') })
    const [here, there] = channelPair()
    engine.attach(there)
    client = createClient(here)
  }
  beforeEach(async () => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-engine-'))
    await start()
  })
  afterEach(async () => {
    await engine.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })

  function event<N extends EventName>(
    name: N,
    isIt: (value: Events[N]) => boolean,
  ): Promise<Events[N]> {
    return new Promise(resolve => {
      const stop = client.on(name, value => {
        expect(events[name].safeParse(value).error).toBeUndefined()
        if (!isIt(value)) return
        stop()
        resolve(value)
      })
    })
  }

  const session = async (id: string): Promise<Session> => {
    const rows = await client.call('session:list', null)
    return rows.find(row => row.id === id) ?? expect.unreachable(`session ${id}`)
  }

  return {
    get client() {
      return client
    },
    get directory() {
      return directory
    },
    async restart() {
      await engine.close()
      await start()
    },
    async importImage(content) {
      const file = path.join(directory, 'disk.img')
      fs.writeFileSync(file, content)
      const done = event('catalog:tasksChanged', tasks => tasks.some(task => task.image !== null))
      await client.call('catalog:import', { paths: [file] })
      const task = (await done).find(candidate => candidate.image !== null)
      return task?.image?.id ?? expect.unreachable('the task names its image')
    },
    plan: (imageId, part = {}) => ({
      protocol: 'benchcast',
      imageId,
      nic: 'lo',
      name: `engine ${randomBytes(4).toString('hex')}`,
      start: BY_HAND,
      rateBitsPerSecond: null,
      policy: DEFAULT_POLICY,
      delivery: 'multicast',
      rules: { ...DEFAULT_RULES, isConfirmed: true },
      ...part,
    }),
    receive: (sessionName, file) =>
      receive({
        nicName: 'lo',
        nicAddress: '127.0.0.1',
        target: { kind: 'path', path: path.join(directory, file) },
        sessionName,
        timeoutMs: 25_000,
      }),
    session,
    receivers: async id =>
      (await client.call('session:receivers', null)).filter(row => row.sessionId === id),
    event,
    async sessionIs(id, isIt) {
      const now = await session(id)
      if (isIt(now)) return now
      const holds = (row: Session): boolean => row.id === id && isIt(row)
      const changed = await event('session:changed', batch => batch.sessions.some(holds))
      return changed.sessions.find(holds) ?? expect.unreachable()
    },
  }
}

function channelPair(): [Channel, Channel] {
  const listeners: ((message: unknown) => void)[] = []
  const end = (own: number, other: number): Channel => ({
    send: message => void setImmediate(() => listeners[other]?.(structuredClone(message))),
    onMessage: listener => void (listeners[own] = listener),
    onClose: () => undefined,
  })
  return [end(0, 1), end(1, 0)]
}
