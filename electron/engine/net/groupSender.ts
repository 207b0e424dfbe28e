/**
 * Datagrams out of one card. The socket is bound to the card's own address and its multicast interface is that card,
 * so the kernel has no other way to route a datagram (ip(7), IP_MULTICAST_IF). Broadcast and unicast follow the routes,
 * unless the socket is held to its card, which batchedSender.ts does. Bulk goes through there where the system has it,
 * everything else through `node:dgram`.
 *
 * Datagrams never fragment: batchedSender.ts sets DF (IP_PMTUDISC_DO); node:dgram keeps Linux' default, which sets DF
 * on whatever fits the card's MTU (ip(7), IP_PMTUDISC_WANT), and other systems' defaults, which may not set it.
 */
import dgram from 'node:dgram'
import {
  openBatchedSender,
  openSenderToNowhere,
  QUEUE_BYTES,
  QUEUE_DATAGRAMS,
} from './batchedSender.ts'
import { isMulticast } from './delivery.ts'
import { loadLinuxSockets } from './linuxSockets.ts'

export interface GroupSender {
  /**
   * Header and payload, of which the bytes between two offsets where they are given, leave as one datagram. Both must
   * stay untouched for twice QUEUE_DATAGRAMS of later sends.
   */
  send(header: Uint8Array, payload: Uint8Array | null, from?: number, to?: number): void
  /** A bulk sender may hold datagrams back until now: call it after each burst. */
  flush(): void
  /** Whether the kernel takes no more for now; it frees within a millisecond or so. */
  isFull(): boolean
  /** From now on so many sends in a row leave as one datagram, where the system allows it; 1 at first. */
  pack(packets: number): void
  readonly port: number
  close(): void
}

export interface GroupSenderOptions {
  readonly interfaceAddress: string
  /** A multicast group, a broadcast address or one receiver's own. */
  readonly group: string
  readonly port: number
  /** 1 keeps datagrams on the bench's own switch. */
  readonly ttl: number
  /** Many datagrams in bursts, with `flush` after each; otherwise every one leaves by itself. Default false. */
  readonly isBulk?: boolean
  /** Lets receivers on this same computer listen: rehearsals and tests. */
  readonly isLoopedBack: boolean
  /** Errors of single sends, for example a cable pulled: counted by the caller, never thrown. */
  onSendError(error: Error): void
}

/**
 * Some 200 datagrams: 2 ms at 1 Gbit/s, as long as timers here sleep. A larger buffer outgrows the card's own queue
 * (a tbf's 50 ms, a small pfifo), which then drops what a full buffer would merely have made wait.
 */
const SEND_BUFFER_BYTES = 256 * 1024

export type GroupSenderFault = {
  readonly code: 'net/group-not-sendable'
  readonly group: string
  readonly port: number
  readonly interfaceAddress: string
  readonly reason: string
}

export class GroupSenderError extends Error {
  override readonly name = 'GroupSenderError'
  readonly fault: GroupSenderFault

  constructor(fault: GroupSenderFault, options?: ErrorOptions) {
    super(
      `Cannot send to ${fault.group}:${fault.port} from the card with address ${fault.interfaceAddress}: ` +
        `${fault.reason}. Check that the card is up and still has this address.`,
      options,
    )
    this.fault = fault
  }
}

/** Fault: net/group-not-sendable. */
export async function openGroupSender(options: GroupSenderOptions): Promise<GroupSender> {
  const sockets = options.isBulk === true ? await loadLinuxSockets() : null
  try {
    return sockets ? openBatchedSender(sockets, options) : await openDgramSender(options)
  } catch (cause) {
    const { group, port, interfaceAddress } = options
    const reason = cause instanceof Error ? cause.message : String(cause)
    const fault = {
      code: 'net/group-not-sendable',
      group,
      port,
      interfaceAddress,
      reason,
    } as const
    throw new GroupSenderError(fault, { cause })
  }
}

/** A bulk sender that does all but the system calls; null where there is none. */
export async function openNowhere(): Promise<GroupSender | null> {
  const sockets = await loadLinuxSockets()
  return sockets === null ? null : openSenderToNowhere(sockets)
}

async function openDgramSender(options: GroupSenderOptions): Promise<GroupSender> {
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: false })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', error => {
      socket.close()
      reject(error)
    })
    socket.bind({ address: options.interfaceAddress, port: 0 }, () => {
      socket.removeAllListeners('error')
      resolve()
    })
  })
  socket.on('error', options.onSendError)
  if (!isMulticast(options.group)) socket.setBroadcast(true)
  socket.setMulticastInterface(options.interfaceAddress)
  socket.setMulticastTTL(options.ttl)
  socket.setMulticastLoopback(options.isLoopedBack)
  sizeSendBuffer(socket)
  const onSent = (error: Error | null): void => {
    if (error) options.onSendError(error)
  }
  return {
    port: socket.address().port,
    send(header, payload, from, to) {
      const message = payload === null ? header : [header, payload.subarray(from, to)]
      socket.send(message, options.port, options.group, onSent)
    },
    flush: () => undefined,
    pack: () => undefined,
    isFull: () =>
      socket.getSendQueueSize() > QUEUE_BYTES || socket.getSendQueueCount() > QUEUE_DATAGRAMS,
    close: () => socket.close(),
  }
}

function sizeSendBuffer(socket: dgram.Socket): void {
  try {
    socket.setSendBufferSize(SEND_BUFFER_BYTES)
  } catch {
    // The system's own size then: some loss at the card's queue at worst, which repairs mend.
  }
}
