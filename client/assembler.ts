/**
 * Symbols in, stored chunks out. Pure: no socket, clock or disk, so a simulation can run hundreds of them.
 *
 * Every datagram is checked against the manifest before a byte is kept. A chunk that lacks symbols once something newer
 * was seen is what `entries` asks for; over its memory the oldest such chunk is dropped and asked for as a whole.
 * PROTOCOL.md §4.1, §6.1.
 */
import type { ErasureCode } from '../shared/fec/fec.ts'
import { blockLayout } from '../shared/protocol/blocks.ts'
import type { DataPacket } from '../shared/protocol/dataPacket.ts'
import { MAX_BLOCK_SYMBOLS, SYMBOL_BYTES } from '../shared/protocol/limits.ts'
import type { Manifest } from '../shared/protocol/manifest.ts'
import type { NeedEntry } from '../shared/protocol/needReport.ts'
import type { SessionId } from '../shared/protocol/packet.ts'
import type { SyncPacket } from '../shared/protocol/syncPacket.ts'
import {
  addBlocks,
  type Assembly,
  decode,
  hold,
  isDecodable,
  newAssembly,
  place,
} from './assembly.ts'
import { createPlacer, type Placer, slotBytes } from './placing.ts'
import { createSequence } from './sequence.ts'
import { createSlotPool, type Slot } from './slotPool.ts'

export interface AssemblerOptions {
  readonly manifest: Manifest
  /** Bound on all memory for chunks, those taken out and not yet released included; at least 2 MiB. */
  readonly assemblyBytes: number
  /** Whether a chunk is on the target already. Chunks taken out and not released are known here. */
  has(chunk: number): boolean
  /** Asked for whenever repair symbols complete a block: receivers without loss never decode. */
  code(chunk: number): ErasureCode
  /** An incomplete chunk was dropped for want of memory. */
  onDropped?(chunk: number): void
}

/** A complete chunk as stored. `bytes` belongs to the taker until `release`. */
export interface StoredChunk {
  readonly chunk: number
  readonly bytes: Uint8Array
}

/** Read during the call only. */
export type SymbolHeader = Pick<DataPacket, 'chunk' | 'block' | 'symbol' | 'storedBytes' | 'txSeq'>

export interface AssemblerCounters {
  readonly seenSeq: number
  readonly receivedDatagrams: number
  readonly missedDatagrams: number
  /** Payload of symbols that were kept. */
  readonly payloadBytes: number
  /** Symbols that brought nothing new. */
  readonly unneededSymbols: number
  /** Source symbols computed from repair symbols. */
  readonly decodedSymbols: number
  /** Data that contradicts the manifest. */
  readonly contradictions: number
  /** Chunks dropped incomplete, or not begun, for want of memory. */
  readonly crowdedOut: number
  readonly freeBytes: number
}

export interface Assembler {
  /** The chunk that this symbol completed, or null. */
  take(packet: DataPacket): StoredChunk | null
  /** The same with the payload between two offsets of `memory`, which is copied. Allocates nothing for a symbol. */
  takeSymbol(header: SymbolHeader, memory: Uint8Array, from: number, to: number): StoredChunk | null
  /**
   * Takes datagrams from `first` to before `end` of the spans for as long as they are what `takeSymbol` would simply
   * copy, and complete no chunk. Answers how many; 0 says nothing about the first one.
   */
  takeRun(
    session: SessionId,
    memory: Uint8Array,
    spans: Int32Array,
    first: number,
    end: number,
  ): number
  sync(packet: SyncPacket): void
  /** Gives a completed chunk's memory back. `has` must know the chunk by now, or it is taken again when it comes. */
  release(stored: StoredChunk): void
  /** What is missing, oldest chunk first, at most `limit` entries. WHOLE entries are told once. */
  entries(limit: number): NeedEntry[]
  /** Whether `entries` has nothing to say, and the sender does not mind to hear that later. */
  mayWait(): boolean
  /** A new connection: sequence numbers may start again. Chunks in assembly are kept. */
  restart(): void
  counters(): AssemblerCounters
}

