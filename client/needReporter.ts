/**
 * What the sender has to be told, and has not been yet: HAVE, HELD and WHOLE once each, missing symbols in every
 * report. A new connection starts anew with everything held. Pure. PROTOCOL.md §6.1.
 */
import { MAX_NEED_ENTRIES } from '../shared/protocol/limits.ts'
import {
  encodeNeedReport,
  type Limiter,
  MAX_RUN,
  type NeedEntry,
} from '../shared/protocol/needReport.ts'
import type { Assembler } from './assembler.ts'

/** PROTOCOL.md §6.1. */
const REPORT_MS = 100
const REPORT_DATAGRAMS = 256
const SLOW_REPORT_MS = 300
/** Nothing to say but that it listens. */
const EMPTY_REPORT_DATAGRAMS = 512
const EMPTY_REPORT_MS = 600

export interface NeedReporter {
  /** Admitted or readmitted: forgets what was told; `have` and `held` are all there is to tell. */
  restart(have: readonly number[], held: readonly number[]): void
  have(chunk: number): void
  held(chunk: number): void
  whole(chunk: number): void
  /**
   * How long after the last report the next is due. The sender's card acknowledges each: at 10 Mbit/s ten a second of
   * 200 receivers would take a tenth of it.
   */
  dueMs(assembler: Assembler): number
  /** The messages due now: one, or up to `limit` while runs are left to tell. */
  reports(assembler: Assembler, figures: ReceiverFigures, limit: number): Uint8Array[]
}

/** What the assembler does not know of. */
export interface ReceiverFigures {
  readonly kernelDrops: number
  readonly limiter: Limiter | null
}

type RunKind = 'have' | 'held' | 'whole'

export function createNeedReporter(): NeedReporter {
  let isFirst = true
  let toldDatagrams = 0
  /** What was held at the restart, as runs, told before anything newer: a large image may need many reports for it. */
  let backlog: NeedEntry[] = []
  /** Last word since on each chunk that has one to be told. */
  const untold = new Map<number, RunKind>()

  return {
    restart(have, held) {
      isFirst = true
      untold.clear()
      for (const chunk of have) untold.set(chunk, 'have')
      for (const chunk of held) untold.set(chunk, 'held')
      backlog = takeRuns(untold, Infinity)
    },
    have: chunk => void untold.set(chunk, 'have'),
    held: chunk => void untold.set(chunk, 'held'),
    whole: chunk => void untold.set(chunk, 'whole'),
    dueMs(assembler) {
      const datagrams = assembler.counters().receivedDatagrams - toldDatagrams
      const isEmpty = untold.size === 0 && backlog.length === 0 && assembler.mayWait()
      // A new assembler counts from zero.
      if (datagrams < 0) return REPORT_MS
      if (datagrams >= (isEmpty ? EMPTY_REPORT_DATAGRAMS : REPORT_DATAGRAMS)) return REPORT_MS
      return isEmpty ? EMPTY_REPORT_MS : SLOW_REPORT_MS
    },
    reports(assembler, { kernelDrops, limiter }, limit) {
      const messages: Uint8Array[] = []
      do {
        const entries = backlog.splice(0, MAX_NEED_ENTRIES)
        if (backlog.length === 0)
          entries.push(...takeRuns(untold, MAX_NEED_ENTRIES - entries.length))
        // Missing symbols go with the last message: told before the runs they would only be told twice.
        if (untold.size + backlog.length === 0) {
          entries.push(...assembler.entries(MAX_NEED_ENTRIES - entries.length))
        }
        const counters = assembler.counters()
        toldDatagrams = counters.receivedDatagrams
        messages.push(
          encodeNeedReport({
            isFirst,
            limiter,
            seenSeq: counters.seenSeq,
            receivedDatagrams: counters.receivedDatagrams >>> 0,
            missedDatagrams: counters.missedDatagrams >>> 0,
            kernelDrops,
            freeAssemblyKiB: Math.floor(counters.freeBytes / 1024),
            entries,
          }),
        )
        isFirst = false
      } while (untold.size + backlog.length > 0 && messages.length < limit)
      return messages
    },
  }
}

/** Runs of neighbours with the same word, lowest first; what they say is taken out of `untold`. */
export function takeRuns(untold: Map<number, RunKind>, limit: number): NeedEntry[] {
  const entries: NeedEntry[] = []
  const chunks = [...untold.keys()].sort((a, b) => a - b)
  for (let i = 0; i < chunks.length && entries.length < limit;) {
    const firstChunk = chunks[i] ?? 0
    const kind = untold.get(firstChunk) ?? 'whole'
    let length = 0
    while (
      length < MAX_RUN &&
      chunks[i] === firstChunk + length &&
      untold.get(firstChunk + length) === kind
    ) {
      untold.delete(firstChunk + length)
      length++
      i++
    }
    entries.push({ kind, firstChunk, length })
  }
  return entries
}
