/**
 * The sum of all need maps: for each chunk, how many counted receivers lack it, and how many of those hold part of it.
 *
 * A receiver is counted from its first report until it falls silent, is dropped or ends. What it holds is remembered
 * while it is not counted, so that a machine that was merely slow comes back where it was.
 */
import { isLaterSeq } from '../../../shared/protocol/packet.ts'

/** A receiver's place in the tables; the session hands them out. */
export type Slot = number

export interface NeedSum {
  /** Adds a receiver that lacks everything, or makes a known one start anew. Not counted until `count`. */
  admit(slot: Slot): void
  withdraw(slot: Slot): void
  /** Takes its needs into the sum, or out of it. */
  count(slot: Slot, isCounted: boolean): void
  run(slot: Slot, kind: 'have' | 'held' | 'whole', firstChunk: number, length: number): void
  /** The receiver holds part of the chunk. False where it lacks nothing or is not counted. */
  markPartial(slot: Slot, chunk: number): boolean
  heard(slot: Slot, seenSeq: number): void
  lack(chunk: number): number
  partial(chunk: number): number
  /** Chunks that at least one counted receiver lacks. */
  readonly lackingChunks: number
  /** Whether every counted receiver that lacks something has seen this txSeq. */
  haveAllSeen(seq: number): boolean
  forgetPartials(): void
}

interface Known {
  /** 1 = lacks nothing of this chunk: have or held. */
  readonly has: Uint8Array
  readonly partial: Set<number>
  hasCount: number
  seenSeq: number
  isCounted: boolean
}

export function createNeedSum(chunkCount: number): NeedSum {
  const lack = new Uint16Array(chunkCount)
  const partial = new Uint16Array(chunkCount)
  const slots = new Map<Slot, Known>()
  let lackingChunks = 0

  function add(chunk: number, change: 1 | -1): void {
    const before = lack[chunk] ?? 0
    lack[chunk] = before + change
    if (before === 0) lackingChunks++
    else if (before + change === 0) lackingChunks--
  }

  function setPartial(known: Known, chunk: number, isPartial: boolean): void {
    if (known.partial.has(chunk) === isPartial) return
    if (isPartial) known.partial.add(chunk)
    else known.partial.delete(chunk)
    if (known.isCounted) partial[chunk] = (partial[chunk] ?? 0) + (isPartial ? 1 : -1)
  }

  function setHas(known: Known, chunk: number, has: boolean): void {
    setPartial(known, chunk, false)
    if ((known.has[chunk] === 1) === has) return
    known.has[chunk] = has ? 1 : 0
    known.hasCount += has ? 1 : -1
    if (known.isCounted) add(chunk, has ? -1 : 1)
  }

  function count(known: Known, isCounted: boolean): void {
    if (known.isCounted === isCounted) return
    known.isCounted = isCounted
    for (let chunk = 0; chunk < chunkCount; chunk++) {
      if (known.has[chunk] === 0) add(chunk, isCounted ? 1 : -1)
    }
    for (const chunk of known.partial) partial[chunk] = (partial[chunk] ?? 0) + (isCounted ? 1 : -1)
  }

  return {
    get lackingChunks() {
      return lackingChunks
    },
    admit(slot) {
      const before = slots.get(slot)
      if (before) count(before, false)
      const has = new Uint8Array(chunkCount)
      slots.set(slot, { has, partial: new Set(), hasCount: 0, seenSeq: 0, isCounted: false })
    },
    withdraw(slot) {
      const known = slots.get(slot)
      if (known) count(known, false)
      slots.delete(slot)
    },
    count(slot, isCounted) {
      const known = slots.get(slot)
      if (known) count(known, isCounted)
    },
    run(slot, kind, firstChunk, length) {
      const known = slots.get(slot)
      if (!known) return
      const end = Math.min(firstChunk + length, chunkCount)
      for (let chunk = firstChunk; chunk < end; chunk++) setHas(known, chunk, kind !== 'whole')
    },
    markPartial(slot, chunk) {
      const known = slots.get(slot)
      if (!known || chunk >= chunkCount || known.has[chunk] === 1) return false
      setPartial(known, chunk, true)
      return known.isCounted
    },
    heard(slot, seenSeq) {
      const known = slots.get(slot)
      if (known) known.seenSeq = seenSeq
    },
    lack: chunk => lack[chunk] ?? 0,
    partial: chunk => partial[chunk] ?? 0,
    haveAllSeen: seq =>
      [...slots.values()].every(
        known =>
          !known.isCounted || known.hasCount === chunkCount || !isLaterSeq(seq, known.seenSeq),
      ),
    forgetPartials() {
      for (const known of slots.values()) {
        for (const chunk of known.partial) setPartial(known, chunk, false)
      }
    },
  }
}
