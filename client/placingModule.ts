/** The WebAssembly module of `placing.ts`: the layouts that it and JavaScript share, and its one function. */
import {
  DATA_HEADER_BYTES,
  MAX_BLOCK_SYMBOLS,
  MAX_CHUNK_BLOCKS,
  SYMBOL_BYTES,
} from '../shared/protocol/limits.ts'
import { DATA_AT } from '../shared/protocol/dataPacket.ts'
import { BITMAP_BYTES } from '../shared/protocol/needReport.ts'
import { firstByte, PACKET } from '../shared/protocol/packet.ts'
import { CodeWriter, encodeModule, I32 } from '../shared/wasmEmitter.ts'

/** At the end of each slot. */
export const STATE = { bits: 0, inBlock: MAX_CHUNK_BLOCKS * BITMAP_BYTES } as const
export const SLOT_STATE_BYTES = 128

/** At address 0 of the slots' memory. Of a header's numbers the bytes as they travel, else little-endian words. */
export const AIM = {
  session: 0,
  chunk: 4,
  storedBytes: 8,
  slot: 12,
  state: 16,
  fullSymbols: 20,
  blockCount: 24,
  /** For each block. */
  blocks: 28,
  blockBytes: 8,
  firstSymbol: 0,
  /** k and the number of blocks, as the bytes stand in a header. */
  sizes: 4,
  bytes: 28 + 8 * MAX_CHUNK_BLOCKS,
} as const

const DATAGRAMS = 0
const SLOTS = 1
/** From and to of a datagram, i32 each. */
export const SPAN_BYTES = 8

/** First byte, flags and payload size of a packet with a full symbol, little-endian; the only flag may be set. */
const FIRST_WORD =
  firstByte(PACKET.data) | ((SYMBOL_BYTES >> 8) << 16) | ((SYMBOL_BYTES & 0xff) << 24)
const FLAGS_MASK = ~(1 << 8)

/** The same for each call. */
export function placingModule(): Uint8Array<ArrayBuffer> {
  const [spans, count, txSeq] = [0, 1, 2]
  const [end, from, block, symbol, bitAt, bits, entry, index, start] = [3, 4, 5, 6, 7, 8, 9, 10, 11]
  const code = new CodeWriter()
  const header = (field: number, load: 'loadByte' | 'loadShort' | 'loadWord'): void => {
    code.get(from)
    code[load](field, DATAGRAMS)
  }
  const aim = (field: number): void => {
    code.constant(0)
    code.loadWord(field, SLOTS)
  }
  const leaveUnlessEqual = (): void => {
    code.notEqual()
    code.leaveIf()
  }

  code.get(spans)
  code.set(start)
  code.get(spans)
  code.get(count)
  code.constant(SPAN_BYTES)
  code.multiply()
  code.add()
  code.set(end)
  code.block()
  code.loop()

  code.get(spans)
  code.get(end)
  code.atLeastUnsigned()
  code.leaveIf()
  code.get(spans)
  code.loadWord(0, DATAGRAMS)
  code.set(from)
  code.get(spans)
  code.loadWord(4, DATAGRAMS)
  code.get(from)
  code.subtract()
  code.constant(DATA_HEADER_BYTES + SYMBOL_BYTES)
  leaveUnlessEqual()

  header(DATA_AT.first, 'loadWord')
  code.constant(FLAGS_MASK)
  code.and()
  code.constant(FIRST_WORD)
  leaveUnlessEqual()
  header(DATA_AT.session, 'loadWord')
  aim(AIM.session)
  leaveUnlessEqual()
  header(DATA_AT.chunk, 'loadWord')
  aim(AIM.chunk)
  leaveUnlessEqual()
  header(DATA_AT.storedBytes, 'loadWord')
  aim(AIM.storedBytes)
  leaveUnlessEqual()
  for (let i = 0; i < 4; i++) {
    header(DATA_AT.txSeq + i, 'loadByte')
    code.constant(24 - 8 * i)
    code.shiftLeft()
    if (i > 0) code.or()
  }
  code.get(txSeq)
  leaveUnlessEqual()

  header(DATA_AT.block, 'loadByte')
  code.set(block)
  code.get(block)
  aim(AIM.blockCount)
  code.atLeastUnsigned()
  code.leaveIf()
  code.get(block)
  code.constant(AIM.blockBytes)
  code.multiply()
  code.set(entry)
  header(DATA_AT.k, 'loadShort')
  code.get(entry)
  code.loadWord(AIM.blocks + AIM.sizes, SLOTS)
  leaveUnlessEqual()
  header(DATA_AT.symbol, 'loadByte')
  code.set(symbol)
  code.get(symbol)
  code.constant(MAX_BLOCK_SYMBOLS)
  code.atLeastUnsigned()
  code.leaveIf()
  code.get(entry)
  code.loadWord(AIM.blocks + AIM.firstSymbol, SLOTS)
  code.get(symbol)
  code.add()
  code.set(index)
  code.get(index)
  aim(AIM.fullSymbols)
  code.atLeastUnsigned()
  code.leaveIf()

  // The bit of a symbol that is missing: none is set beyond k.
  aim(AIM.state)
  code.get(block)
  code.constant(BITMAP_BYTES)
  code.multiply()
  code.add()
  code.get(symbol)
  code.constant(3)
  code.shiftRight()
  code.add()
  code.set(bitAt)
  code.get(bitAt)
  code.loadByte(STATE.bits, SLOTS)
  code.set(bits)
  code.get(bits)
  code.get(symbol)
  code.constant(7)
  code.and()
  code.shiftRight()
  code.constant(1)
  code.and()
  code.isZero()
  code.leaveIf()

  code.get(bitAt)
  code.get(bits)
  code.constant(1)
  code.get(symbol)
  code.constant(7)
  code.and()
  code.shiftLeft()
  code.xor()
  code.storeByte(STATE.bits, SLOTS)
  aim(AIM.state)
  code.get(block)
  code.add()
  code.set(bitAt)
  code.get(bitAt)
  code.get(bitAt)
  code.loadByte(STATE.inBlock, SLOTS)
  code.constant(1)
  code.subtract()
  code.storeByte(STATE.inBlock, SLOTS)
  aim(AIM.slot)
  code.get(index)
  code.constant(SYMBOL_BYTES)
  code.multiply()
  code.add()
  code.get(from)
  code.constant(DATA_HEADER_BYTES)
  code.add()
  code.constant(SYMBOL_BYTES)
  code.copy(SLOTS, DATAGRAMS)

  code.get(txSeq)
  code.constant(1)
  code.add()
  code.set(txSeq)
  code.get(spans)
  code.constant(SPAN_BYTES)
  code.add()
  code.set(spans)
  code.repeat()
  code.end()
  code.end()
  code.get(spans)
  code.get(start)
  code.subtract()
  code.constant(3) // SPAN_BYTES is 2 to the 3.
  code.shiftRight()
  return encodeModule({
    types: [{ parameters: [I32, I32, I32], results: [I32] }],
    functions: [{ type: 0, locals: [{ count: 9, type: I32 }], code }],
    importedMemories: ['datagrams', 'slots'],
    exportedFunction: 0,
  })
}
