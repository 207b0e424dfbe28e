/**
 * A WebSocket server on one card's address, for peers that are not trusted: one path, one subprotocol, bounded messages,
 * bounded connections, and nothing that a silent peer can hold open. What the peers say is the caller's.
 */
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { http } from '../nodeHttp.ts'

export interface SocketServerOptions {
  readonly address: string
  /** 0: any. */
  readonly port: number
  readonly path: string
  readonly subprotocol: string
  readonly maxMessageBytes: number
  readonly maxSockets: number
  /** From one address; null where one computer may hold many. */
  readonly maxSocketsOfPeer: number | null
  /** For the request before the WebSocket. */
  readonly headersTimeoutMs: number
  /** What a browser that looks in is told. */
  readonly help: string
  /** Asked each second. A peer that is known to have heard from here in the last one is pinged only each sixth. */
  hasHeard?(socket: WebSocket): boolean
  /** Open. It is pinged each second. */
  onSocket(socket: WebSocket, peerAddress: string): void
}

export interface SocketServer {
  readonly port: number
  close(): Promise<void>
}

/** How often unfinished HTTP requests are looked at, ms. */
const HEADERS_CHECK_MS = 1_000
const PING_INTERVAL_MS = 1_000
/** Pings in a row that a peer goes without. */
const SPARED_PINGS = 5

/** Rejects with the system's error where the address cannot be used. */
export async function openSocketServer(options: SocketServerOptions): Promise<SocketServer> {
  const { path, subprotocol, maxSockets, maxSocketsOfPeer, headersTimeoutMs } = options
  const limits = {
    headersTimeout: headersTimeoutMs,
    requestTimeout: headersTimeoutMs,
    connectionsCheckingInterval: HEADERS_CHECK_MS,
  }
  const server = http.createServer(limits, (_request, response) => {
    response.writeHead(404, { 'Content-Type': 'text/plain' })
    response.end(options.help)
  })
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: offered => (offered.has(subprotocol) ? subprotocol : false),
  })
  // Upgraded connections leave the HTTP server's own list; closing must not wait for a silent one.
  const connections = new Set<Socket>()
  server.maxConnections = 2 * maxSockets
  server.on('connection', connection => {
    if (maxSocketsOfPeer !== null && countOf(connections, connection) >= maxSocketsOfPeer) {
      connection.destroy()
      return
    }
    connections.add(connection)
    connection.once('close', () => connections.delete(connection))
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    if (request.url !== path || sockets.clients.size >= maxSockets) {
      return decline(socket, '404 Not Found')
    }
    // ws asks `handleProtocols` only when the peer offers any.
    if (request.headers['sec-websocket-protocol'] === undefined) {
      return decline(socket, '400 Bad Request')
    }
    sockets.handleUpgrade(request, socket, head, webSocket => {
      options.onSocket(webSocket, request.socket.remoteAddress ?? '')
    })
  })
  await listen(server, options)
  const spared = new WeakMap<WebSocket, number>()
  function ping(socket: WebSocket): void {
    const times = spared.get(socket) ?? 0
    const isSpared = options.hasHeard?.(socket) === true && times < SPARED_PINGS
    spared.set(socket, isSpared ? times + 1 : 0)
    if (!isSpared) socket.ping()
  }
  const pings = setInterval(() => {
    for (const socket of sockets.clients) if (socket.readyState === WebSocket.OPEN) ping(socket)
  }, PING_INTERVAL_MS)
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      clearInterval(pings)
      for (const connection of connections) connection.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

function countOf(connections: ReadonlySet<Socket>, { remoteAddress }: Socket): number {
  let count = 0
  for (const each of connections) if (each.remoteAddress === remoteAddress) count++
  return count
}

function decline(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function listen(server: Server, { port, address }: SocketServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
