/**
 * Answers those that ask this bench by its address for what is announced, because no announce reaches them: on the
 * session's card alone, from the first port that no other session has. PROTOCOL.md §4.7.
 */
import { decodeAsk } from '../../../shared/protocol/askPacket.ts'
import {
  ANNOUNCE_INTERVAL_MS,
  ASK_PORT_FIRST,
  ASK_PORTS,
  MAX_ANSWERS_PER_SECOND,
} from '../../../shared/protocol/limits.ts'
import { type CardSocket, openCardSocket } from '../net/net.ts'

export interface Answerer {
  /** From now on; the datagram is taken over. */
  answerWith(announce: Uint8Array): void
  close(): void
}

/** Never fails: where no port can be had it goes on trying, and machines that hear announces do without. */
export function openAnswerer(card: { readonly name: string; readonly address: string }): Answerer {
  let answer: Uint8Array | null = null
  let socket: CardSocket | null = null
  let isOpening = false
  let isClosed = false
  let answersLeft = MAX_ANSWERS_PER_SECOND

  async function open(): Promise<void> {
    isOpening = true
    for (let i = 0; i < ASK_PORTS && socket === null && !isClosed; i++) {
      const port = ASK_PORT_FIRST + i
      socket = await openPort(port)
    }
    isOpening = false
    if (isClosed) socket?.close()
  }

  async function openPort(port: number): Promise<CardSocket | null> {
    const options = { card: card.name, address: card.address, port, isShared: false }
    try {
      const opened: CardSocket = await openCardSocket(options, (datagram, from) => {
        if (answer === null || answersLeft === 0 || decodeAsk(datagram).kind === 'malformed') return
        answersLeft -= 1
        // What does not leave is asked for again.
        void opened.send(answer, from.port, from.address)
      })
      return opened
    } catch {
      return null // Another session's, or a card that is down: the next port, or the next second.
    }
  }

  const timer = setInterval(() => {
    answersLeft = MAX_ANSWERS_PER_SECOND
    if (socket === null && !isOpening) void open()
  }, ANNOUNCE_INTERVAL_MS)
  void open()
  return {
    answerWith: announce => void (answer = announce),
    close() {
      isClosed = true
      clearInterval(timer)
      socket?.close()
    },
  }
}
