/**
 * Puts runs of datagrams in place without a look at each by JavaScript: the ordinary ones, which are nearly all. What is
 * in any way special ends the run and is the assembler's own business: the same checks are there (`readData`, `place`).
 */
import { blockFirstSymbol, type BlockLayout, blockSymbols } from '../shared/protocol/blocks.ts'
import { MAX_CHUNK_BLOCKS, SYMBOL_BYTES } from '../shared/protocol/limits.ts'
import { BITMAP_BYTES } from '../shared/protocol/needReport.ts'
import type { SessionId } from '../shared/protocol/packet.ts'
import { memoryOf, type WasmMemory } from '../shared/wasmMemory.ts'
import { AIM, placingModule, SLOT_STATE_BYTES, SPAN_BYTES, STATE } from './placingModule.ts'
import type { Slot } from './slotPool.ts'

/** What of a chunk has not come yet, at the end of its slot, where the module finds it. */
export interface Missing {
  /** BITMAP_BYTES for each block; set = missing. */
  readonly bits: Uint8Array
  /** Symbols of each block. */
  readonly inBlock: Uint8Array
}

/** A slot's bytes for a chunk of that layout and its `Missing`. */
export function slotBytes(layout: BlockLayout): number {
  return layout.symbolCount * SYMBOL_BYTES + SLOT_STATE_BYTES
}

/** Everything is missing. */
export function markMissing(slot: Slot, layout: BlockLayout): Missing {
  const { buffer, byteOffset, length } = slot.bytes
  const at = byteOffset + length - SLOT_STATE_BYTES
  const bits = new Uint8Array(buffer, at + STATE.bits, MAX_CHUNK_BLOCKS * BITMAP_BYTES).fill(0)
  const inBlock = new Uint8Array(buffer, at + STATE.inBlock, MAX_CHUNK_BLOCKS).fill(0)
  for (let block = 0; block < layout.blockCount; block++) {
    const k = blockSymbols(layout, block)
    inBlock[block] = k
    const from = block * BITMAP_BYTES
    bits.fill(0xff, from, from + (k >> 3))
    if ((k & 7) > 0) bits[from + (k >> 3)] = (1 << (k & 7)) - 1
  }
  return { bits, inBlock }
}

export interface Placer {
  /** The chunk that runs belong to from now on. */
  aim(slot: Slot, layout: BlockLayout, session: SessionId, chunk: number): void
  /**
   * Takes datagrams from `first` of the spans on, at most `count`, while each is one whole DATA packet of the session and the chunk
   * aimed at, numbered on from `txSeq`, with a source symbol of full size that was missing. Answers how many it took.
   */
  run(spans: Int32Array, first: number, count: number, txSeq: number): number
}

/** For datagrams in `source`, to slots in `target`; null where the engine cannot. */
export function createPlacer(source: ArrayBufferLike, target: WasmMemory): Placer | null {
  const datagrams = memoryOf(source)
  if (datagrams === null) return null
  const run = instantiate(datagrams, target)
  if (run === null) return null
  return {
    aim(slot, layout, session, chunk) {
      const view = new DataView(target.buffer, 0, AIM.bytes)
      const setWord = (at: number, value: number): void => view.setUint32(at, value, true)
      view.setUint32(AIM.session, session)
      view.setUint32(AIM.chunk, chunk)
      view.setUint32(AIM.storedBytes, layout.storedBytes)
      setWord(AIM.slot, slot.address)
      setWord(AIM.state, slot.address + slot.bytes.length - SLOT_STATE_BYTES)
      setWord(AIM.fullSymbols, Math.floor(layout.storedBytes / SYMBOL_BYTES))
      setWord(AIM.blockCount, layout.blockCount)
      for (let block = 0; block < layout.blockCount; block++) {
        const at = AIM.blocks + block * AIM.blockBytes
        setWord(at + AIM.firstSymbol, blockFirstSymbol(layout, block))
        setWord(at + AIM.sizes, blockSymbols(layout, block) | (layout.blockCount << 8))
      }
    },
    run: (spans, first, count, txSeq) =>
      spans.buffer === source ? run(spans.byteOffset + first * SPAN_BYTES, count, txSeq | 0) : 0,
  }
}

type Run = (spans: number, count: number, txSeq: number) => number

/** Compiled once for all receivers of a process. Null: this engine knows no second memory. */
let compiled: object | null | undefined

function instantiate(datagrams: WasmMemory, slots: WasmMemory): Run | null {
  try {
    compiled ??= new WebAssembly.Module(placingModule())
  } catch {
    compiled = null
  }
  if (compiled === null) return null
  return new WebAssembly.Instance(compiled, { memory: { datagrams, slots } }).exports.run
}

/** The part of the WebAssembly JavaScript interface used here: `lib` has none. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (
    module: object,
    imports: { readonly memory: Readonly<Record<string, WasmMemory>> },
  ) => { readonly exports: { readonly run: Run } }
}
