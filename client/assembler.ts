/**
 * Symbols in, stored chunks out. Pure: no socket, clock or disk, so a simulation can run hundreds of them.
 *
 * Every datagram is checked against the manifest before a byte is kept. A chunk that lacks symbols once something newer
 * was seen is what `entries` asks for; over its memory the oldest such chunk is dropped and asked for as a whole.
 * PROTOCOL.md §4.1, §6.1.
 */
import type { ErasureCode } from '../shared/fec/fec.ts'
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

/** Makes no views, as `set` and `subarray` would. */
const copyBytes = Buffer.prototype.copy

interface Assembly {
  readonly chunk: number
  readonly layout: BlockLayout
  readonly slot: Uint8Array
  /** BITMAP_BYTES for each block; set = missing. */
  readonly missing: Uint8Array
  readonly missingInBlock: Uint8Array
  missingCount: number
  /** Repair symbols wait where a missing source symbol of their block belongs: they cost no memory. */
  readonly repairs: HeldRepair[]
}

interface HeldRepair {
  readonly block: number
  readonly row: number
  /** Index in the block of the missing symbol whose place it takes. */
  place: number
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
  const taken = new Map<number, Uint8Array>()
  /** Dropped and not yet told. */
  const lost = new Set<number>()
  /** The chunk being sent now, whose missing symbols are not missed yet. */
  let current: number | null = null
  /** As the sender said last. */
  let mayReportsWait = false
  const count = { payloadBytes: 0, unneeded: 0, decoded: 0, contradictions: 0, crowdedOut: 0 }

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
    last = null
    pool.give(assembly.slot)
    lost.add(assembly.chunk)
    options.onDropped?.(assembly.chunk)
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
    last = null
    taken.set(assembly.chunk, assembly.slot)
    return {
      chunk: assembly.chunk,
      bytes: assembly.slot.subarray(0, assembly.layout.storedBytes),
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

  return {
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
  const missingCount = layout.symbolCount
  return { chunk, layout, slot, missing, missingInBlock, missingCount, repairs: [] }
}

/** False when the symbol was there already. Sizes were checked by the decoder and against the manifest. */
function place(
  assembly: Assembly,
  block: number,
  symbol: number,
  memory: Uint8Array,
  from: number,
  to: number,
): boolean {
  if (!isMissing(assembly, block, symbol)) return false
  if (assembly.repairs.length > 0) makeWay(assembly, block, symbol)
  const at = block * BITMAP_BYTES + (symbol >> 3)
  assembly.missing[at] = (assembly.missing[at] ?? 0) & ~(1 << (symbol & 7))
  assembly.missingInBlock[block] = (assembly.missingInBlock[block] ?? 0) - 1
  assembly.missingCount--
  const into = (blockFirstSymbol(assembly.layout, block) + symbol) * SYMBOL_BYTES
  copyBytes.call(memory, assembly.slot, into, from, to)
  const bytes = to - from
  // For a code the last symbol counts as padded.
  if (bytes < SYMBOL_BYTES) assembly.slot.fill(0, into + bytes, into + SYMBOL_BYTES)
  return true
}

/** A repair symbol that waits in the place of a source symbol which has come after all moves on. */
function makeWay(assembly: Assembly, block: number, symbol: number): void {
  // Complete blocks hold no repairs, so a block with one has another missing symbol to take its place.
  const guest = assembly.repairs.find(repair => repair.block === block && repair.place === symbol)
  if (!guest) return
  const bytes = symbolAt(assembly, block, symbol)
  guest.place = freePlace(assembly, block, symbol)
  symbolAt(assembly, block, guest.place).set(bytes)
}

/** False when the repair symbol is here already, or its block is complete. */
function hold(
  assembly: Assembly,
  block: number,
  symbol: number,
  memory: Uint8Array,
  from: number,
  to: number,
): boolean {
  const row = symbol - MAX_BLOCK_SYMBOLS
  if ((assembly.missingInBlock[block] ?? 0) === 0) return false
  if (assembly.repairs.some(repair => repair.block === block && repair.row === row)) return false
  const repair = { block, row, place: freePlace(assembly, block, -1) }
  assembly.repairs.push(repair)
  symbolAt(assembly, block, repair.place).set(memory.subarray(from, to))
  return true
}

function isDecodable(assembly: Assembly, block: number): boolean {
  const missing = assembly.missingInBlock[block] ?? 0
  return missing > 0 && heldRepairs(assembly, block) >= missing
}

/** Completes the block; answers how many symbols that took. */
function decode(assembly: Assembly, block: number, code: ErasureCode): number {
  const k = blockSymbols(assembly.layout, block)
  const missing = Array.from({ length: k }, (_, symbol) => symbol).filter(symbol =>
    isMissing(assembly, block, symbol),
  )
  const repairs = assembly.repairs
    .filter(repair => repair.block === block)
    .map(({ row, place: at }) => ({ row, payload: symbolAt(assembly, block, at).slice() }))
  const from = blockFirstSymbol(assembly.layout, block) * SYMBOL_BYTES
  code.decode(assembly.slot.subarray(from, from + k * SYMBOL_BYTES), k, missing, repairs)
  assembly.missing.fill(0, block * BITMAP_BYTES, (block + 1) * BITMAP_BYTES)
  assembly.missingInBlock[block] = 0
  assembly.missingCount -= missing.length
  const others = assembly.repairs.filter(repair => repair.block !== block)
  assembly.repairs.splice(0, assembly.repairs.length, ...others)
  return missing.length
}

function isMissing(assembly: Assembly, block: number, symbol: number): boolean {
  const bits = assembly.missing[block * BITMAP_BYTES + (symbol >> 3)] ?? 0
  return (bits & (1 << (symbol & 7))) !== 0
}

function heldRepairs(assembly: Assembly, block: number): number {
  return assembly.repairs.reduce((sum, repair) => sum + (repair.block === block ? 1 : 0), 0)
}

/** A missing symbol's place that no repair has taken. Blocks with as many repairs as missing symbols are decoded. */
function freePlace(assembly: Assembly, block: number, except: number): number {
  const taken = new Set([except])
  for (const repair of assembly.repairs) if (repair.block === block) taken.add(repair.place)
  const k = blockSymbols(assembly.layout, block)
  for (let symbol = 0; symbol < k; symbol++) {
    if (isMissing(assembly, block, symbol) && !taken.has(symbol)) return symbol
  }
  throw new Error(`block ${block} holds as many repairs as it misses symbols`)
}

function symbolAt(assembly: Assembly, block: number, symbol: number): Uint8Array {
  const at = (blockFirstSymbol(assembly.layout, block) + symbol) * SYMBOL_BYTES
  return assembly.slot.subarray(at, at + SYMBOL_BYTES)
}

function addBlocks(assembly: Assembly, entries: NeedEntry[], limit: number): void {
  for (let block = 0; block < assembly.layout.blockCount; block++) {
    const missingCount = (assembly.missingInBlock[block] ?? 0) - heldRepairs(assembly, block)
    if (missingCount === 0) continue
    if (entries.length >= limit) return
    const missing = assembly.missing.slice(block * BITMAP_BYTES, (block + 1) * BITMAP_BYTES)
    entries.push({ kind: 'block', chunk: assembly.chunk, block, missingCount, missing })
  }
}
