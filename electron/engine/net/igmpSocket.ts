/**
 * A raw IGMP socket on one card (Linux): raw(7), ip(7). Needs CAP_NET_RAW. All but opening is linuxSockets.ts's.
 */
import type { IgmpQuery } from './igmpPacket.ts'
import { ALL_SYSTEMS, decodeQuery, INTERNETWORK_CONTROL, ROUTER_ALERT } from './igmpPacket.ts'
import {
  type LinuxSockets,
  loadLinuxSockets,
  OPTION,
  packAddress,
  packMembership,
  type SocketOption,
  systemError,
} from './linuxSockets.ts'
import { createMessageVector } from './messageVector.ts'

export interface IgmpSocket {
  /** To all systems on the link. False when it did not leave: no link just now. */
  send(message: Uint8Array<ArrayBuffer>): boolean
  /** Queries that have come since the last call, our own too; never waits. */
  queries(): IgmpQuery[]
  close(): void
}

/** linux/in.h, asm-generic/socket.h. */
const RAW_OPTION = {
  typeOfService: { name: 'IP_TOS', level: 0, option: 1 },
  ipOptions: { name: 'IP_OPTIONS', level: 0, option: 4 },
  bindToDevice: { name: 'SO_BINDTODEVICE', level: 1, option: 25 },
} as const satisfies Record<string, SocketOption>

const AF_INET = 2
/** SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, bits/socket_type.h. */
const RAW_SOCKET = 3 | 0o4000 | 0o2000000
const IPPROTO_IGMP = 2

/** Longest IPv4 header, 60 bytes, and a query of version 3 with 366 sources, as many as fit 1500. */
const PACKET_BYTES = 1536
const SLOTS = 16
/** In one call of `queries`: a flood of IGMP must not hold the session up. The rest waits or is dropped. */
const MAX_ROUNDS = 16

/** Throws system errors: EPERM without the right, ENODEV for an unknown card. Null where there is no such socket. */
export async function openIgmpSocket(card: {
  readonly name: string
  readonly address: string
}): Promise<IgmpSocket | null> {
  const sockets = await loadLinuxSockets()
  if (sockets === null) return null
  const fd = await openRaw()
  try {
    sockets.setBytes(fd, RAW_OPTION.bindToDevice, new TextEncoder().encode(card.name))
    sockets.setBytes(fd, OPTION.multicastCard, packMembership(sockets, null, card.address))
    sockets.setBytes(fd, RAW_OPTION.ipOptions, ROUTER_ALERT)
    sockets.set(fd, RAW_OPTION.typeOfService, INTERNETWORK_CONTROL)
    sockets.set(fd, OPTION.multicastTtl, 1)
    // This computer's own memberships age in the switch like anyone's: it must hear the question too.
    sockets.set(fd, OPTION.multicastLoop, 1)
    return createSocket(sockets, fd)
  } catch (error) {
    sockets.close(fd)
    throw error
  }
}

async function openRaw(): Promise<number> {
  const { default: koffi } = await import('koffi')
  const socket = koffi
    .load('libc.so.6')
    .func('int socket(int domain, int type, int protocol)') as unknown as (
    ...values: readonly number[]
  ) => number
  const fd = socket(AF_INET, RAW_SOCKET, IPPROTO_IGMP)
  if (fd < 0) throw systemError('raw IGMP socket', koffi.errno())
  return fd
}

function createSocket(sockets: LinuxSockets, fd: number): IgmpSocket {
  const outgoing = createMessageVector(sockets, 1)
  outgoing.setTo(packAddress(ALL_SYSTEMS, 0))
  const incoming = createMessageVector(sockets, SLOTS)
  const memory = new Uint8Array(new ArrayBuffer(SLOTS * PACKET_BYTES))
  const base = sockets.addressOf(memory.buffer)
  for (let slot = 0; slot < SLOTS; slot++) {
    incoming.setData(slot, base + slot * PACKET_BYTES, PACKET_BYTES)
  }
  let isClosed = false
  return {
    send(message) {
      if (isClosed) return false
      outgoing.setData(0, sockets.addressOf(message.buffer) + message.byteOffset, message.length)
      return sockets.send(fd, outgoing.address, 1) === 1
    },
    queries() {
      const found: IgmpQuery[] = []
      for (let round = 0; round < MAX_ROUNDS && !isClosed; round++) {
        // Below 0: nothing there, or the card is down, which the next call finds out again.
        const count = sockets.receive(fd, incoming.address, SLOTS)
        for (let slot = 0; slot < count; slot++) {
          const from = slot * PACKET_BYTES
          const query = decodeQuery(memory.subarray(from, from + incoming.bytes(slot)))
          if (query.kind === 'query') found.push(query)
        }
        if (count < SLOTS) break
      }
      return found
    },
    close() {
      if (!isClosed) sockets.close(fd)
      isClosed = true
    },
  }
}
