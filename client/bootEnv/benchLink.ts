/**
 * This machine's link to the bench that started it: says what it is and does, hears which session it is to join. Comes
 * back by itself, for ever. While it is down the machine goes by announces alone. PROTOCOL.md §12.
 */
import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import type { Hardware } from '../../shared/bench.ts'
import { parseJson } from '../../shared/parseJson.ts'
import {
  BENCH_PATH,
  BENCH_SUBPROTOCOL,
  benchProofText,
  type Task,
  type ToBench,
  type ToMachine,
  toMachineSchema,
} from '../../shared/protocol/benchLink.ts'
import type { Machine } from '../../shared/protocol/control.ts'
import { MAX_LOG_LINE, MAX_LOG_LINES } from '../../shared/protocol/limits.ts'
import { PROTOCOL_VERSION } from '../../shared/protocol/packet.ts'
import { isSigned } from '../discovery.ts'

export interface BenchLinkOptions {
  /** Of the bench. */
  readonly address: string
  readonly port: number
  readonly localAddress: string
  readonly machine: Machine
  hardware(): Hardware
  /** Another number, another task, up or down. */
  onChange(): void
}

export interface Errand {
  readonly task: Task | null
  /** What the bench waits for, as a sentence, or empty. */
  readonly why: string
}

export interface BenchLink {
  isUp(): boolean
  /** How long it has been down, ms; 0 while it is up. */
  downForMs(nowMs: number): number
  /** Place on the bench; null before it was told. */
  number(): number | null
  /** As last heard. */
  errand(): Errand
  /** What the machine does, as on its own screen. */
  say(state: 'ready' | 'busy', sentence: string, session: string | null): void
  /** Kept until the bench hears it, if there is not too much of it. */
  log(line: string): void
  /** The disks have changed. */
  tellHardware(): void
  /** What was not told yet leaves first. */
  close(): void
}

const HANDSHAKE_TIMEOUT_MS = 5_000
/** The bench pings each second. */
const SILENT_MS = 4_000
const BACKOFF_FIRST_MS = 500
const BACKOFF_LAST_MS = 5_000
const TICK_MS = 250
/** What the bench keeps. */
const MAX_KEPT_LINES = 500
/** A task with the longest announce is under 4 KB. */
const MAX_MESSAGE_BYTES = 65_536
/** A disk with more parts than this is told of in part: a hello has its limit. */
const MAX_DISKS = 16
const MAX_CONTENT = 32
const MAX_CONTENT_LINE = 128

const NOTHING: Errand = { task: null, why: '' }

