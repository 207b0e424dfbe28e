/** One chunk on its way: what has come of it, what is missing, and repair symbols that wait for enough others. */
import type { ErasureCode } from '../shared/fec/fec.ts'
import { blockFirstSymbol, type BlockLayout, blockSymbols } from '../shared/protocol/blocks.ts'
import { MAX_BLOCK_SYMBOLS, SYMBOL_BYTES } from '../shared/protocol/limits.ts'
import { BITMAP_BYTES, type NeedEntry } from '../shared/protocol/needReport.ts'
import { markMissing, type Missing } from './placing.ts'
import type { Slot } from './slotPool.ts'

/** Makes no views, as `set` and `subarray` would. */
const copyBytes = Buffer.prototype.copy

export interface Assembly {
  readonly chunk: number
  readonly layout: BlockLayout
  readonly slot: Slot
  readonly missing: Missing
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

export function newAssembly(chunk: number, layout: BlockLayout, slot: Slot): Assembly {
  const missing = markMissing(slot, layout)
  return { chunk, layout, slot, missing, missingCount: layout.symbolCount, repairs: [] }
}

/** False when the symbol was there already. Sizes were checked by the decoder and against the manifest. */
export function place(
  assembly: Assembly,
  block: number,
  symbol: number,
  memory: Uint8Array,
  from: number,
  to: number,
): boolean {
  if (!isMissing(assembly, block, symbol)) return false
  if (assembly.repairs.length > 0) makeWay(assembly, block, symbol)
  const { bits, inBlock } = assembly.missing
  const at = block * BITMAP_BYTES + (symbol >> 3)
  bits[at] = (bits[at] ?? 0) & ~(1 << (symbol & 7))
  inBlock[block] = (inBlock[block] ?? 0) - 1
  assembly.missingCount--
  const into = (blockFirstSymbol(assembly.layout, block) + symbol) * SYMBOL_BYTES
  copyBytes.call(memory, assembly.slot.bytes, into, from, to)
  const bytes = to - from
  // For a code the last symbol counts as padded.
  if (bytes < SYMBOL_BYTES) assembly.slot.bytes.fill(0, into + bytes, into + SYMBOL_BYTES)
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
export function hold(
  assembly: Assembly,
  block: number,
  symbol: number,
  memory: Uint8Array,
  from: number,
  to: number,
): boolean {
  const row = symbol - MAX_BLOCK_SYMBOLS
  if ((assembly.missing.inBlock[block] ?? 0) === 0) return false
  if (assembly.repairs.some(repair => repair.block === block && repair.row === row)) return false
  const repair = { block, row, place: freePlace(assembly, block, -1) }
  assembly.repairs.push(repair)
  symbolAt(assembly, block, repair.place).set(memory.subarray(from, to))
  return true
}

export function isDecodable(assembly: Assembly, block: number): boolean {
  const missing = assembly.missing.inBlock[block] ?? 0
  return missing > 0 && heldRepairs(assembly, block) >= missing
}

/** Completes the block; answers how many symbols that took. */
export function decode(assembly: Assembly, block: number, code: ErasureCode): number {
  const k = blockSymbols(assembly.layout, block)
  const missing = Array.from({ length: k }, (_, symbol) => symbol).filter(symbol =>
    isMissing(assembly, block, symbol),
  )
  const repairs = assembly.repairs
    .filter(repair => repair.block === block)
    .map(({ row, place: at }) => ({ row, payload: symbolAt(assembly, block, at).slice() }))
  const from = blockFirstSymbol(assembly.layout, block) * SYMBOL_BYTES
  code.decode(assembly.slot.bytes.subarray(from, from + k * SYMBOL_BYTES), k, missing, repairs)
  assembly.missing.bits.fill(0, block * BITMAP_BYTES, (block + 1) * BITMAP_BYTES)
  assembly.missing.inBlock[block] = 0
  assembly.missingCount -= missing.length
  const others = assembly.repairs.filter(repair => repair.block !== block)
  assembly.repairs.splice(0, assembly.repairs.length, ...others)
  return missing.length
}

function isMissing(assembly: Assembly, block: number, symbol: number): boolean {
  const bits = assembly.missing.bits[block * BITMAP_BYTES + (symbol >> 3)] ?? 0
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
  return assembly.slot.bytes.subarray(at, at + SYMBOL_BYTES)
}

export function addBlocks(assembly: Assembly, entries: NeedEntry[], limit: number): void {
  for (let block = 0; block < assembly.layout.blockCount; block++) {
    const missingCount = (assembly.missing.inBlock[block] ?? 0) - heldRepairs(assembly, block)
    if (missingCount === 0) continue
    if (entries.length >= limit) return
    const missing = assembly.missing.bits.slice(block * BITMAP_BYTES, (block + 1) * BITMAP_BYTES)
    entries.push({ kind: 'block', chunk: assembly.chunk, block, missingCount, missing })
  }
}
