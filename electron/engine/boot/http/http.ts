/**
 * HTTP server for boot files, read only, on one address: RFC 9110, HTTP/1.1. Kept to what firmware, shim, GRUB and iPXE
 * were seen to cope with:
 *
 * - header names are spelled as in the RFC: GRUB 2.12 finds `Content-Length` in no other spelling;
 * - a missing file has a body: firmware waits 6 s for the body of an empty 404;
 * - `//file` is the file, never a redirect: firmware does not follow one;
 * - connections end by a reset once idle: GRUB uses the same ports and sequence numbers after each reset of its machine,
 *   and a connection that lingers on our side swallows its SYN.
 */
import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { http } from '../../nodeHttp.ts'
import { BootError } from '../bootError.ts'
import type { FileEvent } from '../fileEvent.ts'
import { normalisePath } from '../filePath.ts'
import { type ByteRange, parseRange } from './range.ts'

export interface BootHttpOptions {
  readonly card: string
  /** Of the card; only connections to it are taken. */
  readonly address: string
  /** 0: any. */
  readonly port: number
  /** The file's content by its normalised name, or null. Must not be changed while it is sent. */
  lookup(name: string, client: string): Uint8Array | null
  onEvent(event: FileEvent): void
}

export interface BootHttpServer {
  readonly port: number
  /** Resets what is left of a client's connections: it starts anew. */
  forget(client: string): void
  close(): Promise<void>
}

const MAX_CONNECTIONS = 512
/** iPXE and GRUB use one or two at a time; a browser that looks in uses six. */
const MAX_CONNECTIONS_OF_CLIENT = 16
/** Between requests on one connection. */
const IDLE_MS = 2_000
const HEADERS_MS = 10_000
/** GRUB takes its first block and pauses, up to 11 s as seen, to check and start the kernel. */
const STALL_MS = 60_000
/** Written at once: progress is told, and memory held, in these steps. */
const PIECE_BYTES = 256 * 1024
const MAX_HEADER_BYTES = 8 * 1024

/** Fault: boot/cannot-listen. */
export async function openBootHttpServer(options: BootHttpOptions): Promise<BootHttpServer> {
  const sockets = new Set<Socket>()
  const server = http.createServer(
    {
      keepAliveTimeout: IDLE_MS,
      headersTimeout: HEADERS_MS,
      requestTimeout: HEADERS_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => {
      answer(options, request, response).catch((error: unknown) => {
        request.socket.destroy(error instanceof Error ? error : new Error(String(error)))
      })
    },
  )
  server.maxConnections = MAX_CONNECTIONS
  server.setTimeout(STALL_MS, socket => socket.resetAndDestroy())
  server.on('connection', socket => {
    const client = clientOf(socket)
    const others = [...sockets].filter(each => clientOf(each) === client)
    if (others.length >= MAX_CONNECTIONS_OF_CLIENT) return void socket.resetAndDestroy()
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {}) // Clients are switched off in the midst of it.
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('clientError', (_, socket) => socket.destroy())
  const port = await listen(server, options)
  return {
    port,
    forget(client) {
      for (const socket of sockets) if (clientOf(socket) === client) socket.resetAndDestroy()
    },
    close() {
      return new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.resetAndDestroy()
      })
    },
  }
}

async function listen(server: Server, options: BootHttpOptions): Promise<number> {
  const { card, address, port } = options
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, address, () => {
        server.off('error', reject)
        resolve()
      })
    })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new BootError({ code: 'boot/cannot-listen', card, port, reason }, { cause })
  }
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('listening without an address')
  return bound.port
}

async function answer(
  { lookup, onEvent }: BootHttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const client = clientOf(request.socket)
  const name = pathOf(request.url ?? '/')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    onEvent({ client, name, step: { kind: 'refused' } })
    return refuse(response, 405, 'Only GET and HEAD are served.\n', { Allow: 'GET, HEAD' })
  }
  const path = normalisePath(name)
  const content = path === null ? null : lookup(path, client)
  if (content === null) {
    onEvent({ client, name, step: { kind: 'missing' } })
    return refuse(response, 404, 'Not found.\n', {})
  }
  const range = parseRange(request.headers.range, content.length)
  if (range === 'unsatisfiable') {
    onEvent({ client, name, step: { kind: 'refused' } })
    const headers = { 'Content-Range': `bytes */${content.length}` }
    return refuse(response, 416, 'The file ends before this range.\n', headers)
  }
  const { first, end }: ByteRange = range ?? { first: 0, end: content.length }
  response.writeHead(range ? 206 : 200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': end - first,
    'Accept-Ranges': 'bytes',
    ...(range && { 'Content-Range': `bytes ${first}-${end - 1}/${content.length}` }),
  })
  if (request.method === 'HEAD') return void response.end()
  const tell = (step: FileEvent['step']): void => onEvent({ client, name, step })
  await send(response, content.subarray(first, end), tell)
}

/** Resolves when all is sent, or the client has gone. Holds no more of it than one piece. */
async function send(
  response: ServerResponse,
  content: Uint8Array,
  tell: (step: FileEvent['step']) => void,
): Promise<void> {
  const bytes = content.length
  tell({ kind: 'started', sentBytes: 0, bytes })
  let sentBytes = 0
  while (sentBytes < bytes && !response.destroyed) {
    if (sentBytes > 0) tell({ kind: 'progress', sentBytes, bytes })
    const piece = content.subarray(sentBytes, sentBytes + PIECE_BYTES)
    if (!response.write(piece)) await drained(response)
    if (!response.destroyed) sentBytes += piece.length
  }
  if (!response.destroyed) await ended(response)
  tell(
    response.writableFinished
      ? { kind: 'done', bytes }
      : { kind: 'aborted', sentBytes, message: 'The client closed the connection.' },
  )
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}

function ended(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    response.once('close', resolve)
    response.once('finish', resolve)
    response.end()
  })
}

function refuse(
  response: ServerResponse,
  status: number,
  text: string,
  headers: OutgoingHttpHeaders,
): void {
  const type = { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': text.length }
  response.writeHead(status, { ...type, ...headers })
  response.end(text)
}

/** Of origin form and absolute form (RFC 9112 §3.2); a name that does not decode is taken as it is, and found missing. */
function pathOf(url: string): string {
  const path = url.replace(/^http:\/\/[^/]*/i, '').replace(/[?#].*$/, '')
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function clientOf(socket: Socket): string {
  return socket.remoteAddress ?? ''
}
