/**
 * Sends the first chunks of an image to nowhere while machines are awaited. The code of the way out is compiled by being
 * run, by V8 for its first 10,000 datagrams: within a session without a cap that is when the rate is looked for, and a
 * sender that runs behind its rate does not find it.
 */
import type { SessionId } from '../../../shared/protocol/packet.ts'
import { createCarousel } from './carousel.ts'
import type { ChunkSource } from './chunkReader.ts'
import { createTransmitter, type Wire } from './transmitter.ts'

const CHUNKS = 8
const ROUNDS = 3
/** Faster than any tick sends: nothing waits for its time. */
const RATE = 100e9
const TICK_MS = 1

/** `isOver` ends it early: there is work to do. `wire` leads nowhere. */
export async function warmUp(
  session: SessionId,
  source: Pick<ChunkSource, 'storedBytes'>,
  wire: Wire,
  pause: () => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  const storedBytes = source.storedBytes.subarray(0, CHUNKS)
  for (let round = 0; round < ROUNDS; round++) {
    const carousel = createCarousel(storedBytes)
    carousel.needs.admit(0)
    carousel.needs.count(0, true)
    const start = { nowMs: 0, rateBitsPerSecond: RATE, firstSeq: 0 }
    const transmitter = createTransmitter(session, storedBytes, carousel, wire, start)
    for (let nowMs = TICK_MS; transmitter.stats().phase === 'sending'; nowMs += TICK_MS) {
      if (isOver()) return
      transmitter.tick(nowMs)
      await pause()
    }
  }
}
