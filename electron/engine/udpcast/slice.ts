/**
 * One slice on its way: which blocks go next, who holds it, when to ask again. Pure; time is an argument.
 *
 * A slice is sent whole, then its receivers are asked. Each answers that it holds it or shows what it holds; the union
 * of what they lack is sent again, once for all, and they are asked anew.
 */
import { BLOCK_BYTES, emptyBitmap, hasBit, setBit } from './packet.ts'

export type SlicePart =
  | { readonly kind: 'block'; readonly block: number; readonly payload: Uint8Array }
  | { readonly kind: 'question'; readonly attempt: number; readonly ready: Uint8Array }

export interface Slice {
  readonly number: number
  readonly content: Uint8Array
  readonly blocks: number
  /** Questions asked so far. */
  readonly attempts: number
  readonly firstAskedAtMs: number | null
  /** Blocks sent again so far. */
  readonly resentBlocks: number
  /** What goes next; null while answers are awaited. */
  next(nowMs: number): SlicePart | null
  /** `held` null: all of it. Answers to earlier questions say nothing of what was sent since. */
  answer(receiver: number, attempt: number | null, held: Uint8Array | null): void
  isHeldBy(receiver: number): boolean
  /** Any answer counts. */
  isKnownTo(receiver: number): boolean
  /** Plans the next round once all of `counted` have answered, or have had their time. */
  review(counted: readonly number[], nowMs: number): void
  /** When the answers awaited are overdue. */
  dueAtMs(): number
}

/** A receiver on a quiet bench answers within 1 ms; busy ones need some more. */
const FIRST_WAIT_MS = 30
/** A machine whose disk stalls is asked twice a second. */
const MAX_WAIT_MS = 500

export function createSlice(number: number, content: Uint8Array): Slice {
  const blocks = Math.ceil(content.length / BLOCK_BYTES)
  const holders = new Set<number>()
  const known = new Set<number>()
  let queue = Array.from({ length: blocks }, (_, block) => block)
  let queued = 0
  let isQuestionDue = true
  let attempts = 0
  let silentRounds = 0
  let askedAtMs = 0
  let firstAskedAtMs: number | null = null
  let resentBlocks = 0
  /** Since the last question. */
  let answered = new Set<number>()
  let missing = new Set<number>()

  function ask(nowMs: number): SlicePart {
    const ready = emptyBitmap()
    for (const receiver of holders) setBit(ready, receiver)
    answered = new Set()
    missing = new Set()
    isQuestionDue = false
    askedAtMs = nowMs
    firstAskedAtMs ??= nowMs
    return { kind: 'question', attempt: attempts++, ready }
  }

  const dueAtMs = (): number =>
    askedAtMs + Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(silentRounds, 8))

  return {
    number,
    content,
    blocks,
    get attempts() {
      return attempts
    },
    get firstAskedAtMs() {
      return firstAskedAtMs
    },
    get resentBlocks() {
      return resentBlocks
    },
    next(nowMs) {
      const block = queue[queued]
      if (block === undefined) return isQuestionDue ? ask(nowMs) : null
      queued++
      if (attempts > 0) resentBlocks++
      const at = block * BLOCK_BYTES
      return { kind: 'block', block, payload: content.subarray(at, at + BLOCK_BYTES) }
    },
    answer(receiver, attempt, held) {
      known.add(receiver)
      if (held === null) {
        holders.add(receiver)
        return
      }
      if (attempt !== attempts - 1 || holders.has(receiver)) return
      answered.add(receiver)
      for (let block = 0; block < blocks; block++) if (!hasBit(held, block)) missing.add(block)
    },
    isHeldBy: receiver => holders.has(receiver),
    isKnownTo: receiver => known.has(receiver),
    review(counted, nowMs) {
      if (queued < queue.length || isQuestionDue) return
      const lacking = counted.filter(receiver => !holders.has(receiver))
      if (lacking.length === 0) return
      const isAnswered = lacking.every(receiver => answered.has(receiver))
      if (!isAnswered && nowMs < dueAtMs()) return
      silentRounds = answered.size > 0 ? 0 : silentRounds + 1
      queue = [...missing].sort((one, other) => one - other)
      queued = 0
      isQuestionDue = true
    },
    dueAtMs,
  }
}
