/**
 * Asks a bench at its address for its announces, for machines that hear none: a switch or a router is in the way.
 * PROTOCOL.md §4.7.
 */
import { type CardSocket, listNics, openCardSocket } from '../electron/engine/net/net.ts'
import { encodeAsk } from '../shared/protocol/askPacket.ts'
import { ASK_PORT_FIRST, ASK_PORTS } from '../shared/protocol/limits.ts'

export interface BenchAsker {
  /** One question for each session there may be. What does not leave is asked again by the next. */
  ask(): void
  close(): void
}

/**
 * Null where the system offers no socket that is held to the card. `onDatagram` gets what comes from that address, and
 * nothing else.
 */
export async function openBenchAsker(
  interfaceAddress: string,
  benchAddress: string,
  onDatagram: (datagram: Uint8Array) => void,
): Promise<BenchAsker | null> {
  const card = listNics().find(nic => nic.address === interfaceAddress)
  if (card === undefined) return null
  let socket: CardSocket
  try {
    const options = { card: card.name, address: interfaceAddress, port: 0, isShared: false }
    socket = await openCardSocket(options, (datagram, from) => {
      const isSession = from.port >= ASK_PORT_FIRST && from.port < ASK_PORT_FIRST + ASK_PORTS
      if (from.address === benchAddress && isSession) onDatagram(datagram)
    })
  } catch {
    return null // Announces alone, then, as everywhere else.
  }
  const question = encodeAsk()
  return {
    ask() {
      for (let i = 0; i < ASK_PORTS; i++) {
        void socket.send(question, ASK_PORT_FIRST + i, benchAddress)
      }
    },
    close: () => socket.close(),
  }
}
