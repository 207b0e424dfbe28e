/**
 * Keeps one engine process running and hands out connections to it.
 *
 *   starting ──ready──▶ running ──died──▶ restarting ──spawn──▶ starting
 *                                             └──5 deaths within a minute──▶ failed ──connect──▶ starting
 *
 * No Electron import: the same file runs under plain Node in its test. It uses `spawn`, not `fork`, because Electron's
 * fork sets ELECTRON_RUN_AS_NODE in the child.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { EngineStatus } from '../../shared/bridge.ts'
import type { Channel } from '../../shared/rpc.ts'
import type { FromEngine, ToEngine } from '../engine/parent.ts'

export interface EngineHostOptions {
  /** Node 24 binary. */
  readonly node: string
  /** Entry file, TypeScript or JavaScript. */
  readonly entry: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onStatus: (status: EngineStatus) => void
}

export interface EngineHost {
  /** A fresh connection. When the engine is down it opens as soon as one runs, or closes when none will. */
  connect(): HostConnection
  readonly status: EngineStatus
  /** Ends the engine for good; resolves when the process is gone. */
  close(): Promise<void>
}

export interface HostConnection extends Channel {
  /** Instead of `onMessage`: each message as JSON, for a page. */
  onText(listener: (text: string) => void): void
  close(): void
}

/** First restart at once: a technician waits. Then slower, so that a broken catalog does not spin the laptop. */
const BACKOFF_MS = [50, 250, 1000, 3000] as const
const DEATHS_FORGOTTEN_MS = 60_000
const STDERR_KEPT_CHARS = 1500
const CLOSE_TIMEOUT_MS = 4000

export function createEngineHost(options: EngineHostOptions): EngineHost {
  const connections = new Map<number, OpenConnection>()
  let nextConnection = 1
  let child: ChildProcess | null = null
  let isReady = false
  let isClosing = false
  let deathsAtMs: number[] = []
  let status: EngineStatus = { state: 'starting', message: '' }

  const setStatus = (next: EngineStatus): void => {
    status = next
    options.onStatus(next)
  }
  const tell = (message: ToEngine): void => {
    if (child?.connected) child.send(message, () => undefined)
  }

  const start = (): void => {
    const spawned = spawn(options.node, [options.entry], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      env: withoutElectron(options.env),
    })
    child = spawned
    isReady = false
    let lastWords = ''
    let fault = ''
    spawned.stderr?.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text)
      lastWords = (lastWords + text).slice(-STDERR_KEPT_CHARS)
    })
    spawned.on('message', raw => {
      const message = raw as FromEngine
      if (message.kind === 'ready') {
        isReady = true
        setStatus({ state: 'running', message: '' })
        for (const id of connections.keys()) tell({ kind: 'open', connection: id })
        for (const connection of connections.values()) connection.flush()
      } else if (message.kind === 'failed') fault = message.fault.message
      else connections.get(message.connection)?.receive(message.text)
    })
    let isGone = false
    const gone = (reason: string): void => {
      if (isGone) return
      isGone = true
      child = null
      died(fault || reason, isReady)
    }
    spawned.on('error', error => gone(`It could not be started: ${error.message}`))
    spawned.on('exit', (code, signal) =>
      gone(signal ? `Ended by ${signal}.` : lastLine(lastWords, code)),
    )
  }

  const died = (reason: string, wasReady: boolean): void => {
    isReady = false
    if (isClosing) return
    const nowMs = Date.now()
    deathsAtMs = [...deathsAtMs.filter(at => nowMs - at < DEATHS_FORGOTTEN_MS), nowMs]
    const waitMs = BACKOFF_MS[deathsAtMs.length - 1]
    // A connection that the dead engine served is over; one that still waits for an engine goes on waiting.
    if (wasReady || waitMs === undefined) closeAll()
    if (waitMs === undefined) return setStatus({ state: 'failed', message: reason })
    setStatus({ state: 'restarting', message: reason })
    setTimeout(() => {
      if (!isClosing && !child) start()
    }, waitMs)
  }

  const closeAll = (): void => {
    const open = [...connections.values()]
    connections.clear()
    for (const connection of open) connection.lost()
  }

  start()
  return {
    connect() {
      const id = nextConnection++
      const connection = createConnection({
        send: message => tell({ kind: 'message', connection: id, message }),
        isReady: () => isReady,
        onClose: () => {
          connections.delete(id)
          tell({ kind: 'close', connection: id })
        },
      })
      connections.set(id, connection)
      if (isReady) tell({ kind: 'open', connection: id })
      else if (status.state === 'failed' && !child) {
        deathsAtMs = []
        setStatus({ state: 'starting', message: '' })
        start()
      }
      return connection
    },
    get status() {
      return status
    },
    close() {
      isClosing = true
      closeAll()
      const running = child
      if (!running) return Promise.resolve()
      return new Promise(resolve => {
        const timer = setTimeout(() => running.kill('SIGKILL'), CLOSE_TIMEOUT_MS)
        running.once('exit', () => {
          clearTimeout(timer)
          resolve()
        })
        if (running.connected) running.disconnect()
      })
    },
  }
}

interface OpenConnection extends HostConnection {
  receive(text: string): void
  flush(): void
  lost(): void
}

function createConnection(host: {
  send(message: unknown): void
  isReady(): boolean
  onClose(): void
}): OpenConnection {
  let isClosed = false
  let early: unknown[] = []
  let onText: (text: string) => void = () => undefined
  const closeListeners: (() => void)[] = []
  const lost = (): void => {
    if (isClosed) return
    isClosed = true
    for (const listener of closeListeners) listener()
  }
  return {
    send(message) {
      if (isClosed) return
      if (host.isReady()) host.send(message)
      else early.push(message)
    },
    onMessage: listener => {
      onText = text => listener(JSON.parse(text))
    },
    onText: listener => {
      onText = listener
    },
    onClose: listener => void closeListeners.push(listener),
    receive: text => onText(text),
    flush() {
      for (const message of early) host.send(message)
      early = []
    },
    lost,
    close() {
      if (isClosed) return
      isClosed = true
      host.onClose()
    },
  }
}

/** Electron's own switches would change how a plain Node starts. */
function withoutElectron(env: EngineHostOptions['env']): NodeJS.ProcessEnv {
  const { ELECTRON_RUN_AS_NODE: _, NODE_OPTIONS: __, ...rest } = env
  return rest
}

function lastLine(text: string, code: number | null): string {
  const error = text.split('\n').find(line => /^\w*Error\b|^\w+ \[\w+\]:/.test(line))
  return error ?? `It ended with code ${code ?? 'unknown'}.`
}
