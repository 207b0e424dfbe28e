/** NEED: what a receiver has, and what it still lacks. PROTOCOL.md §6.1, big-endian. */
import { CONTROL_BINARY } from './controlBinary.ts'
import { MAX_BLOCK_SYMBOLS, MAX_CHUNK_BLOCKS, MAX_NEED_ENTRIES } from './limits.ts'
import { type Malformed, malformed } from './packet.ts'

/** One bit a source symbol of a block, least significant first; set = missing. */
export const BITMAP_BYTES = MAX_BLOCK_SYMBOLS / 8

export type NeedEntry =
  | {
      /** `held`: all symbols here, not yet verified and written. `whole`: nothing of it here (any more). */
      readonly kind: 'have' | 'whole' | 'held'
      readonly firstChunk: number
      readonly length: number
    }
  | {
      readonly kind: 'block'
      readonly chunk: number
      readonly block: number
      /** Symbols, source or repair, that would complete the block: missing ones less repair symbols held. */
      readonly missingCount: number
      /** Source symbols that are not here. */
      readonly missing: Uint8Array
    }

/** What holds a receiver up once everything sent has arrived: symbols wait for its disk, or for its processor to unpack. */
export type Limiter = 'disk' | 'decompression'

export interface NeedReport {
  readonly kind: 'need'
  readonly isFirst: boolean
  /** Null while nothing waits for long. */
  readonly limiter: Limiter | null
  readonly seenSeq: number
  readonly receivedDatagrams: number
  readonly missedDatagrams: number
  readonly kernelDrops: number
  readonly freeAssemblyKiB: number
  readonly entries: readonly NeedEntry[]
}

const AT = {
  type: 0, // u8
  flags: 1, // u8
  entryCount: 2, // u16
  seenSeq: 4, // u32
  received: 8, // u32
  missed: 12, // u32
  kernelDrops: 16, // u32
  freeAssemblyKiB: 20, // u32
  entries: 24,
} as const
const FLAG_FIRST = 1
const LIMITER_SHIFT = 1
const LIMITERS: readonly (Limiter | null)[] = [null, 'disk', 'decompression']

const ENTRY = { have: 1, whole: 2, block: 3, held: 4 } as const
const RUN_KINDS = new Map<number, 'have' | 'whole' | 'held'>([
  [ENTRY.have, 'have'],
  [ENTRY.whole, 'whole'],
  [ENTRY.held, 'held'],
])
const RUN_BYTES = 8
const BLOCK_BYTES = 8 + BITMAP_BYTES
export const MAX_RUN = 0xff_ffff

export function encodeNeedReport(report: Omit<NeedReport, 'kind'>): Uint8Array {
  if (report.entries.length > MAX_NEED_ENTRIES) throw new Error('too many entries in one report')
  const size = report.entries.reduce((sum, entry) => sum + entryBytes(entry), AT.entries as number)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setUint8(AT.type, CONTROL_BINARY.need)
  const limiter = LIMITERS.indexOf(report.limiter) << LIMITER_SHIFT
  view.setUint8(AT.flags, limiter | (report.isFirst ? FLAG_FIRST : 0))
  view.setUint16(AT.entryCount, report.entries.length)
  view.setUint32(AT.seenSeq, report.seenSeq)
  view.setUint32(AT.received, report.receivedDatagrams)
  view.setUint32(AT.missed, report.missedDatagrams)
  view.setUint32(AT.kernelDrops, report.kernelDrops)
  view.setUint32(AT.freeAssemblyKiB, report.freeAssemblyKiB)
  let at: number = AT.entries
  for (const entry of report.entries) {
    if (entry.kind === 'block') {
      view.setUint32(at, (ENTRY.block << 24) | (entry.block << 16) | (entry.missingCount << 8))
      view.setUint32(at + 4, entry.chunk)
      bytes.set(entry.missing, at + 8)
    } else {
      view.setUint32(at, (ENTRY[entry.kind] << 24) | entry.length)
      view.setUint32(at + 4, entry.firstChunk)
    }
    at += entryBytes(entry)
  }
  return bytes
}

/** The report, or why not. Bitmaps are copies. Chunk numbers are checked against the manifest by the session. */
export function decodeNeedReport(message: Uint8Array): NeedReport | Malformed {
  if (message.length < AT.entries) return malformed('truncated')
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  if (view.getUint8(AT.type) !== CONTROL_BINARY.need) return malformed('type')
  const flags = view.getUint8(AT.flags)
  const limiter = LIMITERS[flags >> LIMITER_SHIFT]
  if (limiter === undefined) return malformed('flags')
  const entryCount = view.getUint16(AT.entryCount)
  if (entryCount > MAX_NEED_ENTRIES) return malformed('entries')
  const entries: NeedEntry[] = []
  let at: number = AT.entries
  for (let i = 0; i < entryCount; i++) {
    const entry = decodeEntry(message, view, at)
    if (entry.kind === 'malformed') return entry
    entries.push(entry)
    at += entryBytes(entry)
  }
  if (at !== message.length) return malformed('length')
  return {
    kind: 'need',
    isFirst: (flags & FLAG_FIRST) !== 0,
    limiter,
    seenSeq: view.getUint32(AT.seenSeq),
    receivedDatagrams: view.getUint32(AT.received),
    missedDatagrams: view.getUint32(AT.missed),
    kernelDrops: view.getUint32(AT.kernelDrops),
    freeAssemblyKiB: view.getUint32(AT.freeAssemblyKiB),
    entries,
  }
}

function decodeEntry(message: Uint8Array, view: DataView, at: number): NeedEntry | Malformed {
  if (at + RUN_BYTES > message.length) return malformed('truncated')
  const kind = view.getUint8(at)
  const run = RUN_KINDS.get(kind)
  if (run) {
    const length = view.getUint32(at) & MAX_RUN
    if (length === 0) return malformed('run')
    return { kind: run, firstChunk: view.getUint32(at + 4), length }
  }
  if (kind !== ENTRY.block) return malformed('entry')
  if (at + BLOCK_BYTES > message.length) return malformed('truncated')
  const block = view.getUint8(at + 1)
  const missingCount = view.getUint8(at + 2)
  if (block >= MAX_CHUNK_BLOCKS || view.getUint8(at + 3) !== 0) return malformed('block')
  const missing = message.slice(at + 8, at + BLOCK_BYTES)
  if (missingCount === 0 || countBits(missing) < missingCount) return malformed('missing')
  return { kind: 'block', chunk: view.getUint32(at + 4), block, missingCount, missing }
}

function entryBytes(entry: NeedEntry): number {
  return entry.kind === 'block' ? BLOCK_BYTES : RUN_BYTES
}

export function countBits(bitmap: Uint8Array): number {
  let count = 0
  for (let byte of bitmap) for (; byte !== 0; byte &= byte - 1) count++
  return count
}
