/** From datagrams to the assembler: decodes, counts what is not ours by reason, rehearses loss. */
import { newDataHeader, readData } from '../shared/protocol/dataPacket.ts'
import { DATA_HEADER_BYTES } from '../shared/protocol/limits.ts'
import { PACKET, packetEnd, type SessionId, typeOf } from '../shared/protocol/packet.ts'
import type { FillMessage } from '../shared/protocol/fill.ts'
import { decodeSync } from '../shared/protocol/syncPacket.ts'
import type { Assembler, StoredChunk } from './assembler.ts'

export interface IntakeOptions {
  readonly session: SessionId
  /** The present one: a new link may bring another. */
  assembler(): Assembler
  /** Whether this datagram is lost in a rehearsal. */
  isLost(): boolean
  /** Whether `isLost` has to be asked at all. */
  mayLose(): boolean
  onChunk(stored: StoredChunk): void
  /** The sender waits for a report: the pass has ended, or it looks for its rate. */
  onReportNow(): void
}

export interface Intake {
  take(datagram: Uint8Array): void
  /** The same for many, as a group receiver hands them over: the way of bulk, without an object for each datagram. */
  takeSpans(memory: Uint8Array, spans: Int32Array, count: number): void
  /** Symbols that came by the control connection: checked as any others are. */
  fill(message: FillMessage): void
  /** When the session's sender was last heard here. */
  heardAtMs(): number
  /** Datagrams not used, by reason. */
  readonly rejected: ReadonlyMap<string, number>
}

export function createIntake(options: IntakeOptions, now: () => number): Intake {
  const rejected = new Map<string, number>()
  let heardAtMs = now()
  /** Heard since `heardAtMs` was asked for: the clock is not read for each datagram. */
  let isHeard = false
  const header = newDataHeader()
  let view = new DataView<ArrayBufferLike>(new ArrayBuffer(0))

  function viewOf(memory: Uint8Array): DataView {
    if (view.buffer !== memory.buffer) view = new DataView(memory.buffer)
    return view
  }

  function reject(reason: string): void {
    rejected.set(reason, (rejected.get(reason) ?? 0) + 1)
  }

  function takeSpan(memory: Uint8Array, from: number, to: number): void {
    if (options.isLost()) return
    if (from === to) return reject('empty')
    // A large datagram holds several packets, one after another: PROTOCOL.md §4.6.
    for (let at = from; at < to;) {
      const end = packetEnd(memory, at, to)
      takePacket(memory, at, end)
      at = end
    }
  }

  function takeSpans(memory: Uint8Array, spans: Int32Array, count: number): void {
    const mayRun = !options.mayLose()
    for (let i = 0; i < count; i++) {
      if (mayRun) i += takeRun(memory, spans, i, count)
      if (i < count) takeSpan(memory, spans[2 * i] ?? 0, spans[2 * i + 1] ?? 0)
    }
  }

  function takeRun(memory: Uint8Array, spans: Int32Array, first: number, end: number): number {
    const taken = options.assembler().takeRun(options.session, memory, spans, first, end)
    if (taken > 0) isHeard = true
    return taken
  }

  function takePacket(memory: Uint8Array, from: number, to: number): void {
    const type = typeOf(memory[from] ?? 0)
    if (type === PACKET.data) takeData(memory, from, to)
    else if (type === PACKET.sync) takeSync(memory.subarray(from, to))
    else reject(typeof type === 'number' ? 'type' : type.reason)
  }

  function takeData(memory: Uint8Array, from: number, to: number): void {
    const start = memory.byteOffset + from
    const reason = readData(viewOf(memory), start, memory.byteOffset + to, header)
    if (reason !== null) return reject(reason)
    if (header.session !== options.session) return reject('session')
    isHeard = true
    const stored = options.assembler().takeSymbol(header, memory, from + DATA_HEADER_BYTES, to)
    if (stored !== null) options.onChunk(stored)
  }

  function takeSync(datagram: Uint8Array): void {
    const packet = decodeSync(datagram)
    if (packet.kind === 'malformed') return reject(packet.reason)
    if (packet.session !== options.session) return reject('session')
    isHeard = true
    options.assembler().sync(packet)
    if (packet.isReportNow || packet.isReportWanted) options.onReportNow()
  }

  return {
    take: datagram => takeSpan(datagram, 0, datagram.length),
    takeSpans,
    heardAtMs() {
      if (isHeard) heardAtMs = now()
      isHeard = false
      return heardAtMs
    },
    fill({ packets }) {
      for (const packet of packets) {
        if (packet.session !== options.session) reject('session')
        else {
          const stored = options.assembler().take(packet)
          if (stored !== null) options.onChunk(stored)
        }
      }
      options.onReportNow() // The sender waits to hear whether that was all.
    },
    rejected,
  }
}
