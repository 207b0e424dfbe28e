/**
 * The engine as a child process: many connections over one process IPC channel.
 *
 * A page that reloads numbers its requests from 1 again, so each load gets a connection of its own; replies to the
 * page before it then have nowhere to go. The other end is electron/shell/engineHost.ts.
 */
import type { Channel } from '../../shared/rpc.ts'
import { type Fault, faultOf } from '../../shared/fault.ts'

/** Parent to engine. */
export type ToEngine =
  | { readonly kind: 'open' | 'close'; readonly connection: number }
  | { readonly kind: 'message'; readonly connection: number; readonly message: unknown }

/**
 * Engine to parent. `ready` comes once, before anything else, or `failed` does and the process ends. A message is JSON,
 * which the parent hands on to a page unread: for hundreds of rows ten times a second, reading and writing them again
 * would be most of its work.
 */
export type FromEngine =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly fault: Fault }
  | { readonly kind: 'message'; readonly connection: number; readonly text: string }

/** The part of the engine that this file needs. */
export interface Attachable {
  attach(channel: Channel): void
  close(): Promise<void>
}

/** Process IPC, as node:process offers it; passed in so that a test can be the parent. */
export interface ParentPort {
  send(message: FromEngine): void
  onMessage(listener: (message: unknown) => void): void
  onDisconnect(listener: () => void): void
  exit(code: number): void
}

/** Longest the engine takes to put its sessions away before it exits without them. */
const CLOSE_TIMEOUT_MS = 3000

/** Opens the engine, serves the parent until it goes, then closes the engine and exits. */
export async function serveParent(
  open: () => Promise<Attachable>,
  parent: ParentPort,
): Promise<void> {
  const connections = new Map<number, Connection>()
  let engine: Attachable | null = null
  parent.onDisconnect(() => {
    for (const connection of connections.values()) connection.close()
    setTimeout(() => parent.exit(1), CLOSE_TIMEOUT_MS).unref()
    void (engine?.close() ?? Promise.resolve()).then(
      () => parent.exit(0),
      () => parent.exit(1),
    )
  })
  try {
    engine = await open()
  } catch (error) {
    parent.send({ kind: 'failed', fault: faultOf(error) })
    return parent.exit(1)
  }
  const opened = engine
  parent.onMessage(raw => {
    if (!isToEngine(raw)) return
    const known = connections.get(raw.connection)
    if (raw.kind === 'message') known?.receive(raw.message)
    else if (raw.kind === 'close') {
      connections.delete(raw.connection)
      known?.close()
    } else if (!known) {
      const connection = createConnection(message =>
        parent.send({
          kind: 'message',
          connection: raw.connection,
          text: JSON.stringify(message),
        }),
      )
      connections.set(raw.connection, connection)
      opened.attach(connection.channel)
    }
  })
  parent.send({ kind: 'ready' })
}

/** This process's own parent. Throws when there is none: the file is not for running by hand. */
export function ownParent(): ParentPort {
  if (!process.send) throw new Error('The engine process is started by the window, not by hand.')
  return {
    // A parent that is just dying has closed the pipe: `disconnect` follows and ends us.
    send: message => void process.send?.(message, undefined, undefined, () => undefined),
    onMessage: listener => void process.on('message', listener),
    onDisconnect: listener => void process.on('disconnect', listener),
    exit: code => process.exit(code),
  }
}

interface Connection {
  readonly channel: Channel
  receive(message: unknown): void
  close(): void
}

function createConnection(send: (message: unknown) => void): Connection {
  let isClosed = false
  let onMessage: (message: unknown) => void = () => undefined
  const closeListeners: (() => void)[] = []
  return {
    channel: {
      send: message => {
        if (!isClosed) send(message)
      },
      onMessage: listener => {
        onMessage = listener
      },
      onClose: listener => void closeListeners.push(listener),
    },
    receive: message => onMessage(message),
    close: () => {
      if (isClosed) return
      isClosed = true
      for (const listener of closeListeners) listener()
    },
  }
}

function isToEngine(raw: unknown): raw is ToEngine {
  if (typeof raw !== 'object' || raw === null) return false
  const { kind, connection } = raw as Partial<ToEngine>
  return (
    Number.isSafeInteger(connection) && (kind === 'open' || kind === 'close' || kind === 'message')
  )
}
