/**
 * Multicast out of one card. The socket is bound to the card's own address and its multicast interface is that card,
 * so the kernel has no other way to route a datagram (ip(7), IP_MULTICAST_IF). `node:dgram` everywhere; a batched
 * sender may stand behind the same interface.
 */
import dgram from 'node:dgram'

export interface GroupSender {
  /** Header and payload leave as one datagram. Both must stay untouched for twice QUEUE_DATAGRAMS of later sends. */
  send(header: Uint8Array, payload: Uint8Array | null): void
  /** Whether the kernel takes no more for now; it frees within a millisecond or so. */
  isFull(): boolean
  readonly port: number
  close(): void
}

export interface GroupSenderOptions {
  readonly interfaceAddress: string
  readonly group: string
  readonly port: number
  /** 1 keeps datagrams on the bench's own switch. */
  readonly ttl: number
  /** Lets receivers on this same computer listen: rehearsals and tests. */
  readonly isLoopedBack: boolean
  /** Errors of single sends, for example a cable pulled: counted by the caller, never thrown. */
  onSendError(error: Error): void
}

/** Datagrams may wait in the process up to this many bytes; beyond it the sender holds still. */
export const QUEUE_BYTES = 512 * 1024
/** And up to this many: tiny datagrams would otherwise outnumber the buffers that callers rotate. */
export const QUEUE_DATAGRAMS = 1024
const SEND_BUFFER_BYTES = 2 * 1024 * 1024

export async function openGroupSender(options: GroupSenderOptions): Promise<GroupSender> {
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: false })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address: options.interfaceAddress, port: 0 }, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  socket.on('error', options.onSendError)
  socket.setMulticastInterface(options.interfaceAddress)
  socket.setMulticastTTL(options.ttl)
  socket.setMulticastLoopback(options.isLoopedBack)
  growSendBuffer(socket)
  const onSent = (error: Error | null): void => {
    if (error) options.onSendError(error)
  }
  return {
    port: socket.address().port,
    send(header, payload) {
      const message = payload === null ? header : [header, payload]
      socket.send(message, options.port, options.group, onSent)
    },
    isFull: () =>
      socket.getSendQueueSize() > QUEUE_BYTES || socket.getSendQueueCount() > QUEUE_DATAGRAMS,
    close: () => socket.close(),
  }
}

function growSendBuffer(socket: dgram.Socket): void {
  try {
    socket.setSendBufferSize(SEND_BUFFER_BYTES)
  } catch {
    // A smaller buffer only means that the process holds still sooner.
  }
}
