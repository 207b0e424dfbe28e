/**
 * Symbols in, stored chunks out. Pure: no socket, clock or disk, so a simulation can run hundreds of them.
 *
 * Every datagram is checked against the manifest before a byte is kept. A chunk that lacks symbols once something newer
 * was seen is what `entries` asks for; over its memory the oldest such chunk is dropped and asked for as a whole.
 * PROTOCOL.md §4.1, §6.1.
 */
import {
  type BlockLayout,
  blockFirstSymbol,
  blockLayout,
  blockSymbols,
} from '../shared/protocol/blocks.ts'
import type { DataPacket } from '../shared/protocol/dataPacket.ts'
import { MAX_BLOCK_SYMBOLS, SYMBOL_BYTES } from '../shared/protocol/limits.ts'
import type { Manifest } from '../shared/protocol/manifest.ts'
import { BITMAP_BYTES, type NeedEntry } from '../shared/protocol/needReport.ts'
import type { SyncPacket } from '../shared/protocol/syncPacket.ts'
import { createSequence } from './sequence.ts'
import { createSlotPool } from './slotPool.ts'

export interface AssemblerOptions {
  readonly manifest: Manifest
  /** Bound on all memory for chunks, those taken out and not yet released included; at least 2 MiB. */
  readonly assemblyBytes: number
  /** Whether a chunk is on the target already. Chunks taken out and not released are known here. */
  has(chunk: number): boolean
}

/** A complete chunk as stored. `bytes` belongs to the taker until `release`. */
export interface StoredChunk {
  readonly chunk: number
  readonly bytes: Uint8Array
}

export interface AssemblerCounters {
  readonly seenSeq: number
  readonly receivedDatagrams: number
  readonly missedDatagrams: number
  /** Payload of symbols that were kept. */
  readonly payloadBytes: number
  /** Symbols that brought nothing new. */
  readonly unneededSymbols: number
  /** Repair symbols, which need a decoder. */
  readonly unusableSymbols: number
  /** Data that contradicts the manifest. */
  readonly contradictions: number
  /** Chunks dropped incomplete, or not begun, for want of memory. */
  readonly crowdedOut: number
  readonly freeBytes: number
}

export interface Assembler {
  /** The chunk that this symbol completed, or null. */
  take(packet: DataPacket): StoredChunk | null
  sync(packet: SyncPacket): void
  /** Gives a completed chunk's memory back. `has` must know the chunk by now, or it is taken again when it comes. */
  release(stored: StoredChunk): void
  /** What is missing, oldest chunk first, at most `limit` entries. WHOLE entries are told once. */
  entries(limit: number): NeedEntry[]
  /** A new connection: sequence numbers may start again. Chunks in assembly are kept. */
  restart(): void
  readonly counters: AssemblerCounters
}

interface Assembly {
  readonly chunk: number
  readonly layout: BlockLayout
  readonly slot: Uint8Array
  /** BITMAP_BYTES for each block; set = missing. */
  readonly missing: Uint8Array
  readonly missingInBlock: Uint8Array
  missingCount: number
}

