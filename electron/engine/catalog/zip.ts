/** The one image inside a .zip (APPNOTE 6.3.10), zip64 included, read by its central directory through yauzl. */
import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { fromFd } from 'yauzl'
import type { Entry, ZipFile } from 'yauzl'
import { CatalogError, causeOf, systemCode } from './catalogFault.ts'

const METHOD = { stored: 0, deflated: 8 } as const
const IS_ENCRYPTED = 0x1

export function unzip(
  handle: FileHandle,
  path: string,
): { content: AsyncIterable<Uint8Array>; doneBytes(): number } {
  let doneFraction = 0
  let entryBytes = 0
  async function* content(): AsyncGenerator<Uint8Array> {
    try {
      const zip = await openZip(handle)
      const entry = await onlyFile(zip, path)
      entryBytes = entry.compressedSize
      let crc = 0
      let outBytes = 0
      for await (const part of await readEntry(zip, entry)) {
        crc = crc32(part, crc)
        outBytes += part.length
        doneFraction = entry.uncompressedSize === 0 ? 1 : outBytes / entry.uncompressedSize
        yield part
      }
      if (crc >>> 0 !== entry.crc32 >>> 0) throw corrupt(path, 'the checksum is wrong', null)
    } catch (thrown) {
      throw zipFault(thrown, path)
    }
  }
  return { content: content(), doneBytes: () => Math.floor(doneFraction * entryBytes) }
}

/** autoClose off: the caller opened the file and closes it. */
function openZip(handle: FileHandle): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromFd(handle.fd, { lazyEntries: true, autoClose: false }, (error, zip) => {
      if (error) reject(error)
      else resolve(zip)
    })
  })
}

/** Folders, and the `__MACOSX` shadow files that Finder adds, are no content. */
async function onlyFile(zip: ZipFile, path: string): Promise<Entry> {
  const files: Entry[] = []
  let count = 0
  await new Promise<void>((resolve, reject) => {
    zip.on('error', reject)
    zip.on('end', () => resolve())
    zip.on('entry', entry => {
      const isContent = !entry.fileName.endsWith('/') && !entry.fileName.startsWith('__MACOSX/')
      if (isContent && count++ === 0) files.push(entry)
      zip.readEntry()
    })
    zip.readEntry()
  })
  const [entry] = files
  if (!entry || count !== 1) throw new CatalogError({ code: 'image/zip-entries', path, count })
  if (entry.generalPurposeBitFlag & IS_ENCRYPTED)
    throw new CatalogError({ code: 'image/zip-encrypted', path })
  const method = entry.compressionMethod
  if (method !== METHOD.stored && method !== METHOD.deflated)
    throw new CatalogError({ code: 'image/zip-method', path, method })
  return entry
}

function readEntry(zip: ZipFile, entry: Entry): Promise<AsyncIterable<Uint8Array>> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) reject(error)
      else resolve(stream)
    })
  })
}

function zipFault(thrown: unknown, path: string): unknown {
  if (thrown instanceof CatalogError) return thrown
  const message = causeOf(thrown)
  // Plain system errors are the disk's; all else is yauzl's or zlib's opinion of the content.
  const code = systemCode(thrown)
  if (/^E[A-Z0-9]+$/.test(code)) return thrown
  if (
    /end of central directory|unexpected EOF|unexpected end of file|not enough bytes/i.test(message)
  )
    return new CatalogError({ code: 'image/truncated', path, format: 'zip' }, { cause: thrown })
  return corrupt(path, message, thrown)
}

function corrupt(path: string, cause: string, thrown: unknown): CatalogError {
  return new CatalogError({ code: 'image/corrupt', path, format: 'zip', cause }, { cause: thrown })
}
