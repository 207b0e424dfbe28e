/** Entries of a FAT directory with their long names: Microsoft's FAT specification (fatgen103). Pure. */
import { latin1, u16, u8 } from './fields.ts'

export interface FatEntry {
  readonly name: string
  readonly isDirectory: boolean
  /** It is no file, but holds the volume's label. */
  readonly isLabel: boolean
  readonly firstCluster: number
}

const ENTRY = { attributes: 11, lowerCase: 12, clusterHigh: 20, clusterLow: 26, bytes: 32 } as const
const ATTRIBUTE = { label: 0x08, directory: 0x10, longName: 0x0f } as const
/** Windows' and Linux' way of keeping a short name in lower case without a long one. */
const LOWER_CASE = { base: 0x08, extension: 0x10 } as const
const END = 0x00
const DELETED = 0xe5

/** A part of a long name: stands before the entry it belongs to, the last part first. */
const PART = { order: 0, checksum: 13, characters: [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30] }
const FIRST_PART = 0x40
const MAX_PARTS = 20

interface LongName {
  readonly text: string
  readonly checksum: number
  /** Parts still to come before the name is whole. */
  readonly missing: number
}

export function decodeFatEntries(bytes: Uint8Array): FatEntry[] {
  const found: FatEntry[] = []
  let long: LongName | null = null
  for (let at = 0; at + ENTRY.bytes <= bytes.length; at += ENTRY.bytes) {
    const entry = bytes.subarray(at, at + ENTRY.bytes)
    const first = u8(entry, 0)
    if (first === END) break
    const attributes = u8(entry, ENTRY.attributes)
    if (first === DELETED) long = null
    else if ((attributes & 0x3f) === ATTRIBUTE.longName) long = withPart(long, entry)
    else {
      found.push(entryOf(entry, attributes, long))
      long = null
    }
  }
  return found.filter(entry => entry.name !== '.' && entry.name !== '..')
}

function entryOf(entry: Uint8Array, attributes: number, long: LongName | null): FatEntry {
  const isLabel = (attributes & ATTRIBUTE.label) !== 0
  const isWhole = long !== null && long.missing === 0 && long.checksum === checksumOf(entry)
  return {
    name: isLabel ? latin1(entry, 0, 11).trimEnd() : isWhole ? long.text : shortName(entry),
    isDirectory: !isLabel && (attributes & ATTRIBUTE.directory) !== 0,
    isLabel,
    firstCluster: u16(entry, ENTRY.clusterHigh) * 0x1_0000 + u16(entry, ENTRY.clusterLow),
  }
}

/** Null where the part does not go on with what came before: then the short name is used. */
function withPart(long: LongName | null, entry: Uint8Array): LongName | null {
  const order = u8(entry, PART.order)
  const number = order & 0x1f
  const checksum = u8(entry, PART.checksum)
  if (number === 0 || number > MAX_PARTS) return null
  const text = textOf(entry)
  if ((order & FIRST_PART) !== 0) return { text, checksum, missing: number - 1 }
  if (long === null || long.missing !== number || long.checksum !== checksum) return null
  return { text: text + long.text, checksum, missing: number - 1 }
}

function textOf(entry: Uint8Array): string {
  let text = ''
  for (const at of PART.characters) {
    const code = u16(entry, at)
    if (code === 0) break
    text += String.fromCharCode(code)
  }
  return text
}

function shortName(entry: Uint8Array): string {
  const flags = u8(entry, ENTRY.lowerCase)
  const base = latin1(entry, 0, 8).trimEnd()
  const extension = latin1(entry, 8, 3).trimEnd()
  const shown = (flags & LOWER_CASE.base) === 0 ? base : base.toLowerCase()
  const ending = (flags & LOWER_CASE.extension) === 0 ? extension : extension.toLowerCase()
  return ending === '' ? shown : `${shown}.${ending}`
}

/** Ties a long name to its entry: programs that know only short names leave it behind when they change one. */
function checksumOf(entry: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < 11; at++) sum = (((sum & 1) << 7) + (sum >> 1) + u8(entry, at)) & 0xff
  return sum
}