export function createAssembler(options: AssemblerOptions): Assembler {
  const { manifest } = options
  const pool = createSlotPool(options.assemblyBytes)
  const sequence = createSequence()
  /** In order of first symbol. */
  const assemblies = new Map<number, Assembly>()
  /** Complete, with the writer: chunk to its slot. */
  const taken = new Map<number, Uint8Array>()
  /** Dropped and not yet told. */
  const lost = new Set<number>()
  /** The chunk being sent now, whose missing symbols are not missed yet. */
  let current: number | null = null
  const count = { payloadBytes: 0, unneeded: 0, unusable: 0, contradictions: 0, crowdedOut: 0 }

  /** Memory for a chunk, if need be at the oldest incomplete one's expense. */
  function makeRoom(bytes: number): Uint8Array | null {
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
    pool.give(assembly.slot)
    lost.add(assembly.chunk)
    count.crowdedOut++
  }

  function begin(chunk: number, storedBytes: number): Assembly | null {
    const layout = blockLayout(storedBytes)
    // Whole symbols: for a code the last one counts as padded.
    const slot = makeRoom(layout.symbolCount * SYMBOL_BYTES)
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
    taken.set(assembly.chunk, assembly.slot)
    return {
      chunk: assembly.chunk,
      bytes: assembly.slot.subarray(0, assembly.layout.storedBytes),
    }
  }

  return {
    take(packet) {
      const { chunk } = packet
      if (manifest.storedBytes[chunk] !== packet.storedBytes) {
        count.contradictions++
        return null
      }
      const arrival = sequence.see(packet.txSeq)
      if (arrival === 'newest') current = chunk
      if (packet.symbol >= MAX_BLOCK_SYMBOLS) {
        count.unusable++ // A decoder would keep it beside its block's source symbols.
        return null
      }
      if (taken.has(chunk) || options.has(chunk)) {
        count.unneeded++
        return null
      }
      const assembly = assemblies.get(chunk) ?? begin(chunk, packet.storedBytes)
      if (assembly === null) return null
      if (!place(assembly, packet)) {
        count.unneeded++
        return null
      }
      count.payloadBytes += packet.payload.length
      return assembly.missingCount === 0 ? finish(assembly) : null
    },
    sync(packet) {
      if (sequence.see(packet.txSeq) === 'newest' || packet.isReportNow) current = null
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
    restart() {
      sequence.restart()
      lost.clear() // Nothing said means everything needed.
      current = null
    },
    get counters() {
      return {
        seenSeq: sequence.seenSeq,
        receivedDatagrams: sequence.received,
        missedDatagrams: sequence.missed,
        payloadBytes: count.payloadBytes,
        unneededSymbols: count.unneeded,
        unusableSymbols: count.unusable,
        contradictions: count.contradictions,
        crowdedOut: count.crowdedOut,
        freeBytes: pool.freeBytes,
      }
    },
  }
}

function newAssembly(chunk: number, layout: BlockLayout, slot: Uint8Array): Assembly {
  const missing = new Uint8Array(layout.blockCount * BITMAP_BYTES)
  const missingInBlock = new Uint8Array(layout.blockCount)
  for (let block = 0; block < layout.blockCount; block++) {
    const k = blockSymbols(layout, block)
    missingInBlock[block] = k
    for (let i = 0; i < k; i++) {
      const at = block * BITMAP_BYTES + (i >> 3)
      missing[at] = (missing[at] ?? 0) | (1 << (i & 7))
    }
  }
  return { chunk, layout, slot, missing, missingInBlock, missingCount: layout.symbolCount }
}

/** False when the symbol was there already. Sizes were checked by the decoder and against the manifest. */
function place(assembly: Assembly, packet: DataPacket): boolean {
  const at = packet.block * BITMAP_BYTES + (packet.symbol >> 3)
  const bit = 1 << (packet.symbol & 7)
  const bits = assembly.missing[at] ?? 0
  if ((bits & bit) === 0) return false
  assembly.missing[at] = bits & ~bit
  assembly.missingInBlock[packet.block] = (assembly.missingInBlock[packet.block] ?? 0) - 1
  assembly.missingCount--
  const symbol = blockFirstSymbol(assembly.layout, packet.block) + packet.symbol
  assembly.slot.set(packet.payload, symbol * SYMBOL_BYTES)
  return true
}

function addBlocks(assembly: Assembly, entries: NeedEntry[], limit: number): void {
  for (let block = 0; block < assembly.layout.blockCount; block++) {
    const missingCount = assembly.missingInBlock[block] ?? 0
    if (missingCount === 0) continue
    if (entries.length >= limit) return
    const missing = assembly.missing.slice(block * BITMAP_BYTES, (block + 1) * BITMAP_BYTES)
    entries.push({ kind: 'block', chunk: assembly.chunk, block, missingCount, missing })
  }
}