export function createAssembler(options: AssemblerOptions): Assembler {
  const { manifest } = options
  const pool = createSlotPool(options.assemblyBytes)
  const sequence = createSequence()
  /** In order of first symbol. */
  const assemblies = new Map<number, Assembly>()
  /** That of the symbol before: nearly always of the next one too. */
  let last: Assembly | null = null
  /** Complete, with the writer: chunk to its slot. */
  const taken = new Map<number, Slot>()
  /** Dropped and not yet told. */
  const lost = new Set<number>()
  /** The chunk being sent now, whose missing symbols are not missed yet. */
  let current: number | null = null
  /** As the sender said last. */
  let mayReportsWait = false
  let placer: Placer | null = null
  /** Whose datagrams the placer takes, and the chunk it was aimed at. */
  let placerSource: ArrayBufferLike | null = null
  let aimed: Assembly | null = null
  const count = { payloadBytes: 0, unneeded: 0, decoded: 0, contradictions: 0, crowdedOut: 0 }

  /** Memory for a chunk, if need be at the oldest incomplete one's expense. */
  function makeRoom(bytes: number): Slot | null {
    for (;;) {
      const slot = pool.take(bytes)
      if (slot !== null) return slot
      const oldest = assemblies.values().next().value
      if (oldest === undefined) return null
      drop(oldest)
    }
  }

  function drop(assembly: Assembly): void {
    assemblies.delete(assembly.chunk)
    last = null
    pool.give(assembly.slot)
    lost.add(assembly.chunk)
    options.onDropped?.(assembly.chunk)
    count.crowdedOut++
  }

  function begin(chunk: number, storedBytes: number): Assembly | null {
    const layout = blockLayout(storedBytes)
    const slot = makeRoom(slotBytes(layout))
    if (slot === null) {
      count.crowdedOut++
      return null
    }
    const assembly = newAssembly(chunk, layout, slot)
    assemblies.set(chunk, assembly)
    lost.delete(chunk)
    return assembly
  }

  function finish(assembly: Assembly): StoredChunk {
    assemblies.delete(assembly.chunk)
    last = null
    taken.set(assembly.chunk, assembly.slot)
    return {
      chunk: assembly.chunk,
      bytes: assembly.slot.bytes.subarray(0, assembly.layout.storedBytes),
    }
  }

  /** Null when nothing of the chunk is to be kept. */
  function assemblyOf(chunk: number, storedBytes: number): Assembly | null {
    if (last !== null && last.chunk === chunk) return last
    if (taken.has(chunk) || options.has(chunk)) {
      count.unneeded++
      return null
    }
    last = assemblies.get(chunk) ?? begin(chunk, storedBytes)
    return last
  }

  function takeSymbol(
    header: SymbolHeader,
    memory: Uint8Array,
    from: number,
    to: number,
  ): StoredChunk | null {
    const { chunk, block, symbol } = header
    if (manifest.storedBytes[chunk] !== header.storedBytes) {
      count.contradictions++
      return null
    }
    const arrival = sequence.see(header.txSeq)
    if (arrival === 'newest') current = chunk
    const assembly = assemblyOf(chunk, header.storedBytes)
    if (assembly === null) return null
    const isKept =
      symbol >= MAX_BLOCK_SYMBOLS
        ? hold(assembly, block, symbol, memory, from, to)
        : place(assembly, block, symbol, memory, from, to)
    if (!isKept) {
      count.unneeded++
      return null
    }
    count.payloadBytes += to - from
    if (assembly.repairs.length > 0 && isDecodable(assembly, block)) {
      count.decoded += decode(assembly, block, options.code(chunk))
    }
    return assembly.missingCount === 0 ? finish(assembly) : null
  }

  function placerFor(session: SessionId, source: ArrayBufferLike): Placer | null {
    if (placerSource !== source) {
      placerSource = source
      placer = createPlacer(source, pool.memory)
      aimed = null
    }
    if (placer !== null && last !== null && aimed !== last) {
      placer.aim(last.slot, last.layout, session, last.chunk)
      aimed = last
    }
    return placer
  }

  function takeRun(
    session: SessionId,
    memory: Uint8Array,
    spans: Int32Array,
    first: number,
    end: number,
  ): number {
    const txSeq = sequence.next()
    if (txSeq === 0 || last === null || last.repairs.length > 0) return 0
    const most = Math.min(end - first, last.missingCount - 1)
    const placed = placerFor(session, memory.buffer)?.run(spans, first, most, txSeq) ?? 0
    if (placed === 0) return 0
    sequence.advance(placed)
    current = last.chunk
    last.missingCount -= placed
    count.payloadBytes += placed * SYMBOL_BYTES
    return placed
  }

  return {
    takeRun,
    take: packet => takeSymbol(packet, packet.payload, 0, packet.payload.length),
    takeSymbol,
    sync(packet) {
      sequence.see(packet.txSeq)
      mayReportsWait = packet.mayReportsWait
      // SYNC goes out in the midst of chunks; only at the end of a pass does it say that the last one is through.
      if (packet.isReportNow) current = null
    },
    release(stored) {
      const slot = taken.get(stored.chunk)
      if (slot === undefined) return
      taken.delete(stored.chunk)
      pool.give(slot)
    },
    entries(limit) {
      const entries: NeedEntry[] = []
      for (const chunk of lost) {
        if (entries.length >= limit) return entries
        entries.push({ kind: 'whole', firstChunk: chunk, length: 1 })
        lost.delete(chunk)
      }
      for (const assembly of assemblies.values()) {
        if (assembly.chunk !== current) addBlocks(assembly, entries, limit)
        if (entries.length >= limit) break
      }
      return entries
    },
    mayWait() {
      if (!mayReportsWait || lost.size > 0) return false
      for (const chunk of assemblies.keys()) if (chunk !== current) return false
      return true
    },
    restart() {
      sequence.restart()
      lost.clear() // Nothing said means everything needed.
      current = null
      mayReportsWait = false
      aimed = null // It may be another session.
    },
    counters() {
      return {
        seenSeq: sequence.seenSeq(),
        receivedDatagrams: sequence.received(),
        missedDatagrams: sequence.missed(),
        payloadBytes: count.payloadBytes,
        unneededSymbols: count.unneeded,
        decodedSymbols: count.decoded,
        contradictions: count.contradictions,
        crowdedOut: count.crowdedOut,
        freeBytes: pool.freeBytes(),
      }
    },
  }
}
