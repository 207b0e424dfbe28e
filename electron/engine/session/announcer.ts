/**
 * Says each second, on the session's card alone, that a session is open: by multicast, and by broadcast for machines
 * behind a switch that blocks multicast (PROTOCOL.md §4.3); and to those that ask, since they hear neither (§4.7).
 */
import { type Announce, encodeAnnounce } from '../../../shared/protocol/announcePacket.ts'
import {
  ANNOUNCE_GROUP,
  ANNOUNCE_INTERVAL_MS,
  ANNOUNCE_PORT,
} from '../../../shared/protocol/limits.ts'
import type { SessionId } from '../../../shared/protocol/packet.ts'
import { broadcastAddress, type GroupSender, openGroupSender } from '../net/net.ts'
import { openAnswerer } from './answerer.ts'
import type { BenchKey } from './benchKey.ts'

export interface Announcer {
  /** Says it now, and each second from now. */
  announce(announce: Announce): void
  close(): void
}

export async function openAnnouncer(
  session: SessionId,
  key: BenchKey,
  card: {
    readonly name: string
    readonly address: string
    readonly isLoopedBack: boolean
    readonly ttl: number
  },
): Promise<Announcer> {
  const openTo = (address: string): Promise<GroupSender> =>
    openGroupSender({
      interfaceAddress: card.address,
      group: address,
      port: ANNOUNCE_PORT,
      ttl: card.ttl,
      isBulk: true, // Held to the card where the system can.
      isLoopedBack: card.isLoopedBack,
      onSendError() {
        // A pulled cable: the next second tries again, and the session shows silence meanwhile.
      },
    })
  // No switch between this computer and itself.
  const broadcast = card.isLoopedBack ? null : broadcastAddress(card.address)
  const sockets = [await openTo(ANNOUNCE_GROUP)]
  if (broadcast !== null) sockets.push(await openTo(broadcast))
  const answerer = openAnswerer(card)
  let current: Announce | null = null
  const say = (): void => {
    if (current === null) return
    const datagram = encodeAnnounce(session, current, key.sign)
    answerer.answerWith(datagram)
    for (const socket of sockets) {
      socket.send(datagram, null)
      socket.flush()
    }
  }
  const timer = setInterval(say, ANNOUNCE_INTERVAL_MS)
  return {
    announce(announce) {
      current = announce
      say()
    },
    close() {
      clearInterval(timer)
      answerer.close()
      for (const socket of sockets) socket.close()
    },
  }
}
