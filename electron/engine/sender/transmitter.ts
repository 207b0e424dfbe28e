/**
 * Turns the carousel into a paced run of datagrams: sequence numbers, SYNC, the end of a pass. Pure but for `emit`:
 * the worker gives it sockets and a clock, the network simulation gives it neither.
 *
 *   sending ──nothing left──▶ asking (SYNC "report now") ──all answered or 300 ms──▶ sending, next pass
 *                                └──nobody lacks anything──▶ idle ──a need──▶ sending, next pass
 *
 * A pass that only stragglers need goes at their own rate. What one machine alone lacks at the very end leaves by its
 * control connection.
 */
import {
  blockFirstSymbol,
  type BlockLayout,
  blockLayout,
  blockSymbols,
  symbolBytes,
} from '../../../shared/protocol/blocks.ts'
import {
  DATA_HEADER_BYTES,
  MAX_BLOCK_SYMBOLS,
  SYMBOL_BYTES,
} from '../../../shared/protocol/limits.ts'
import { type DataHeader, newDataHeader } from '../../../shared/protocol/dataPacket.ts'
import type { SessionId } from '../../../shared/protocol/packet.ts'
import type { SyncPacket } from '../../../shared/protocol/syncPacket.ts'
import type { Carousel, Slice } from './carousel.ts'
import type { Fill } from './fills.ts'
import { createPacer } from './pacer.ts'

/** Header fields and which bytes follow them. Reused between calls: copy what you keep. */
export interface Emission {
  readonly header: DataHeader
  /** In the stored chunk; null for a repair symbol, which is computed. */
  payloadOffset: number | null
  payloadBytes: number
}

export interface Wire {
  /** Before the first datagram of a slice: its repair symbols are best computed together. */
  begin(slice: Slice): void
  /** False when the socket is full: the same datagram is offered again later. */
  data(emission: Emission): boolean
  sync(packet: Omit<SyncPacket, 'kind'>): void
  /** For one machine's control connection. Answers how many bytes that is. */
  fill(fill: Fill): number
}

export interface TransmitterStats {
  readonly txSeq: number
  readonly pass: number
  readonly sentBytes: number
  readonly repairBytes: number
  /** Over control connections; not in sentBytes. */
  readonly filledBytes: number
  /** The pass is the stragglers'. */
  readonly isCatchingUp: boolean
  readonly phase: 'sending' | 'asking' | 'idle'
}

/**
 * What SYNC asks of receivers: a report each time, and more SYNC; what is usual; or to spare reports that have nothing
 * to tell.
 */
export type ReportPace = 'hurried' | 'usual' | 'needed'

export interface Transmitter {
  setRate(bitsPerSecond: number | null): void
  /** What machines can take below the rate: all of them, and stragglers in passes of their own; null for any rate. */
  setOwnPace(limit: number | null, catchUp: number | null): void
  setPaused(isPaused: boolean): void
  setReports(pace: ReportPace): void
  /** How many leave the card for each datagram: they share the rate, and all are counted as sent. */
  setCopies(copies: number): void
  /** Sends what is due. Answers how long until there may be more, in ms; 0 = at once. */
  tick(nowMs: number): number
  stats(): TransmitterStats
}

const SYNC_INTERVAL_MS = 50
/** While the rate is looked for, and at once when it changes. */
const HURRIED_SYNC_INTERVAL_MS = 25
/** While asking, SYNC repeats, as one may be lost; each time after twice as long, for those who heard answer each. */
const ASK_INTERVAL_MS = 20
const MOST_ASK_INTERVAL_MS = 80
/** A pass waits for answers no longer: three reports. Who stays silent is served by the next pass. */
const ANSWER_MS = 300
const IDLE_WAIT_MS = 5
/** A full socket holds 256 KiB: at 10 Gbit/s it is empty again after so long. */
const FULL_WAIT_MS = 0.2
/** Datagrams in one tick at most, so that commands are heard between. */
const TICK_DATAGRAMS = 256

