/**
 * RPC over any message channel: process IPC, MessagePort, WebSocket. One frame is one structured-clonable value.
 *
 * The serving side trusts nothing: frames and inputs are parsed before a handler sees them. Faults travel as values
 * because most channels strip an Error to its message.
 */
import { z } from 'zod'
import { createRowReceiver, createRowSender, type SentChange } from './eventRows.ts'
import { type Fault, faultOf, faultSchema } from './fault.ts'
import {
  type EventName,
  type Events,
  events,
  type RequestName,
  type Requests,
  requests,
} from './ipc.ts'

/** `send` after close does nothing. Listeners are set once, before the first message. */
export interface Channel {
  send(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  onClose(listener: () => void): void
}

export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly fault: Fault
  constructor(fault: Fault) {
    super(fault.message)
    this.fault = fault
  }
}

export interface Client {
  /** Rejects with RpcError: the engine's fault, or `rpc/closed`. */
  call<N extends RequestName>(name: N, input: Requests[N]['input']): Promise<Requests[N]['output']>
  /** Returns the way to stop listening. */
  on<N extends EventName>(name: N, listener: (value: Events[N]) => void): () => void
  onClose(listener: () => void): void
}

export type Handlers = {
  readonly [N in RequestName]: (
    input: Requests[N]['input'],
  ) => Requests[N]['output'] | Promise<Requests[N]['output']>
}

const frameSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('request'),
    id: z.number().int().nonnegative(),
    name: z.string().max(64),
    input: z.unknown(),
  }),
  z.strictObject({ kind: z.literal('value'), id: z.number().int(), value: z.unknown() }),
  z.strictObject({ kind: z.literal('fault'), id: z.number().int(), fault: faultSchema }),
  z.strictObject({ kind: z.literal('event'), name: z.string().max(64), value: z.unknown() }),
])
type Frame = z.infer<typeof frameSchema>

/** The event that is sent as what changed since the one before (eventRows.ts). */
const ROWS = 'session:changed'

const CLOSED: Fault = {
  code: 'rpc/closed',
  message: 'The engine went away. It restarts by itself.',
}

export function createClient(channel: Channel): Client {
  let nextId = 1
  let isClosed = false
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const listeners = new Map<string, Set<(value: never) => void>>()
  const closeListeners: (() => void)[] = []
  const wholeRows = createRowReceiver()
  channel.onMessage(message => {
    const parsed = frameSchema.safeParse(message)
    if (!parsed.success) return
    const frame = parsed.data
    if (frame.kind === 'event') {
      // Read whether or not anybody listens: the next one builds on it.
      const value = frame.name === ROWS ? wholeRows(frame.value as SentChange) : frame.value
      listeners.get(frame.name)?.forEach(listener => listener(value as never))
    } else if (frame.kind !== 'request') {
      const call = waiting.get(frame.id)
      waiting.delete(frame.id)
      if (frame.kind === 'value') call?.resolve(frame.value)
      else call?.reject(new RpcError(frame.fault))
    }
  })
  channel.onClose(() => {
    isClosed = true
    for (const call of waiting.values()) call.reject(new RpcError(CLOSED))
    waiting.clear()
    for (const listener of closeListeners) listener()
  })
  return {
    call: (name, input) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(new RpcError(CLOSED))
        const id = nextId++
        waiting.set(id, { resolve: value => resolve(value as never), reject })
        channel.send({ kind: 'request', id, name, input } satisfies Frame)
      }),
    on(name, listener) {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set)
      set.add(listener)
      return () => void set.delete(listener)
    },
    onClose: listener => void closeListeners.push(listener),
  }
}

export interface Served {
  emit<N extends EventName>(name: N, value: Events[N]): void
}

/** Answers requests on one channel until it closes. The caller keeps the list of channels to emit to. */
export function serve(handlers: Handlers, channel: Channel): Served {
  channel.onMessage(message => {
    const frame = frameSchema.safeParse(message)
    if (!frame.success || frame.data.kind !== 'request') return
    void answer(handlers, frame.data).then(reply => channel.send(reply))
  })
  const changedRows = createRowSender()
  return {
    emit(name, value) {
      const sent = name === ROWS ? changedRows(value as Events[typeof ROWS]) : value
      channel.send({ kind: 'event', name, value: sent } satisfies Frame)
    },
  }
}

async function answer(
  handlers: Handlers,
  request: Extract<Frame, { kind: 'request' }>,
): Promise<Frame> {
  const { id, name } = request
  if (!Object.hasOwn(requests, name)) {
    const fault = { code: 'rpc/unknown-request', message: `The engine knows no request "${name}".` }
    return { kind: 'fault', id, fault }
  }
  const known = name as RequestName
  const input = requests[known].input.safeParse(request.input)
  if (!input.success) {
    const message = `Request ${name} was malformed: ${z.prettifyError(input.error)}`.slice(0, 2000)
    return { kind: 'fault', id, fault: { code: 'rpc/bad-input', message } }
  }
  try {
    const handler = handlers[known] as (input: unknown) => unknown
    return { kind: 'value', id, value: await handler(input.data) }
  } catch (error) {
    return { kind: 'fault', id, fault: faultOf(error) }
  }
}

/** Names every front end may subscribe to; used by tests to hold the contract complete. */
export const eventNames = Object.keys(events) as EventName[]
