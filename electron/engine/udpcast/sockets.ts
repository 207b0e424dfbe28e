/** The sender's sockets, bound to one card: all it sends has port base + 1 as its source, or receivers ignore it. */
import dgram from 'node:dgram'
import { UdpcastError } from './fault.ts'

export interface UdpcastSockets {
  /** Header and payload leave as one datagram; both must stay untouched until `drained`. */
  send(to: string, header: Uint8Array, payload: Uint8Array | null): void
  isFull(): boolean
  /** When there is room again. */
  hasRoom(): Promise<void>
  /** When everything has left. */
  drained(): Promise<void>
  close(): void
}

export interface SocketOptions {
  readonly address: string
  readonly broadcast: string
  readonly portBase: number
  readonly ttl: number
  /** Lets receivers on this same computer listen. */
  readonly isLoopedBack: boolean
  onDatagram(from: string, datagram: Uint8Array): void
  onSendError(error: Error): void
}

/** Datagrams under way in this process; a turn of the event loop for so many keeps answers flowing. */
const MAX_UNDER_WAY = 32
const SEND_BUFFER_BYTES = 256 * 1024
/** Answers of many machines come at once, after each slice. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024

/** Faults: net/port-taken, net/cannot-bind. */
export async function openSockets(options: SocketOptions): Promise<UdpcastSockets> {
  const { address, broadcast, portBase } = options
  const main = await bound(address, portBase + 1)
  // Linux hands broadcasts only to sockets bound to that address. Without it, each HELLO is answered by unicast anyway.
  const ear =
    process.platform === 'linux' ? await bound(broadcast, portBase + 1).catch(() => null) : null
  main.setBroadcast(true)
  main.setMulticastInterface(address)
  main.setMulticastTTL(options.ttl)
  main.setMulticastLoopback(options.isLoopedBack)
  main.setSendBufferSize(SEND_BUFFER_BYTES)
  main.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
  let underWay = 0
  let waiters: { readonly below: number; readonly tell: () => void }[] = []

  for (const socket of [main, ear]) {
    socket?.on('error', error => options.onSendError(error))
    socket?.on('message', (datagram, from) => {
      const isReceiver = from.port === portBase || from.port === portBase + 1
      if (isReceiver) options.onDatagram(from.address, datagram)
    })
  }

  function left(error: Error | null): void {
    underWay--
    if (error) options.onSendError(error)
    const due = waiters.filter(one => underWay < one.below)
    waiters = waiters.filter(one => underWay >= one.below)
    for (const one of due) one.tell()
  }

  async function below(count: number): Promise<void> {
    if (underWay >= count) {
      await new Promise<void>(tell => waiters.push({ below: count, tell }))
    }
  }

  return {
    send(to, header, payload) {
      underWay++
      main.send(payload ? [header, payload] : [header], portBase, to, left)
    },
    isFull: () => underWay >= MAX_UNDER_WAY,
    hasRoom: () => below(MAX_UNDER_WAY / 2),
    drained: () => below(1),
    close() {
      main.close()
      ear?.close()
    },
  }
}

async function bound(address: string, port: number): Promise<dgram.Socket> {
  const socket = dgram.createSocket('udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off('error', reject)
        resolve()
      })
    })
    return socket
  } catch (error) {
    socket.close()
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      throw new UdpcastError({ code: 'net/port-taken', address, port }, { cause: error })
    }
    const reason = code ?? message
    throw new UdpcastError({ code: 'net/cannot-bind', address, port, reason }, { cause: error })
  }
}
