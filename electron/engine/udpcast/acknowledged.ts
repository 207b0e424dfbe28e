/** Delivery with answers (udpcast's full duplex): a slice is left only when every machine that counts has it. */
import { type Delivery, sendBlock, sendPacket, type Step } from './delivery.ts'
import type { ReceiverEntry, ReceiverTable } from './receivers.ts'
import { createSlice, type Slice } from './slice.ts'

/** A receiver drops out when a slice comes while the one before the last is not whole. */
const MAX_UNDER_WAY = 2
/** As many as the stock sender makes. */
const MAX_ATTEMPTS = 200
/** A disk may stall for a while; one that stalls so long is dead. */
const SILENCE_MS = 30_000
/**
 * A stock receiver acknowledges the end once, whatever it is asked again, and says goodbye 500 ms later. It held every
 * slice by then, so where that acknowledgement got lost, the goodbye stands for it; an earlier one means it was ended.
 */
const GOODBYE_AFTER_MS = 400

export function createAcknowledged(group: string, table: ReceiverTable): Delivery {
  let window: readonly Slice[] = []
  let supplied: Uint8Array | null = null
  let nextSlice = 0
  let doneBytes = 0
  let resentBlocks = 0

  /** Nobody waits for a machine that is dead. The oldest slice shows it: all others wait for that one. */
  function dropDead(nowMs: number): void {
    const oldest = window[0]
    const askedAtMs = oldest?.firstAskedAtMs ?? null
    if (!oldest || askedAtMs === null) return
    for (const one of table.counted()) {
      if (oldest.isHeldBy(one.number)) continue
      const isSilent = nowMs - Math.max(one.heardAtMs, askedAtMs) > SILENCE_MS
      if (isSilent || oldest.attempts >= MAX_ATTEMPTS) one.state = 'lost'
    }
  }

  /** Whether that was the end. */
  function release(): boolean {
    for (;;) {
      const oldest = window[0]
      if (!oldest || table.counted().some(one => !oldest.isHeldBy(one.number))) return false
      window = window.slice(1)
      resentBlocks += oldest.resentBlocks
      doneBytes += oldest.content.length
      if (oldest.blocks === 0) return true
    }
  }

  function mayOpen(): boolean {
    const newest = window.at(-1)
    if (!newest) return true
    if (window.length >= MAX_UNDER_WAY || newest.firstAskedAtMs === null) return false
    // A receiver drops out when it saw nothing at all of the slice before. Its socket holds 92 datagrams by default: a
    // busy machine does lose whole slices, and the first finds machines that are yet to join the group.
    return table.counted().every(one => newest.isKnownTo(one.number))
  }

  function step(slice: Slice, nowMs: number): Step | null {
    const part = slice.next(nowMs)
    if (part === null) return null
    const about = { slice: slice.number, sliceBytes: slice.content.length }
    if (part.kind === 'block')
      return sendBlock(group, { ...about, block: part.block }, part.payload)
    const { attempt, ready } = part
    return sendPacket(group, { kind: 'requestAck', ...about, attempt, ready })
  }

  function next(nowMs: number): Step {
    dropDead(nowMs)
    if (release() || table.counted().length === 0) return { kind: 'end' }
    const counted = table.counted().map(one => one.number)
    for (const slice of window) {
      slice.review(counted, nowMs)
      const next = step(slice, nowMs)
      if (next) return next
    }
    if (mayOpen()) {
      if (supplied === null) return { kind: 'read' }
      // The empty slice, the end, only when nothing else is under way.
      if (supplied.length > 0 || window.length === 0) {
        window = [...window, createSlice(nextSlice++, supplied)]
        if (supplied.length > 0) supplied = null
        return next(nowMs)
      }
    }
    return { kind: 'wait', untilMs: Math.min(...window.map(slice => slice.dueAtMs())) }
  }

  return {
    get doneBytes() {
      return doneBytes
    },
    get resentBlocks() {
      return window.reduce((sum, slice) => sum + slice.resentBlocks, resentBlocks)
    },
    next,
    supply(content) {
      supplied = content
    },
    answer(from: ReceiverEntry, packet) {
      const slice = window.find(one => one.number === packet.slice)
      // Late answers to slices that are done, and to ones never sent.
      if (!slice || slice.isHeldBy(from.number)) return
      if (packet.kind === 'retransmit') {
        slice.answer(from.number, packet.attempt, packet.held)
        return
      }
      slice.answer(from.number, null, null)
      from.haveBytes += slice.content.length
      if (slice.blocks === 0) from.state = 'done'
    },
    isGoodbyeAtEnd(nowMs) {
      const end = window[0]
      if (!end || end.blocks > 0 || end.firstAskedAtMs === null) return false
      return nowMs - end.firstAskedAtMs >= GOODBYE_AFTER_MS
    },
    newestSlice: () => nextSlice - 1,
  }
}