export function openBenchLink(options: BenchLinkOptions): BenchLink {
  const startedAtMs = Date.now()
  let socket: WebSocket | null = null
  let isProven = false
  /** And told what to do. */
  let isWelcome = false
  let key = ''
  let nonce = ''
  let number: number | null = null
  let errand = NOTHING
  let said: ToBench | null = null
  let lines: string[] = []
  let heardAtMs = startedAtMs
  let downSinceMs = startedAtMs
  let notBeforeMs = 0
  let backoffMs = BACKOFF_FIRST_MS
  let toldReason = ''
  let isClosed = false

  function connect(): void {
    nonce = randomBytes(16).toString('hex')
    heardAtMs = Date.now()
    const opened = new WebSocket(
      `ws://${options.address}:${options.port}${BENCH_PATH}`,
      BENCH_SUBPROTOCOL,
      {
        localAddress: options.localAddress,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        maxPayload: MAX_MESSAGE_BYTES,
        perMessageDeflate: false,
      },
    )
    socket = opened
    opened.on('open', () => {
      const { machine } = options
      const hardware = bounded(options.hardware())
      send({ type: 'hello', protocol: PROTOCOL_VERSION, machine, hardware, number, nonce })
    })
    opened.on('ping', () => (heardAtMs = Date.now()))
    opened.on('message', (data: Buffer, isBinary) => {
      if (socket !== opened) return
      heardAtMs = Date.now()
      const message = isBinary ? null : parse(data.toString('utf8'))
      if (message === null) lose('it sent a message that this version does not know')
      else take(message)
    })
    opened.on('error', error => socket === opened && lose(error.message))
    opened.on('close', () => socket === opened && lose('it closed the connection'))
  }

  function take(message: ToMachine): void {
    switch (message.type) {
      case 'welcome': {
        const signed = Buffer.from(benchProofText(nonce), 'ascii')
        if (!isSigned(message.key, signed, Buffer.from(message.proof, 'hex'))) {
          return lose('it cannot prove that its key is its own')
        }
        isProven = true
        key = message.key
        number = message.number
        backoffMs = BACKOFF_FIRST_MS
        if (said) send(said)
        return
      }
      case 'task': {
        // What another key announces is not of this bench.
        const isOwn = isProven && (message.task === null || message.task.announce.key === key)
        if (!isOwn) return lose('it named a session of another bench')
        isWelcome = true
        toldReason = ''
        errand = { task: message.task, why: message.why }
        return options.onChange()
      }
      case 'refused':
        return lose(message.fault.message)
    }
  }

  function lose(reason: string): void {
    const lost = socket
    socket = null
    lost?.terminate()
    if (isClosed) return
    const nowMs = Date.now()
    if (isWelcome) downSinceMs = nowMs
    isWelcome = false
    isProven = false
    // Where nothing listens it is tried for ever: that is told once.
    if (reason !== toldReason) keep(`the link to the bench is down: ${reason}`)
    toldReason = reason
    notBeforeMs = nowMs + backoffMs * (0.75 + Math.random() / 2)
    backoffMs = Math.min(BACKOFF_LAST_MS, backoffMs * 2)
    options.onChange()
  }

  function send(message: ToBench): void {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
  }

  function keep(line: string): void {
    lines.push(line.slice(0, MAX_LOG_LINE))
    if (lines.length > MAX_KEPT_LINES) lines = lines.slice(-MAX_KEPT_LINES)
  }

  function sendLines(): void {
    send({ type: 'log', lines: lines.splice(0, MAX_LOG_LINES) })
  }

  function tick(): void {
    const nowMs = Date.now()
    if (socket === null) {
      if (nowMs >= notBeforeMs) connect()
      return
    }
    if (nowMs - heardAtMs > SILENT_MS + HANDSHAKE_TIMEOUT_MS) lose('it fell silent')
    else if (isWelcome && nowMs - heardAtMs > SILENT_MS) lose('it fell silent')
    else if (isWelcome && lines.length > 0) {
      sendLines()
    }
  }

  const timer = setInterval(tick, TICK_MS)
  connect()
  return {
    isUp: () => isWelcome,
    downForMs: nowMs => (isWelcome ? 0 : nowMs - downSinceMs),
    number: () => number,
    errand: () => errand,
    say(state, sentence, session) {
      said = { type: 'state', state, sentence: sentence.slice(0, 1024), session }
      if (isWelcome) send(said)
    },
    log: keep,
    tellHardware() {
      if (isWelcome) send({ type: 'hardware', hardware: bounded(options.hardware()) })
    },
    close() {
      isClosed = true
      clearInterval(timer)
      while (isWelcome && lines.length > 0) sendLines()
      socket?.close(1000)
      socket = null
    },
  }
}

function bounded(hardware: Hardware): Hardware {
  const disks = hardware.disks.slice(0, MAX_DISKS).map(disk => ({
    ...disk,
    content: disk.content.slice(0, MAX_CONTENT).map(line => line.slice(0, MAX_CONTENT_LINE)),
  }))
  return { ...hardware, disks }
}

function parse(text: string): ToMachine | null {
  const message = toMachineSchema.safeParse(parseJson(text))
  return message.success ? message.data : null
}
