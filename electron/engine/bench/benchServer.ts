/**
 * Where machines in the boot environment report: a WebSocket on one card's address. PROTOCOL.md §12. Everything a
 * machine sends is bounded, counted and parsed here; one that breaks the rules loses its own connection and nothing else
 * happens.
 */
import { WebSocket } from 'ws'
import type { Fault } from '../../../shared/fault.ts'
import { parseJson } from '../../../shared/parseJson.ts'
import {
  BENCH_PATH,
  BENCH_SUBPROTOCOL,
  type Hello,
  type ToBench,
  toBenchSchema,
  type ToMachine,
} from '../../../shared/protocol/benchLink.ts'
import { MAX_BENCH_MESSAGES_PER_SECOND } from '../../../shared/protocol/limits.ts'
import { PROTOCOL_VERSION } from '../../../shared/protocol/packet.ts'
import { openSocketServer, type SocketServer } from '../net/net.ts'

/** One machine's connection. All methods are safe after it closed. */
export interface MachineLink {
  /** Of the machine. */
  readonly address: string
  /** Of the bench: the card the machine is behind. */
  readonly benchAddress: string
  send(message: ToMachine): void
  refuse(fault: Fault): void
  close(): void
}

export interface LinkListener {
  onMessage(message: Exclude<ToBench, Hello>): void
  onHeard(): void
  onClose(): void
}

/** A machine that connects and says nothing is closed after this, ms. */
const HELLO_TIMEOUT_MS = 5_000
/** A closed connection, or a laptop that slept: three pings missed. */
const SILENT_MS = 4_000
const REFUSED_LINGER_MS = 1_000
/** A hello with sixteen disks of thirty-two parts is under 100 KB. */
const MAX_MESSAGE_BYTES = 131_072
const MAX_UNREAD_BYTES = 262_144
const MAX_SOCKETS = 512
/** A machine has one; after a pulled cable the one before may still be there. */
const MAX_SOCKETS_OF_PEER = 4

/** `onHello` answers who listens to the machine, or null after refusing it. Rejects where the port is taken. */
export function openBenchServer(
  address: string,
  port: number,
  onHello: (hello: Hello, link: MachineLink) => LinkListener | null,
): Promise<SocketServer> {
  return openSocketServer({
    address,
    port,
    path: BENCH_PATH,
    subprotocol: BENCH_SUBPROTOCOL,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    maxSockets: MAX_SOCKETS,
    maxSocketsOfPeer: MAX_SOCKETS_OF_PEER,
    headersTimeoutMs: HELLO_TIMEOUT_MS,
    help: 'This is a Benchcast bench. Machines in its boot environment report here.\n',
    onSocket: (socket, peer) => attend(socket, peer, address, onHello),
  })
}

function attend(
  socket: WebSocket,
  address: string,
  benchAddress: string,
  onHello: (hello: Hello, link: MachineLink) => LinkListener | null,
): void {
  let listener: LinkListener | null = null
  let isRefused = false
  let messages = 0
  let windowAtMs = 0
  let heardAtMs = performance.now()
  const helloTimer = setTimeout(() => socket.terminate(), HELLO_TIMEOUT_MS)
  const silence = setInterval(() => {
    if (performance.now() - heardAtMs > SILENT_MS) socket.terminate()
  }, SILENT_MS / 4)
  const refuse = (fault: Fault): void => {
    if (isRefused) return
    isRefused = true
    send(socket, { type: 'refused', fault })
    socket.close(1008, fault.code)
    setTimeout(() => socket.terminate(), REFUSED_LINGER_MS).unref()
  }
  const link: MachineLink = {
    address,
    benchAddress,
    refuse,
    send: message => send(socket, message),
    close: () => socket.close(1000),
  }

  function take(text: string): void {
    const nowMs = performance.now()
    if (nowMs - windowAtMs >= 1000) [windowAtMs, messages] = [nowMs, 0]
    if (++messages > MAX_BENCH_MESSAGES_PER_SECOND) {
      return refuse(badMessage(`more than ${MAX_BENCH_MESSAGES_PER_SECOND} messages in a second`))
    }
    const parsed = toBenchSchema.safeParse(parseJson(text))
    if (!parsed.success) return refuse(badMessage('a message'))
    const message = parsed.data
    if (message.type !== 'hello') {
      if (listener === null) return refuse(badMessage('a message before its hello'))
      return listener.onMessage(message)
    }
    if (listener !== null) return refuse(badMessage('a second hello'))
    clearTimeout(helloTimer)
    if (message.protocol !== PROTOCOL_VERSION) return refuse(otherVersion(message.protocol))
    listener = onHello(message, link)
  }

  socket.on('message', (data: Buffer, isBinary) => {
    if (isRefused) return // It may still talk until its connection is gone.
    heardAtMs = performance.now()
    listener?.onHeard()
    if (isBinary) refuse(badMessage('a binary message'))
    else take(data.toString('utf8'))
  })
  socket.on('pong', () => {
    heardAtMs = performance.now()
    if (!isRefused) listener?.onHeard()
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    clearTimeout(helloTimer)
    clearInterval(silence)
    listener?.onClose()
  })
}

function send(socket: WebSocket, message: ToMachine): void {
  if (socket.readyState !== WebSocket.OPEN) return
  if (socket.bufferedAmount > MAX_UNREAD_BYTES) return socket.terminate()
  socket.send(JSON.stringify(message))
}

function badMessage(what: string): Fault {
  return {
    code: 'peer/bad-message',
    message: `The machine sent ${what} that does not follow the protocol. Start it anew from this bench.`,
  }
}

function otherVersion(theirs: number): Fault {
  return {
    code: 'session/other-version',
    message: `The machine speaks protocol version ${theirs}, this bench version ${PROTOCOL_VERSION}. Start it anew from this bench.`,
  }
}
