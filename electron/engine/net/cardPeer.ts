/**
 * UDP between one card and one peer: a port of its own, connected, so that the kernel drops what others send to it and
 * tells when the peer has gone (ICMP). Linux holds it to the card by SO_BINDTODEVICE, socket(7), and sends many datagrams
 * in one call, sendmmsg(2); elsewhere, and without the FFI, node:dgram does all.
 */
import dgram from 'node:dgram'
import { openCardDescriptor } from './cardSocket.ts'
import { ERRNO, type LinuxSockets, loadLinuxSockets, systemError } from './linuxSockets.ts'
import { createMessageVector } from './messageVector.ts'

export interface CardPeersOptions {
  readonly card: string
  readonly address: string
  /** The longest that will be sent, and how many may gather before a flush. */
  readonly datagramBytes: number
  readonly batchDatagrams: number
}

export interface CardPeers {
  /** Rejects with system errors as Node words them. */
  open(options: CardPeerOptions): Promise<CardPeer>
}

export interface CardPeerOptions {
  readonly address: string
  readonly port: number
  /** `datagram` is the listener's to keep. */
  onDatagram(datagram: Uint8Array): void
  /** Nobody listens there any more, or the card went away. The socket stays open. */
  onUnreachable(error: Error): void
}

export interface CardPeer {
  /** Copies both, to leave by `flush`, which must be called before another peer of the same card sends. */
  send(header: Uint8Array, payload: Uint8Array): void
  flush(): void
  /**
   * The next datagram if it comes within so many ms, without going to sleep for it; null otherwise, and always where
   * there is no FFI. A view, valid until the next call on any peer.
   */
  receiveSoon(waitMs: number): Uint8Array | null
  /** Idempotent. */
  close(): void
}

/** What a peer answers with is short; the rest of a longer datagram is cut off. */
const RECEIVE_BYTES = 2048

/** Many peers share what is dear to make: the FFI, and the memory that datagrams leave from. */
export async function createCardPeers(options: CardPeersOptions): Promise<CardPeers> {
  const { card, address } = options
  const linux = await loadLinuxSockets()
  const area = linux && createArea(linux, options)
  return {
    async open(peer) {
      const socket = dgram.createSocket('udp4')
      const fd = linux ? openCardDescriptor(linux, { card, isShared: false }, address, 0) : null
      try {
        await new Promise<void>((resolve, reject) => {
          socket.once('error', reject)
          socket.bind(fd === null ? { port: 0, address, exclusive: true } : { fd }, () => {
            socket.off('error', reject)
            resolve()
          })
        })
        await new Promise<void>((resolve, reject) => {
          socket.connect(peer.port, peer.address, (error?: Error) =>
            error ? reject(error) : resolve(),
          )
        })
      } catch (error) {
        socket.close()
        throw error
      }
      socket.on('error', peer.onUnreachable)
      socket.on('message', peer.onDatagram)
      return area && fd !== null ? batchedPeer(area, fd, socket, peer) : plainPeer(socket)
    },
  }
}

/** Memory for one batch to leave, and for one datagram to arrive. */
type Area = ReturnType<typeof createArea>
function createArea(sockets: LinuxSockets, { datagramBytes, batchDatagrams }: CardPeersOptions) {
  const batch = new Uint8Array(new ArrayBuffer(datagramBytes * batchDatagrams))
  const out = createMessageVector(sockets, batchDatagrams)
  const received = new Uint8Array(new ArrayBuffer(RECEIVE_BYTES))
  const into = createMessageVector(sockets, 1)
  into.setData(0, sockets.addressOf(received.buffer), RECEIVE_BYTES)
  const batchAddress = sockets.addressOf(batch.buffer)
  return { sockets, datagramBytes, batchDatagrams, batch, batchAddress, out, received, into }
}

function plainPeer(socket: dgram.Socket): CardPeer {
  let isClosed = false
  return {
    send(header, payload) {
      if (!isClosed) socket.send(Buffer.concat([header, payload]))
    },
    flush() {},
    receiveSoon: () => null,
    close() {
      if (!isClosed) socket.close()
      isClosed = true
    },
  }
}

/** node:dgram keeps the descriptor and waits on it; what is sent and hoped for goes past it. */
function batchedPeer(
  area: Area,
  fd: number,
  socket: dgram.Socket,
  peer: CardPeerOptions,
): CardPeer {
  const { sockets, datagramBytes, batchDatagrams, batch, batchAddress, out, received, into } = area
  let count = 0
  let isClosed = false

  function unreachable(errno: number, what: string): void {
    peer.onUnreachable(systemError(`${what} ${peer.address}:${peer.port}`, errno))
  }

  function flush(): void {
    let first = 0
    while (first < count && !isClosed) {
      const sent = sockets.send(fd, out.address + first * out.strideBytes, count - first)
      if (sent > 0) first += sent
      else if (sent !== -ERRNO.interrupted) {
        // A full queue is a loss like any other: the peer asks again. The rest means that there is no way to it.
        const isLoss = sent === -ERRNO.again || sent === -ERRNO.noBuffer
        if (!isLoss) unreachable(-sent, 'send to')
        break
      }
    }
    count = 0
  }

  return {
    send(header, payload) {
      if (isClosed) return
      if (count === batchDatagrams) flush()
      const at = count * datagramBytes
      batch.set(header, at)
      batch.set(payload, at + header.length)
      out.setData(count++, batchAddress + at, header.length + payload.length)
    },
    flush,
    receiveSoon(waitMs) {
      const endMs = performance.now() + waitMs
      do {
        if (isClosed) return null
        const result = sockets.receive(fd, into.address, 1)
        if (result === 1) return received.subarray(0, into.bytes(0))
        if (result !== -ERRNO.again && result !== -ERRNO.interrupted) {
          // The kernel tells an error once, to whoever comes first.
          unreachable(-result, 'receive from')
          return null
        }
        // Who answers may be a process on this very processor.
        sockets.yield()
      } while (performance.now() < endMs)
      return null
    },
    close() {
      if (!isClosed) socket.close()
      isClosed = true
    },
  }
}
