/**
 * The WebSocket end of a session, on the chosen card's address. PROTOCOL.md §6.
 *
 * Everything a peer sends is bounded and parsed here; what comes out is typed. A peer that breaks the rules loses its
 * own connection and nothing else happens.
 */
import { WebSocket } from 'ws'
import type { Fault } from '../../../shared/fault.ts'
import {
  CONTROL_SUBPROTOCOL,
  controlPath,
  encodeManifestPiece,
  type Join,
  type ToReceiver,
  type ToSender,
  toSenderSchema,
} from '../../../shared/protocol/control.ts'
import {
  MANIFEST_PIECE_BYTES,
  MAX_RECEIVERS,
  MAX_REPORTS_PER_SECOND,
} from '../../../shared/protocol/limits.ts'
import { parseJson } from '../../../shared/parseJson.ts'
import { decodeNeedReport, type NeedReport } from '../../../shared/protocol/needReport.ts'
import { PROTOCOL_VERSION, type SessionId } from '../../../shared/protocol/packet.ts'
import { openSocketServer, type SocketServer } from '../net/net.ts'
import { SessionError } from './fault.ts'

/** One joined machine's connection. All methods are safe after it closed. */
export interface Peer {
  readonly address: string
  readonly join: Join
  send(message: ToReceiver): void
  /** In pieces, as fast as the peer takes them. */
  sendManifest(bytes: Uint8Array): void
  /** A FILL; `onTaken` once the system took it, or the connection is gone. */
  fill(bytes: Uint8Array, onTaken: () => void): void
  refuse(fault: Fault): void
  close(): void
}

export interface PeerListener {
  onMessage(message: Exclude<ToSender, Join>): void
  /** `bytes` as they came, for the sender's thread. */
  onReport(report: NeedReport, bytes: Uint8Array): void
  onHeard(): void
  onClose(): void
}

export type ControlServer = SocketServer

/** A peer that connects and says nothing is closed after this, ms. */
const JOIN_TIMEOUT_MS = 5_000
/** A refused peer hears why, then loses its connection, whatever it does meanwhile, ms. */
const REFUSED_LINGER_MS = 1_000
/** A full NEED report is 24.6 KB; a join with every field full is under 4 KB. */
const MAX_FROM_RECEIVER_BYTES = 65_536
/** A peer that does not read what we send is closed: the manifest waits for it, small messages do not. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024

/** `onJoin` answers who listens to the peer, or null after refusing it. Throws `session/cannot-bind`. */
export async function openControlServer(
  session: SessionId,
  address: string,
  onJoin: (peer: Peer) => PeerListener | null,
): Promise<ControlServer> {
  /** Their reports told since the last ping of datagrams that had just come: under a cap, many pings cost their share. */
  const hearing = new WeakSet<WebSocket>()
  try {
    return await openSocketServer({
      address,
      port: 0,
      path: controlPath(session),
      subprotocol: CONTROL_SUBPROTOCOL,
      maxMessageBytes: MAX_FROM_RECEIVER_BYTES,
      maxSockets: 2 * MAX_RECEIVERS,
      maxSocketsOfPeer: null,
      headersTimeoutMs: JOIN_TIMEOUT_MS,
      help: 'This is a Benchcast session. Machines join it with the Benchcast receiver.\n',
      hasHeard: socket => hearing.delete(socket),
      onSocket: (socket, peer) => attend(socket, peer, onJoin, () => void hearing.add(socket)),
    })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SessionError({ code: 'session/cannot-bind', address, reason }, { cause })
  }
}

function attend(
  socket: WebSocket,
  address: string,
  onJoin: (peer: Peer) => PeerListener | null,
  onHearing: () => void,
): void {
  let listener: PeerListener | null = null
  let seenSeq = 0
  let reports = 0
  let windowAtMs = 0
  let isRefused = false
  const joinTimer = setTimeout(() => socket.terminate(), JOIN_TIMEOUT_MS)
  const refuse = (fault: Fault): void => {
    if (isRefused) return
    isRefused = true
    send(socket, { type: 'refused', fault })
    socket.close(1008, fault.code)
    setTimeout(() => socket.terminate(), REFUSED_LINGER_MS).unref()
  }

  function onText(text: string): void {
    const parsed = toSenderSchema.safeParse(parseJson(text))
    if (!parsed.success) return refuse(badMessage('a text message'))
    const message = parsed.data
    if (message.type !== 'join') {
      if (listener === null) return refuse(badMessage('a message before joining'))
      return listener.onMessage(message)
    }
    if (listener !== null) return refuse(badMessage('a second join'))
    clearTimeout(joinTimer)
    if (message.protocol !== PROTOCOL_VERSION) return refuse(otherVersion(message.protocol))
    listener = onJoin(createPeer(socket, address, message, refuse))
  }

  function onBinary(bytes: Uint8Array): void {
    const nowMs = performance.now()
    if (nowMs - windowAtMs >= 1000) [windowAtMs, reports] = [nowMs, 0]
    if (listener === null) return refuse(badMessage('a report before joining'))
    if (++reports > MAX_REPORTS_PER_SECOND) {
      return refuse(badMessage(`more than ${MAX_REPORTS_PER_SECOND} reports in a second`))
    }
    const report = decodeNeedReport(bytes)
    if (report.kind === 'malformed') return refuse(badMessage(`a need report (${report.reason})`))
    if (report.seenSeq !== seenSeq) onHearing()
    seenSeq = report.seenSeq
    listener.onReport(report, bytes)
  }

  socket.on('message', (data: Buffer, isBinary) => {
    if (isRefused) return // It may still talk until its connection is gone.
    listener?.onHeard()
    if (isBinary) onBinary(data)
    else onText(data.toString('utf8'))
  })
  socket.on('pong', () => {
    if (!isRefused) listener?.onHeard()
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    clearTimeout(joinTimer)
    listener?.onClose()
  })
}

function createPeer(
  socket: WebSocket,
  address: string,
  join: Join,
  refuse: (fault: Fault) => void,
): Peer {
  return {
    address,
    join,
    refuse,
    send: message => send(socket, message),
    close: () => socket.close(1000),
    fill(bytes, onTaken) {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes, () => onTaken())
      else onTaken()
    },
    sendManifest(bytes) {
      let offset = 0
      const sendNext = (error?: Error): void => {
        if (error || offset >= bytes.length || socket.readyState !== WebSocket.OPEN) return
        const piece = bytes.subarray(offset, offset + MANIFEST_PIECE_BYTES)
        const message = encodeManifestPiece(offset, piece)
        offset += piece.length
        socket.send(message, sendNext)
      }
      sendNext()
    },
  }
}

function send(socket: WebSocket, message: ToReceiver): void {
  if (socket.readyState !== WebSocket.OPEN) return
  if (socket.bufferedAmount > MAX_UNREAD_BYTES) return socket.terminate()
  socket.send(JSON.stringify(message))
}

function badMessage(what: string): Fault {
  return {
    code: 'peer/bad-message',
    message: `The receiver sent ${what} that does not follow the protocol. Update the receiver.`,
  }
}

function otherVersion(theirs: number): Fault {
  return {
    code: 'session/other-version',
    message: `The receiver speaks protocol version ${theirs}, this bench version ${PROTOCOL_VERSION}. Use the same Benchcast release on both.`,
  }
}
