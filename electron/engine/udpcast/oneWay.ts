/**
 * Delivery without answers (udpcast's async mode): every block of a slice once, then its parity, which mends what was
 * lost. The end is the empty slice's question, seen in captures of the stock sender; receivers that hold everything
 * acknowledge it, though they kept silent before. The stock sender with parity ends with the empty slice's parity
 * instead, which nobody acknowledges.
 */
import { type Delivery, sendBlock, sendPacket, sendParity, type Step } from './delivery.ts'
import { createParity } from './fec.ts'
import { BLOCK_BYTES, emptyBitmap } from './packet.ts'
import type { ReceiverTable } from './receivers.ts'

/** The question may get lost, and slow disks still write: asked for two seconds. */
const END_EVERY_MS = 100
const END_ATTEMPTS = 20
/** The first answer may not be the last: nobody knows how many listen. */
const LEAST_ATTEMPTS = 5

/** `isComplete`: as many have acknowledged the end as are expected. */
export function createOneWay(
  group: string,
  table: ReceiverTable,
  isComplete: () => boolean,
): Delivery {
  const parity = createParity()
  let content: Uint8Array | null = null
  let parityNumbers: readonly number[] = []
  let paritySent = 0
  let slice = -1
  let block = 0
  let doneBytes = 0
  let endAttempts = 0
  let endDueAtMs = 0

  function end(nowMs: number): Step {
    if (endAttempts > 0 && nowMs < endDueAtMs) {
      return { kind: 'wait', untilMs: endDueAtMs }
    }
    if (endAttempts >= END_ATTEMPTS || (endAttempts >= LEAST_ATTEMPTS && isComplete())) {
      for (const one of table.counted()) one.state = 'lost'
      return { kind: 'end' }
    }
    endDueAtMs = nowMs + END_EVERY_MS
    // Every receiver takes number 0 for its own here, so no bit may be set.
    const ready = emptyBitmap()
    return sendPacket(group, {
      kind: 'requestAck',
      slice,
      sliceBytes: 0,
      attempt: endAttempts++,
      ready,
    })
  }

  function nextBlock(from: Uint8Array): Step {
    const at = block * BLOCK_BYTES
    const payload = from.subarray(at, at + BLOCK_BYTES)
    parity.add(block, payload)
    doneBytes += payload.length
    return sendBlock(group, { slice, sliceBytes: from.length, block: block++ }, payload)
  }

  function nextParity(from: Uint8Array): Step {
    const number = parityNumbers[paritySent++] ?? 0
    if (paritySent >= parityNumbers.length) content = null
    const about = { slice, sliceBytes: from.length, block: number }
    return sendParity(group, about, parity.block(number))
  }

  return {
    get doneBytes() {
      return doneBytes
    },
    resentBlocks: 0,
    next(nowMs) {
      if (content === null) return { kind: 'read' }
      if (content.length === 0) return end(nowMs)
      return block * BLOCK_BYTES < content.length ? nextBlock(content) : nextParity(content)
    },
    supply(next) {
      content = next
      slice++
      block = 0
      parity.begin(Math.ceil(next.length / BLOCK_BYTES))
      parityNumbers = parity.numbers()
      paritySent = 0
    },
    answer(from, packet) {
      if (packet.kind !== 'ok' || endAttempts === 0 || packet.slice !== slice) return
      from.state = 'done'
      from.haveBytes = doneBytes
    },
    // What such a receiver holds was never acknowledged.
    isGoodbyeAtEnd: () => false,
    newestSlice: () => slice,
  }
}
