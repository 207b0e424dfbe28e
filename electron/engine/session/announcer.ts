/** Says each second, on the session's card alone, that a session is open. PROTOCOL.md §4.3. */
import { type Announce, encodeAnnounce } from '../../../shared/protocol/announcePacket.ts'
import {
  ANNOUNCE_GROUP,
  ANNOUNCE_INTERVAL_MS,
  ANNOUNCE_PORT,
} from '../../../shared/protocol/limits.ts'
import type { SessionId } from '../../../shared/protocol/packet.ts'
import { openGroupSender } from '../net/net.ts'
import type { BenchKey } from './benchKey.ts'

export interface Announcer {
  /** Says it now, and each second from now. */
  announce(announce: Announce): void
  close(): void
}

export async function openAnnouncer(
  session: SessionId,
  key: BenchKey,
  card: { readonly address: string; readonly isLoopedBack: boolean; readonly ttl: number },
): Promise<Announcer> {
  const socket = await openGroupSender({
    interfaceAddress: card.address,
    group: ANNOUNCE_GROUP,
    port: ANNOUNCE_PORT,
    ttl: card.ttl,
    isLoopedBack: card.isLoopedBack,
    onSendError() {
      // A pulled cable: the next second tries again, and the session shows silence meanwhile.
    },
  })
  let current: Announce | null = null
  const say = (): void => {
    if (current) socket.send(encodeAnnounce(session, current, key.sign), null)
  }
  const timer = setInterval(say, ANNOUNCE_INTERVAL_MS)
  return {
    announce(announce) {
      current = announce
      say()
    },
    close() {
      clearInterval(timer)
      socket.close()
    },
  }
}
