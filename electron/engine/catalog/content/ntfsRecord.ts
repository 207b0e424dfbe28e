/** Records, attributes, runs and index nodes of NTFS. Pure. Layout as in ntfs.ts. */
import { isAt, u16, u32, u8, utf16 } from './fields.ts'

export interface NtfsAttribute {
  readonly type: number
  readonly name: string
  /** Of one that lies in the record; null where it lies elsewhere. */
  readonly value: Uint8Array | null
  /** Where one that lies elsewhere does: see decodeRuns. */
  readonly runs: Uint8Array | null
}

export interface NtfsRun {
  readonly cluster: number
  readonly clusters: number
}

const FIXUP = { offset: 4, count: 6 } as const
/** Whatever the disk's sectors are. */
const FIXUP_BYTES = 512

const RECORD = { firstAttribute: 20, flags: 22 } as const
const IN_USE = 1

const ATTRIBUTE = {
  type: 0,
  bytes: 4,
  isElsewhere: 8,
  nameCharacters: 9,
  name: 10,
  valueBytes: 16,
  value: 20,
  runs: 32,
  least: 24,
} as const
const END = 0xffff_ffff

const NODE = { firstEntry: 0, bytes: 4 } as const
const ENTRY = { bytes: 8, keyBytes: 10, flags: 12, key: 16 } as const
const IS_LAST = 2
/** $FILE_NAME, which is the key of a directory's index. */
const FILE_NAME = { characters: 64, space: 65, text: 66 } as const
/** The short name of a file that also has a long one. */
const DOS_ALONE = 2

/** A run of a directory's size; more would be a hole in the sense of the list. */
const MAX_RUNS = 256

/**
 * The last two bytes of each 512 are kept elsewhere and stand for a number that shows a torn write. Null where one does
 * not fit. Answers a copy.
 */
export function withFixups(bytes: Uint8Array): Uint8Array | null {
  const at = u16(bytes, FIXUP.offset)
  const count = u16(bytes, FIXUP.count)
  const strides = bytes.length / FIXUP_BYTES
  if (count !== strides + 1 || at + count * 2 > FIXUP_BYTES) return null
  const sound = Uint8Array.from(bytes)
  for (let stride = 1; stride <= strides; stride++) {
    const end = stride * FIXUP_BYTES - 2
    if (u16(bytes, end) !== u16(bytes, at)) return null
    sound.set(bytes.subarray(at + stride * 2, at + stride * 2 + 2), end)
  }
  return sound
}

/** None where the record is not sound or not in use; as many as are sound. */
export function decodeRecord(bytes: Uint8Array): NtfsAttribute[] {
  const record = isAt(bytes, 0, 'FILE') ? withFixups(bytes) : null
  if (record === null || (u16(record, RECORD.flags) & IN_USE) === 0) return []
  const found: NtfsAttribute[] = []
  let at = u16(record, RECORD.firstAttribute)
  while (at + ATTRIBUTE.least <= record.length && u32(record, at) !== END) {
    const length = u32(record, at + ATTRIBUTE.bytes)
    if (length < ATTRIBUTE.least || at + length > record.length) break
    found.push(decodeAttribute(record.subarray(at, at + length)))
    at += length
  }
  return found
}

function decodeAttribute(bytes: Uint8Array): NtfsAttribute {
  const type = u32(bytes, ATTRIBUTE.type)
  const name = utf16(bytes, u16(bytes, ATTRIBUTE.name), u8(bytes, ATTRIBUTE.nameCharacters))
  if (u8(bytes, ATTRIBUTE.isElsewhere) !== 0) {
    return { type, name, value: null, runs: bytes.subarray(u16(bytes, ATTRIBUTE.runs)) }
  }
  const start = u16(bytes, ATTRIBUTE.value)
  const value = bytes.subarray(start, start + u32(bytes, ATTRIBUTE.valueBytes))
  return { type, name, value, runs: null }
}

/** Pieces in order: lengths and distances from one to the next, in as few bytes as each takes. Holes are left out. */
export function decodeRuns(bytes: Uint8Array): NtfsRun[] {
  const found: NtfsRun[] = []
  let cluster = 0
  let at = 0
  for (let run = 0; run < MAX_RUNS; run++) {
    const head = u8(bytes, at)
    const lengthBytes = head & 0xf
    const distanceBytes = head >> 4
    at += 1 + lengthBytes + distanceBytes
    if (lengthBytes < 1 || lengthBytes > 8 || distanceBytes > 8 || at > bytes.length) break
    const clusters = unsigned(bytes, at - distanceBytes - lengthBytes, lengthBytes)
    if (distanceBytes === 0) continue
    cluster += signed(bytes, at - distanceBytes, distanceBytes)
    if (cluster < 0) break
    found.push({ cluster, clusters })
  }
  return found
}

/** Names of files and directories in one node, which begins at `at`. */
export function decodeIndexNames(bytes: Uint8Array, at: number): string[] {
  const names: string[] = []
  const end = Math.min(bytes.length, at + u32(bytes, at + NODE.bytes))
  let entry = at + u32(bytes, at + NODE.firstEntry)
  while (entry + ENTRY.key <= end && (u16(bytes, entry + ENTRY.flags) & IS_LAST) === 0) {
    const length = u16(bytes, entry + ENTRY.bytes)
    if (length < ENTRY.key + FILE_NAME.text || entry + length > end) break
    const key = entry + ENTRY.key
    const characters = u8(bytes, key + FILE_NAME.characters)
    const isWhole = FILE_NAME.text + characters * 2 <= u16(bytes, entry + ENTRY.keyBytes)
    if (isWhole && u8(bytes, key + FILE_NAME.space) !== DOS_ALONE) {
      names.push(utf16(bytes, key + FILE_NAME.text, characters))
    }
    entry += length
  }
  return names
}

function unsigned(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let i = length - 1; i >= 0; i--) value = value * 256 + u8(bytes, at + i)
  return value
}

function signed(bytes: Uint8Array, at: number, length: number): number {
  const value = unsigned(bytes, at, length)
  return u8(bytes, at + length - 1) < 0x80 ? value : value - 256 ** length
}
