/**
 * UDP on one card alone, with broadcast both ways, also where the card has no address yet: for protocols that begin
 * before addresses do (DHCP).
 *
 * Linux: SO_BINDTODEVICE, socket(7), which needs no right since Linux 5.7; the descriptor then belongs to node:dgram.
 * Windows: a socket on the card's address hears what is sent to it and the card's broadcasts. Elsewhere broadcasts
 * arrive only at 0.0.0.0, from whichever card: there we refuse, since one card means one card.
 */
import dgram from 'node:dgram'
import { type LinuxSockets, loadLinuxSockets, type SocketOption } from './linuxSockets.ts'

export interface CardSocketOptions {
  readonly card: string
  /** Null: broadcast alone, sent from 0.0.0.0; Linux only. */
  readonly address: string | null
  /** 0: any. */
  readonly port: number
  /** True takes the port although another program has it, if that one allows it: both then hear broadcasts. */
  readonly isShared: boolean
}

export interface CardSocket {
  readonly port: number
  /** Never rejects. Resolves to why it did not leave; null when it did. */
  send(datagram: Uint8Array, port: number, address: string): Promise<Error | null>
  close(): void
}

/** `datagram` is the listener's to keep. It must not throw. */
export type CardListener = (
  datagram: Uint8Array,
  from: { readonly address: string; readonly port: number },
) => void

/** asm-generic/socket.h. */
const CARD_OPTION = {
  reuseAddress: { name: 'SO_REUSEADDR', level: 1, option: 2 },
  broadcast: { name: 'SO_BROADCAST', level: 1, option: 6 },
  bindToDevice: { name: 'SO_BINDTODEVICE', level: 1, option: 25 },
} as const satisfies Record<string, SocketOption>

/**
 * Rejects with system errors as Node words them: EACCES, EADDRINUSE, ENODEV, EADDRNOTAVAIL; ENOTSUP where a socket
 * cannot be held to one card.
 */
export async function openCardSocket(
  options: CardSocketOptions,
  listener: CardListener,
): Promise<CardSocket> {
  const { address } = options
  const linux = await loadLinuxSockets()
  const opened: dgram.Socket[] = []
  const open = async (how: dgram.BindOptions, isReused: boolean): Promise<dgram.Socket> => {
    const socket = dgram.createSocket({ type: 'udp4', reuseAddr: isReused })
    opened.push(socket)
    socket.on('message', (datagram, from) =>
      listener(datagram, { address: from.address, port: from.port }),
    )
    await bound(socket, how)
    return socket
  }
  try {
    if (linux) {
      const descriptor = openCardDescriptor(linux, options, '0.0.0.0', options.port)
      const all = await open({ fd: descriptor }, false)
      const { port } = all.address()
      if (address === null) return cardSocket(port, all, opened)
      // Replies must come from the chosen one of several addresses, and 0.0.0.0 would take the card's first.
      linux.set(descriptor, CARD_OPTION.reuseAddress, 1)
      const own = openCardDescriptor(linux, { ...options, isShared: true }, address, port)
      return cardSocket(port, await open({ fd: own }, false), opened)
    }
    if (process.platform !== 'win32' || address === null) throw notSupported(options.card)
    const own = await open({ port: options.port, address, exclusive: true }, options.isShared)
    own.setBroadcast(true)
    return cardSocket(own.address().port, own, opened)
  } catch (error) {
    for (const socket of opened) socket.close()
    throw error
  }
}

function cardSocket(
  port: number,
  sender: dgram.Socket,
  opened: readonly dgram.Socket[],
): CardSocket {
  let isClosed = false
  return {
    port,
    send(datagram, toPort, address) {
      return new Promise(resolve => {
        if (isClosed) resolve(new Error('The socket is closed.'))
        else sender.send(datagram, toPort, address, error => resolve(error))
      })
    },
    close() {
      if (!isClosed) for (const socket of opened) socket.close()
      isClosed = true
    },
  }
}

/** A UDP socket held to the card and bound; the caller closes it. */
export function openCardDescriptor(
  sockets: LinuxSockets,
  { card, isShared }: Pick<CardSocketOptions, 'card' | 'isShared'>,
  address: string,
  port: number,
): number {
  const fd = sockets.open()
  try {
    sockets.setBytes(fd, CARD_OPTION.bindToDevice, new TextEncoder().encode(card))
    sockets.set(fd, CARD_OPTION.broadcast, 1)
    if (isShared) sockets.set(fd, CARD_OPTION.reuseAddress, 1)
    sockets.bind(fd, address, port)
    return fd
  } catch (error) {
    sockets.close(fd)
    throw error
  }
}

function bound(socket: dgram.Socket, how: dgram.BindOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(how, () => {
      socket.off('error', reject)
      // Later ones are datagrams that came back (ICMP) or a card that went away: sending tells of both.
      socket.on('error', () => {})
      resolve()
    })
  })
}

function notSupported(card: string): Error {
  const sentence = `This system offers no socket that is held to network card ${card} alone.`
  return Object.assign(new Error(sentence), { code: 'ENOTSUP' })
}
