/**
 * One control connection: join, admission, manifest, then messages both ways. It ends once, by `onClosed`, whoever
 * ended it. PROTOCOL.md §6.
 */
import { createHash, randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import type { Afterwards } from '../shared/bench.ts'
import type { Fault } from '../shared/fault.ts'
import {
  CONTROL_SUBPROTOCOL,
  controlPath,
  decodeManifestPiece,
  type Delivery,
  joinProofText,
  type Machine,
  type SessionPhase,
  type Target,
  type ToReceiver,
  toReceiverSchema,
  type ToSender,
} from '../shared/protocol/control.ts'
import { decodeFill, type FillMessage, isFill } from '../shared/protocol/fill.ts'
import { MAX_CONTROL_MESSAGE_BYTES } from '../shared/protocol/limits.ts'
import {
  decodeManifest,
  HASH_BYTES,
  identityBytes,
  type Manifest,
  positionCount,
} from '../shared/protocol/manifest.ts'
import { PROTOCOL_VERSION } from '../shared/protocol/packet.ts'
import { isSigned } from './discovery.ts'
import { createProbeAnswer } from './probeAnswer.ts'
import { ReceiveError } from './receiveError.ts'
import type { KnownSession } from './receiveOptions.ts'

const HANDSHAKE_TIMEOUT_MS = 5_000

/** How long a closing handshake may take before the socket is cut. */
const CLOSE_TIMEOUT_MS = 2_000

export interface LinkOptions {
  readonly known: KnownSession
  readonly localAddress: string
  readonly machine: Machine
  readonly target: Target
  onAdmitted(number: number): void
  /** Admission waits for the technician's nod, for this reason. */
  onAsking(number: number, reason: string): void
  /** The bench has heard that all is verified. */
  onFarewell(afterwards: Afterwards): void
  /** Manifest complete, its hash the announced image. `wireHash` tells two encodings of one image apart. */
  onManifest(manifest: Manifest, wireHash: string): void
  /** Symbols for this receiver alone. Payloads are views of the message. */
  onFill(message: FillMessage): void
  /** First with the phase at admission. */
  onPhase(phase: SessionPhase): void
  onDropped(fault: Fault): void
  onReadmitted(): void
  /** Where the session's datagrams go from now on; until the first of these, to its group. */
  onDelivery(delivery: Delivery): void
  /** The last call. `fault` when the bench refused us or is not what was announced; otherwise the reason, in words. */
  onClosed(reason: string, fault: ReceiveError | null): void
}

export interface Link {
  send(message: ToSender | Uint8Array): void
  /** When anything, a ping included, last came from the bench. */
  heardAtMs(): number
  /** Bytes waiting to leave: reports may be skipped meanwhile. */
  queuedBytes(): number
  /** Says goodbye and waits for what is queued; resolves when the connection is over. `onClosed` is not called. */
  close(): Promise<void>
  /** Cuts a connection that no longer answers. */
  cut(reason: string): void
}

interface Admission {
  readonly bytes: Uint8Array
  doneBytes: number
  isDone: boolean
}

export function openLink(options: LinkOptions): Link {
  const { announce, session } = options.known
  const nonce = randomBytes(16).toString('hex')
  const { address, port } = announce.control
  let heardAtMs = Date.now()
  let admission: Admission | null = null
  let isOver = false

  const socket = new WebSocket(
    `ws://${address}:${port}${controlPath(session)}`,
    CONTROL_SUBPROTOCOL,
    {
      localAddress: options.localAddress,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: MAX_CONTROL_MESSAGE_BYTES,
      perMessageDeflate: false,
    },
  )
  socket.binaryType = 'nodebuffer'

  const probes = createProbeAnswer({
    session,
    group: announce.data.group,
    nicAddress: options.localAddress,
    send,
  })

  function end(reason: string, fault: ReceiveError | null = null): void {
    if (isOver) return
    isOver = true
    probes.close()
    socket.terminate()
    options.onClosed(reason, fault)
  }

  function send(message: ToSender | Uint8Array): void {
    if (socket.readyState !== WebSocket.OPEN) return
    socket.send(message instanceof Uint8Array ? message : JSON.stringify(message))
  }

  function takeText(text: string): void {
    const message = parse(text)
    if (message === null) {
      socket.close(1002, 'message does not parse')
      return end('the bench sent a message that this version does not know')
    }
    switch (message.type) {
      case 'admitted':
        return admit(message)
      case 'asking':
        return options.onAsking(message.number, message.reason)
      case 'farewell':
        return options.onFarewell(message.afterwards)
      case 'refused':
        return end(
          message.fault.message,
          new ReceiveError({ code: 'peer/refused', refusal: message.fault }),
        )
      case 'session':
        return options.onPhase(message.phase)
      case 'dropped':
        return options.onDropped(message.fault)
      case 'readmitted':
        return options.onReadmitted()
      case 'delivery':
        return options.onDelivery(message.delivery)
      case 'probe':
        // Not before it has shown that it owns the announced key.
        if (admission !== null) probes.listen(message)
        return
      case 'probeEnd':
        return probes.end(message.id)
    }
  }

  function admit(message: Extract<ToReceiver, { type: 'admitted' }>): void {
    const signed = Buffer.from(joinProofText(session, nonce), 'ascii')
    if (!isSigned(announce.key, signed, Buffer.from(message.proof, 'hex'))) {
      return end('wrong proof', new ReceiveError({ code: 'peer/not-the-bench', address }))
    }
    if (admission !== null) return end('the bench admitted twice')
    if (message.manifestBytes > manifestBytesAtMost(announce.imageBytes)) {
      return end('manifest too large', badManifest('it is larger than any of its image size'))
    }
    admission = {
      bytes: new Uint8Array(message.manifestBytes),
      doneBytes: 0,
      isDone: false,
    }
    options.onAdmitted(message.number)
    options.onPhase(message.phase)
  }

  function takePiece(bytes: Uint8Array): void {
    const piece = decodeManifestPiece(bytes)
    if (piece === null || admission === null || admission.isDone) {
      return end('the bench sent a piece that this version does not know')
    }
    if (
      piece.offset !== admission.doneBytes ||
      piece.offset + piece.bytes.length > admission.bytes.length
    ) {
      return end('manifest out of order', badManifest('its pieces do not join'))
    }
    admission.bytes.set(piece.bytes, piece.offset)
    admission.doneBytes += piece.bytes.length
    if (admission.doneBytes === admission.bytes.length) completeManifest(admission)
  }

  function takeFill(bytes: Uint8Array): void {
    const fill = decodeFill(bytes)
    if (fill.kind === 'malformed') return end(`the bench sent a bad fill (${fill.reason})`)
    if (admission?.isDone !== true) return end('the bench filled before the manifest')
    options.onFill(fill)
  }

  function completeManifest(complete: Admission): void {
    complete.isDone = true
    const manifest = decodeManifest(complete.bytes)
    if ('kind' in manifest) return end(manifest.reason, badManifest(manifest.reason))
    const id = createHash('sha256').update(identityBytes(manifest)).digest('hex')
    if (id !== announce.image) return end('other image', badManifest('its hash is another'))
    const wireHash = createHash('sha256').update(complete.bytes).digest('hex')
    options.onManifest(manifest, wireHash)
  }

  socket.on('open', () => {
    heardAtMs = Date.now()
    const { machine, target } = options
    send({ type: 'join', protocol: PROTOCOL_VERSION, machine, target, nonce })
  })
  socket.on('ping', () => (heardAtMs = Date.now()))
  socket.on('message', (data, isBinary) => {
    if (isOver) return
    heardAtMs = Date.now()
    const bytes = data as Buffer
    if (isBinary && isFill(bytes)) takeFill(bytes)
    else if (isBinary) takePiece(bytes)
    else takeText(bytes.toString('utf8'))
  })
  socket.on('error', error => end(reasonOf(error, address, port)))
  socket.on('close', (_, reason) => end(reason.toString() || 'the bench closed the connection'))

  return {
    send,
    heardAtMs: () => heardAtMs,
    queuedBytes: () => socket.bufferedAmount,
    close() {
      if (isOver) return Promise.resolve()
      isOver = true
      probes.close()
      return new Promise(resolve => {
        const timer = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS)
        socket.once('close', () => {
          clearTimeout(timer)
          resolve()
        })
        socket.close(1000)
      })
    },
    cut: reason => end(reason),
  }
}

/** Header, then one entry a chunk and one a position, of which no image has more than positions. */
function manifestBytesAtMost(imageBytes: number): number {
  return 24 + positionCount(imageBytes) * (HASH_BYTES + 5 + 4)
}

function badManifest(reason: string): ReceiveError {
  return new ReceiveError({ code: 'peer/bad-manifest', reason })
}

function parse(text: string): ToReceiver | null {
  try {
    const message = toReceiverSchema.safeParse(JSON.parse(text))
    return message.success ? message.data : null
  } catch {
    return null // Not JSON.
  }
}

function reasonOf(error: Error, address: string, port: number): string {
  const code = (error as NodeJS.ErrnoException).code
  const at = `${address}:${port}`
  if (code === 'ECONNREFUSED') return `nothing answers at ${at}`
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return `${at} cannot be reached from this card`
  if (code === 'ETIMEDOUT' || error.message.includes('handshake has timed out')) {
    return `${at} does not answer: is a firewall in the way?`
  }
  if (error.message.endsWith('404')) return `the bench at ${at} has no such session any more`
  return `${at}: ${error.message}`
}