export function createTransmitter(
  session: SessionId,
  storedBytes: Uint32Array,
  carousel: Carousel,
  wire: Wire,
  start: { nowMs: number; rateBitsPerSecond: number | null; firstSeq: number },
): Transmitter {
  const pacer = createPacer(start.rateBitsPerSecond, start.nowMs)
  let txSeq = start.firstSeq
  let sentBytes = 0
  let copies = 1
  let repairBytes = 0
  let filledBytes = 0
  let rate = start.rateBitsPerSecond
  let limitRate: number | null = null
  let catchUpRate: number | null = null
  let pacedAt = rate
  let isPaused = false
  let reports: ReportPace = 'usual'
  let slice: Slice | null = null
  let layout: BlockLayout = blockLayout(1)
  let at = 0
  let syncAtMs = 0
  let phase: TransmitterStats['phase'] = 'sending'
  let askedSeq = 0
  let askedAtMs = 0
  let askIntervalMs = 0
  const emission: Emission = {
    header: { ...newDataHeader(), session },
    payloadOffset: 0,
    payloadBytes: 0,
  }

  function pace(): void {
    const wanted = lower(rate, carousel.isCatchingUp ? catchUpRate : limitRate)
    if (wanted === pacedAt) return
    pacedAt = wanted
    pacer.setRate(wanted)
  }

  function share(): void {
    const { prompt, deferred } = carousel.needs
    const fair = deferred.receivers / Math.max(1, prompt.receivers + deferred.receivers)
    const own = catchUpRate === null || rate === null ? 1 : catchUpRate / rate
    carousel.setDeferredShare(Math.min(fair, own))
  }

  function sendFills(): void {
    for (let fill = carousel.nextFill(); fill !== null; fill = carousel.nextFill()) {
      const bytes = wire.fill(fill)
      filledBytes += bytes
      pacer.spend(bytes)
    }
  }

  /** False before its time. */
  function sync(nowMs: number, intervalMs: number): boolean {
    if (nowMs - syncAtMs < intervalMs) return false
    syncAtMs = nowMs
    txSeq = nextSeq()
    const isReportNow = phase === 'asking'
    wire.sync({
      isReportNow,
      isReportWanted: reports === 'hurried',
      mayReportsWait: reports === 'needed',
      isPaused,
      pass: carousel.pass,
      session,
      txSeq,
    })
    return true
  }

  /** 0 stands for a symbol that came by a control connection. */
  function nextSeq(): number {
    return (txSeq + 1) >>> 0 || 1
  }

  /** False when the socket is full. */
  function sendNext(current: Slice): boolean {
    const code = current.symbols[at] ?? 0
    const block = code >> 8
    const symbol = code & 0xff
    const isRepair = symbol >= MAX_BLOCK_SYMBOLS
    const inChunk = blockFirstSymbol(layout, block) + symbol
    const { header } = emission
    header.isRepeat = current.isRepeat
    header.chunk = current.chunk
    header.block = block
    header.symbol = symbol
    header.k = blockSymbols(layout, block)
    header.blockCount = layout.blockCount
    header.txSeq = nextSeq()
    header.storedBytes = layout.storedBytes
    emission.payloadOffset = isRepair ? null : inChunk * SYMBOL_BYTES
    emission.payloadBytes = isRepair ? SYMBOL_BYTES : symbolBytes(layout, inChunk)
    if (!wire.data(emission)) return false
    txSeq = emission.header.txSeq
    const bytes = DATA_HEADER_BYTES + emission.payloadBytes
    for (let copy = 0; copy < copies; copy++) pacer.spend(bytes)
    sentBytes += bytes * copies
    if (current.isRepeat) repairBytes += bytes * copies
    if (++at === current.symbols.length) {
      carousel.sent(current, txSeq)
      slice = null
    }
    return true
  }

  function takeSlice(): Slice | null {
    slice = carousel.next()
    at = 0
    if (slice) {
      layout = blockLayout(storedBytes[slice.chunk] ?? 1)
      wire.begin(slice)
    }
    return slice
  }

  function isLacking(): boolean {
    const { prompt, deferred } = carousel.needs
    return prompt.lackingChunks + deferred.lackingChunks > 0
  }

  function atPassEnd(nowMs: number): number {
    if (phase === 'idle' && !isLacking()) {
      sync(nowMs, SYNC_INTERVAL_MS)
      return IDLE_WAIT_MS
    }
    if (phase === 'sending') {
      phase = 'asking'
      askedSeq = txSeq
      askedAtMs = nowMs
      askIntervalMs = 0
    }
    const hasAnswers = carousel.served.haveAllSeen(askedSeq) || nowMs - askedAtMs >= ANSWER_MS
    if (phase === 'idle' || hasAnswers) {
      if (!isLacking()) {
        phase = 'idle'
      } else if (!carousel.isOnlyFilling) {
        carousel.beginPass()
        share()
        phase = 'sending'
        return 0
      }
    }
    if (sync(nowMs, askIntervalMs)) {
      askIntervalMs = Math.min(MOST_ASK_INTERVAL_MS, Math.max(ASK_INTERVAL_MS, askIntervalMs * 2))
    }
    return 1
  }

  return {
    setRate(bitsPerSecond) {
      rate = bitsPerSecond
      if (reports === 'hurried') syncAtMs = -Infinity // What comes of it is counted from an answer on.
      pace()
    },
    setOwnPace(limit, catchUp) {
      limitRate = limit
      catchUpRate = catchUp
      pace()
      share()
    },
    setCopies(count) {
      copies = Math.max(1, count)
    },
    setReports(pace) {
      reports = pace
    },
    setPaused(paused) {
      isPaused = paused
    },
    tick(nowMs) {
      if (isPaused) {
        sync(nowMs, SYNC_INTERVAL_MS)
        return IDLE_WAIT_MS
      }
      sendFills()
      pace()
      for (let sent = 0; sent < TICK_DATAGRAMS; sent++) {
        if (!pacer.mayStart(nowMs)) break
        const current = slice ?? takeSlice()
        if (!current) return atPassEnd(nowMs)
        phase = 'sending'
        if (!sendNext(current)) return FULL_WAIT_MS
      }
      sync(nowMs, reports === 'hurried' ? HURRIED_SYNC_INTERVAL_MS : SYNC_INTERVAL_MS)
      return pacer.waitMs(nowMs)
    },
    stats: () => ({
      txSeq,
      pass: carousel.pass,
      sentBytes,
      repairBytes,
      filledBytes,
      isCatchingUp: carousel.isCatchingUp,
      phase,
    }),
  }
}

/** The lower of two rates; null is none. */
function lower(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}
