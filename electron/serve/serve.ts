/**
 * The dashboard: the same page and the same RPC in a browser on this computer.
 *
 * Loopback only. A page on the internet can make a browser send requests here, so three things guard the engine: the
 * Host header must name this address (DNS rebinding), a WebSocket's Origin must be ours, and it must carry the token
 * that only the printed link holds. The link keeps it in the fragment, which no server or log ever sees. The token is
 * the catalog's: a server that was started again lets the pages that were open before back in.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Channel } from '../../shared/rpc.ts'
import { type Assets, openAssets } from '../assets/assets.ts'
import { http } from '../engine/nodeHttp.ts'

export interface DashboardOptions {
  /** Gets every viewer's channel. */
  readonly engine: { attach(channel: Channel): void }
  /** 0 lets the system choose. */
  readonly port: number
  /** The built page, out/renderer. */
  readonly pageDirectory: string
  /** Keeps the token from one start to the next, for its owner's eyes only; null makes one for this start alone. */
  readonly tokenFile: string | null
}

export interface Dashboard {
  /** With the token: whoever has it controls the bench. */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

export type DashboardFault =
  | { readonly code: 'app/port-in-use'; readonly port: number }
  | { readonly code: 'app/port-refused'; readonly port: number; readonly cause: string }
  | { readonly code: 'app/page-not-built'; readonly directory: string }

export class DashboardError extends Error {
  override readonly name = 'DashboardError'
  readonly fault: DashboardFault
  constructor(fault: DashboardFault, options?: ErrorOptions) {
    super(describe(fault), options)
    this.fault = fault
  }
}

const ADDRESS = '127.0.0.1'
const SUBPROTOCOL = 'benchcast'
const TOKEN_BYTES = 16
/** A request is at most a list of 1000 paths. */
const MAX_FRAME_BYTES = 8 * 2 ** 20
/** A viewer that stopped reading is cut off before its backlog fills memory; it reconnects and loads anew. */
const MAX_BACKLOG_BYTES = 16 * 2 ** 20

/** Throws DashboardError: the port is taken or refused, or the page was never built. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const assets = openAssets(options.pageDirectory)
  if ((await assets.find('/')) === null) {
    throw new DashboardError({ code: 'app/page-not-built', directory: options.pageDirectory })
  }
  const token = options.tokenFile === null ? randomToken() : keptToken(options.tokenFile)
  const server = http.createServer()
  const port = await listen(server, options.port)
  const isOwnHost = (host: string | undefined): boolean =>
    host === `${ADDRESS}:${port}` || host === `localhost:${port}`

  server.on('request', (request, response) => {
    void answer(assets, request, response, isOwnHost(request.headers.host))
  })
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    handleProtocols: () => SUBPROTOCOL,
  })
  server.on('upgrade', (request, socket, head) => {
    const origin = request.headers.origin ?? ''
    const isOurs =
      isOwnHost(request.headers.host) &&
      isOwnHost(origin.replace(/^http:\/\//, '')) &&
      request.url === '/engine'
    if (!isOurs || !isSameSecret(tokenOf(request), token)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, viewer => options.engine.attach(channelOf(viewer)))
  })
  return {
    url: `http://${ADDRESS}:${port}/#token=${token}`,
    port,
    close: () =>
      new Promise(resolve => {
        for (const viewer of sockets.clients) viewer.terminate()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function randomToken(): string {
  return randomBytes(TOKEN_BYTES).toString('hex')
}

/** Whatever is not a whole token of ours is replaced; where nothing can be written the token is this start's alone. */
function keptToken(file: string): string {
  const kept = read(file)
  if (kept !== null) return kept
  const token = randomToken()
  try {
    // Removed first: the mode is set only when the file is made.
    rmSync(file, { force: true })
    writeFileSync(file, token, { mode: 0o600, flag: 'wx' })
  } catch {
    // A catalog on a read-only disk, or two starts at once: the link that is printed works all the same.
  }
  return token
}

function read(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8')
    return /^[0-9a-f]{32}$/.test(text) ? text : null
  } catch {
    return null
  }
}

async function answer(
  assets: Assets,
  request: IncomingMessage,
  response: ServerResponse,
  isOwnHost: boolean,
): Promise<void> {
  if (!isOwnHost) return void response.writeHead(403).end()
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
  }
  const asset = await assets.find((request.url ?? '/').split('?')[0] ?? '/')
  if (!asset) return void response.writeHead(404).end()
  response.writeHead(200, { ...asset.headers, 'content-length': asset.body.length })
  response.end(request.method === 'HEAD' ? undefined : asset.body)
}

/** The page offers `benchcast` and `token.<hex>` as subprotocols. */
function tokenOf(request: IncomingMessage): string {
  const offered = request.headers['sec-websocket-protocol'] ?? ''
  const token = offered.split(',').find(part => part.trim().startsWith('token.'))
  return token?.trim().slice('token.'.length) ?? ''
}

/** Hashed first, so that both are of one length and the time tells nothing of either. */
function isSameSecret(offered: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(offered), digest(secret))
}

function channelOf(viewer: WebSocket): Channel {
  // A protocol error or reset is followed by `close`, which says all we need.
  viewer.on('error', () => undefined)
  return {
    send(message) {
      if (viewer.readyState !== viewer.OPEN) return
      if (viewer.bufferedAmount > MAX_BACKLOG_BYTES) viewer.terminate()
      else viewer.send(JSON.stringify(message))
    },
    onMessage: listener =>
      void viewer.on('message', (data: RawData, isBinary: boolean) => {
        const message = isBinary || !Buffer.isBuffer(data) ? undefined : parse(data)
        if (message === undefined) viewer.terminate()
        else listener(message)
      }),
    onClose: listener => void viewer.on('close', () => listener()),
  }
}

function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8')) as unknown
  } catch {
    return undefined // No page of ours sends this: the caller ends the connection.
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const fault: DashboardFault =
        error.code === 'EADDRINUSE'
          ? { code: 'app/port-in-use', port }
          : { code: 'app/port-refused', port, cause: error.message }
      reject(new DashboardError(fault, { cause: error }))
    })
    server.listen(port, ADDRESS, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

function describe(fault: DashboardFault): string {
  switch (fault.code) {
    case 'app/port-in-use':
      return `Port ${fault.port} on ${ADDRESS} is taken by another program. Choose another with --port, or leave it out.`
    case 'app/port-refused':
      return `Port ${fault.port} on ${ADDRESS} cannot be opened: ${fault.cause}. Choose another with --port.`
    case 'app/page-not-built':
      return `There is no page in ${fault.directory}. Build it first: npm start -- --browser does.`
  }
}
