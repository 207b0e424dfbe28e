/**
 * The sum of all need maps: for each chunk, how many counted receivers lack it, and how many of those hold part of it.
 * There are two sums: stragglers' needs are kept apart, to be served when nobody else waits.
 *
 * A receiver is counted from its first report until it falls silent, is dropped or ends. What it holds is remembered
 * while it is not counted, so that a machine that was merely slow comes back where it was.
 */
import { isLaterSeq } from '../../../shared/protocol/packet.ts'

/** A receiver's place in the tables; the session hands them out. */
export type Slot = number

/** The needs of some receivers. */
export interface Tally {
  lack(chunk: number): number
  partial(chunk: number): number
  /** Chunks that at least one counted receiver lacks. */
  readonly lackingChunks: number
  readonly receivers: number
  /** Whether every counted receiver that lacks something has seen this txSeq. */
  haveAllSeen(seq: number): boolean
}

export interface NeedSum {
  readonly prompt: Tally
  /** The stragglers'. */
  readonly deferred: Tally
  /** Adds a receiver that lacks everything, or makes a known one start anew. Not counted until `count`. */
  admit(slot: Slot): void
  withdraw(slot: Slot): void
  /** Takes its needs into the sum, or out of it. */
  count(slot: Slot, isCounted: boolean): void
  /** Moves its needs from one sum to the other. Holds until it is withdrawn. */
  defer(slot: Slot, isDeferred: boolean): void
  run(slot: Slot, kind: 'have' | 'held' | 'whole', firstChunk: number, length: number): void
  /** The receiver holds part of the chunk. Answers the sum its needs are in; null where it lacks nothing or is not counted. */
  markPartial(slot: Slot, chunk: number): Tally | null
  heard(slot: Slot, seenSeq: number): void
  /** The sum that the receiver's needs are in; null while it is not counted. */
  tallyOf(slot: Slot): Tally | null
  /** Chunks that this receiver lacks. */
  lackedBy(slot: Slot): number
  forgetPartials(): void
}

interface Known {
  /** 1 = lacks nothing of this chunk: have or held. */
  readonly has: Uint8Array
  readonly partial: Set<number>
  hasCount: number
  seenSeq: number
  isCounted: boolean
  isDeferred: boolean
}

/** A tally, and how it changes. */
interface Sum extends Tally {
  add(chunk: number, change: 1 | -1): void
  addPartial(chunk: number, change: 1 | -1): void
}

export function createNeedSum(chunkCount: number): NeedSum {
  const slots = new Map<Slot, Known>()
  const prompt = createSum(chunkCount, () => counted(false))
  const deferred = createSum(chunkCount, () => counted(true))
  const sumOf = (known: Known): Sum => (known.isDeferred ? deferred : prompt)

  function counted(isDeferred: boolean): Known[] {
    return [...slots.values()].filter(one => one.isCounted && one.isDeferred === isDeferred)
  }

  function setPartial(known: Known, chunk: number, isPartial: boolean): void {
    if (known.partial.has(chunk) === isPartial) return
    if (isPartial) known.partial.add(chunk)
    else known.partial.delete(chunk)
    if (known.isCounted) sumOf(known).addPartial(chunk, isPartial ? 1 : -1)
  }

  function setHas(known: Known, chunk: number, has: boolean): void {
    setPartial(known, chunk, false)
    if ((known.has[chunk] === 1) === has) return
    known.has[chunk] = has ? 1 : 0
    known.hasCount += has ? 1 : -1
    if (known.isCounted) sumOf(known).add(chunk, has ? -1 : 1)
  }

  function count(known: Known, isCounted: boolean): void {
    if (known.isCounted === isCounted) return
    known.isCounted = isCounted
    const sum = sumOf(known)
    for (let chunk = 0; chunk < chunkCount; chunk++) {
      if (known.has[chunk] === 0) sum.add(chunk, isCounted ? 1 : -1)
    }
    for (const chunk of known.partial) sum.addPartial(chunk, isCounted ? 1 : -1)
  }

  return {
    prompt,
    deferred,
    admit(slot) {
      const before = slots.get(slot)
      if (before) count(before, false)
      slots.set(slot, {
        has: new Uint8Array(chunkCount),
        partial: new Set(),
        hasCount: 0,
        seenSeq: 0,
        isCounted: false,
        isDeferred: before?.isDeferred ?? false,
      })
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
    defer(slot, isDeferred) {
      const known = slots.get(slot)
      if (!known || known.isDeferred === isDeferred) return
      const { isCounted } = known
      count(known, false)
      known.isDeferred = isDeferred
      count(known, isCounted)
    },
    run(slot, kind, firstChunk, length) {
      const known = slots.get(slot)
      if (!known) return
      const end = Math.min(firstChunk + length, chunkCount)
      for (let chunk = firstChunk; chunk < end; chunk++) setHas(known, chunk, kind !== 'whole')
    },
    markPartial(slot, chunk) {
      const known = slots.get(slot)
      if (!known || chunk >= chunkCount || known.has[chunk] === 1) return null
      setPartial(known, chunk, true)
      return known.isCounted ? sumOf(known) : null
    },
    heard(slot, seenSeq) {
      const known = slots.get(slot)
      if (known) known.seenSeq = seenSeq
    },
    tallyOf(slot) {
      const known = slots.get(slot)
      return known?.isCounted ? sumOf(known) : null
    },
    lackedBy: slot => chunkCount - (slots.get(slot)?.hasCount ?? chunkCount),
    forgetPartials() {
      for (const known of slots.values()) {
        for (const chunk of known.partial) setPartial(known, chunk, false)
      }
    },
  }
}

function createSum(chunkCount: number, counted: () => readonly Known[]): Sum {
  const lack = new Uint16Array(chunkCount)
  const partial = new Uint16Array(chunkCount)
  let lackingChunks = 0
  return {
    add(chunk, change) {
      const before = lack[chunk] ?? 0
      lack[chunk] = before + change
      if (before === 0) lackingChunks++
      else if (before + change === 0) lackingChunks--
    },
    addPartial: (chunk, change) => void (partial[chunk] = (partial[chunk] ?? 0) + change),
    lack: chunk => lack[chunk] ?? 0,
    partial: chunk => partial[chunk] ?? 0,
    get lackingChunks() {
      return lackingChunks
    },
    get receivers() {
      return counted().length
    },
    haveAllSeen: seq =>
      counted().every(one => one.hasCount === chunkCount || !isLaterSeq(seq, one.seenSeq)),
  }
}
