/**
 * Which chunks are durable on a file target: `<target>.benchcast`, beside it. Data is synced before its records are
 * written, so a record never promises too much; a torn tail after a power cut only loses records.
 *
 * Layout, big-endian: magic u32, version u32, image id 32 bytes, flags u32, crc32 of all that; then records of chunk
 * u32 and crc32 over header crc and chunk, so that a record left by another journal does not count.
 */
import {
  close,
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'

const writeAsync = promisify(write)
const fdatasyncAsync = promisify(fdatasync)
const closeAsync = promisify(close)

const MAGIC = 0x42434a31 // "BCJ1"
const VERSION = 1
const AT = { magic: 0, version: 4, image: 8, flags: 40, crc: 44, records: 48 } as const
const RECORD_BYTES = 8
const FLAG_ZEROS_CLEAN = 1

export interface JournalContent {
  readonly chunks: readonly number[]
  /** The target began as zeros, so positions of zeros need no work. */
  readonly isZeroed: boolean
}

export interface Journal {
  /** Resolves when the records are durable. The caller has synced the data. One call at a time. */
  append(chunks: readonly number[]): Promise<void>
  close(): Promise<void>
}

export function journalPath(target: string): string {
  return `${target}.benchcast`
}

/** Null when there is none, or it is another image's, or its header is damaged. */
export function readJournal(
  path: string,
  imageId: string,
  chunkCount: number,
): JournalContent | null {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch {
    return null // Absent or unreadable: the target is then judged by its content.
  }
  return parseJournal(bytes, imageId, chunkCount)
}

/** Pure part of `readJournal`. */
export function parseJournal(
  bytes: Uint8Array,
  imageId: string,
  chunkCount: number,
): JournalContent | null {
  if (bytes.length < AT.records) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(AT.magic) !== MAGIC || view.getUint32(AT.version) !== VERSION) return null
  const headerCrc = view.getUint32(AT.crc)
  if (crc32(bytes.subarray(0, AT.crc)) !== headerCrc) return null
  if (Buffer.from(bytes.subarray(AT.image, AT.flags)).toString('hex') !== imageId) return null
  const chunks = new Set<number>()
  for (let at: number = AT.records; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    const chunk = view.getUint32(at)
    if (view.getUint32(at + 4) !== recordCrc(headerCrc, bytes.subarray(at, at + 4))) break
    if (chunk < chunkCount) chunks.add(chunk)
  }
  return { chunks: [...chunks], isZeroed: (view.getUint32(AT.flags) & FLAG_ZEROS_CLEAN) !== 0 }
}

/** A new journal in place of any old one, with the given chunks; durable on return, its name included. */
export function createJournal(path: string, imageId: string, content: JournalContent): Journal {
  const fd = openSync(path, 'w', 0o644)
  try {
    const header = encodeHeader(imageId, content.isZeroed)
    const headerCrc = header.readUInt32BE(AT.crc)
    writeSync(fd, Buffer.concat([header, encodeRecords(headerCrc, content.chunks)]))
    fsyncSync(fd)
    syncDirectory(dirname(path))
    return openOn(fd, headerCrc)
  } catch (cause) {
    closeSync(fd)
    throw cause
  }
}

/** Goes on with a journal that `readJournal` accepted; its torn tail is cut off first. */
export function reopenJournal(path: string, content: JournalContent): Journal {
  const fd = openSync(path, 'r+')
  const header = readFileSync(path).subarray(0, AT.records)
  const wholeBytes =
    AT.records + Math.floor((fstatSync(fd).size - AT.records) / RECORD_BYTES) * RECORD_BYTES
  // Records behind a damaged one are not read, so what follows must not stand behind it.
  const validBytes = AT.records + content.chunks.length * RECORD_BYTES
  ftruncateSync(fd, Math.min(wholeBytes, validBytes))
  return openOn(fd, header.readUInt32BE(AT.crc))
}

export function removeJournal(target: string): void {
  rmSync(journalPath(target), { force: true })
}

function openOn(fd: number, headerCrc: number): Journal {
  let atBytes = fstatSync(fd).size
  return {
    async append(chunks) {
      const records = encodeRecords(headerCrc, chunks)
      const { bytesWritten } = await writeAsync(fd, records, 0, records.length, atBytes)
      if (bytesWritten !== records.length)
        throw new Error('the journal could not be written: is the disk full?')
      atBytes += records.length
      await fdatasyncAsync(fd)
    },
    async close() {
      await closeAsync(fd)
    },
  }
}

function encodeHeader(imageId: string, isZeroed: boolean): Buffer {
  const header = Buffer.alloc(AT.records)
  header.writeUInt32BE(MAGIC, AT.magic)
  header.writeUInt32BE(VERSION, AT.version)
  header.write(imageId, AT.image, 'hex')
  header.writeUInt32BE(isZeroed ? FLAG_ZEROS_CLEAN : 0, AT.flags)
  header.writeUInt32BE(crc32(header.subarray(0, AT.crc)), AT.crc)
  return header
}

function encodeRecords(headerCrc: number, chunks: readonly number[]): Buffer {
  const records = Buffer.alloc(chunks.length * RECORD_BYTES)
  chunks.forEach((chunk, i) => {
    records.writeUInt32BE(chunk, i * RECORD_BYTES)
    const crc = recordCrc(headerCrc, records.subarray(i * RECORD_BYTES, i * RECORD_BYTES + 4))
    records.writeUInt32BE(crc, i * RECORD_BYTES + 4)
  })
  return records
}

function recordCrc(headerCrc: number, chunk: Uint8Array): number {
  return crc32(chunk, headerCrc)
}

/** Makes a new name survive a power cut; file systems that cannot sync a directory say so, and need it not. */
function syncDirectory(path: string): void {
  try {
    const fd = openSync(path, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch {
    return // Windows and some network file systems.
  }
}
