/**
 * UDP between one card and one peer: a port of its own, connected, so that the kernel drops what others send to it and
 * tells when the peer has gone (ICMP). Linux holds it to the card by SO_BINDTODEVICE, socket(7).
 */
import dgram from 'node:dgram'
import { openCardDescriptor } from './cardSocket.ts'
import { loadLinuxSockets } from './linuxSockets.ts'

export interface CardPeerOptions {
  readonly card: string
  readonly address: string
  readonly peer: { readonly address: string; readonly port: number }
  /** `datagram` is the listener's to keep. */
  onDatagram(datagram: Uint8Array): void
  /** Nobody listens there any more, or the card went away. The socket stays open. */
  onUnreachable(error: Error): void
}

export interface CardPeer {
  /** Takes the datagram over: it must not change any more. */
  send(datagram: Uint8Array): void
  /** Idempotent. */
  close(): void
}

/** Rejects with system errors as Node words them. */
export async function openCardPeer(options: CardPeerOptions): Promise<CardPeer> {
  const { card, address, peer } = options
  const linux = await loadLinuxSockets()
  const socket = dgram.createSocket('udp4')
  let isClosed = false
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      const bind: dgram.BindOptions = linux
        ? { fd: openCardDescriptor(linux, { card, isShared: false }, address, 0) }
        : { port: 0, address, exclusive: true }
      socket.bind(bind, () => {
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
  socket.on('error', options.onUnreachable)
  socket.on('message', options.onDatagram)
  return {
    send(datagram) {
      if (!isClosed) socket.send(datagram)
    },
    close() {
      if (!isClosed) socket.close()
      isClosed = true
    },
  }
}
