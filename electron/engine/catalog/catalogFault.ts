/**
 * Why the catalog refuses. One sentence each: the file or image, the cause, what to do. The code is for programs, the
 * message for people; a fault also crosses from a worker thread as a plain value.
 */
import { homedir } from 'node:os'

export type CatalogFault =
  | { readonly code: 'image/not-found'; readonly name: string }
  | { readonly code: 'image/ambiguous'; readonly name: string; readonly matches: readonly string[] }
  | { readonly code: 'image/in-use'; readonly name: string; readonly session: string }
  | { readonly code: 'image/no-name' }
  | { readonly code: 'image/flags-contradict'; readonly name: string }
  | { readonly code: 'image/file-missing'; readonly path: string }
  | { readonly code: 'image/file-denied'; readonly path: string }
  | { readonly code: 'image/directory'; readonly path: string }
  | { readonly code: 'image/special-file'; readonly path: string; readonly kind: string }
  | { readonly code: 'image/empty'; readonly path: string; readonly isInside: boolean }
  | { readonly code: 'image/too-large'; readonly path: string; readonly limitBytes: number }
  | { readonly code: 'image/read-failed'; readonly path: string; readonly cause: string }
  | { readonly code: 'image/source-changed'; readonly path: string }
  | { readonly code: 'image/not-as-named'; readonly path: string; readonly format: string }
  | {
      readonly code: 'image/corrupt'
      readonly path: string
      readonly format: string
      readonly cause: string
    }
  | { readonly code: 'image/truncated'; readonly path: string; readonly format: string }
  | { readonly code: 'image/window-too-large'; readonly path: string; readonly format: string }
  | { readonly code: 'image/zip-entries'; readonly path: string; readonly count: number }
  | { readonly code: 'image/zip-encrypted'; readonly path: string }
  | { readonly code: 'image/zip-method'; readonly path: string; readonly method: number }
  | { readonly code: 'image/cancelled'; readonly subject: string }
  | {
      readonly code: 'image/damaged'
      readonly name: string
      readonly offsetBytes: number
      readonly packPath: string
      readonly packOffsetBytes: number
      readonly reason: string
    }
  | {
      readonly code: 'disk/full'
      readonly path: string
      readonly freeBytes: number
      readonly neededBytes: number | null
    }
  | { readonly code: 'disk/write-failed'; readonly path: string; readonly cause: string }
  | { readonly code: 'disk/directory'; readonly path: string }
  | { readonly code: 'disk/special-file'; readonly path: string; readonly kind: string }
  | {
      readonly code: 'disk/too-small'
      readonly path: string
      readonly sizeBytes: number
      readonly neededBytes: number
    }
  | { readonly code: 'catalog/unusable'; readonly directory: string; readonly cause: string }
  | {
      readonly code: 'catalog/newer'
      readonly directory: string
      readonly version: number
      readonly known: number
    }
  | { readonly code: 'catalog/busy'; readonly directory: string }
  | { readonly code: 'catalog/thread-died'; readonly subject: string; readonly cause: string }

export class CatalogError extends Error {
  override readonly name = 'CatalogError'
  readonly fault: CatalogFault
  constructor(fault: CatalogFault, options?: ErrorOptions) {
    super(describe(fault), options)
    this.fault = fault
  }
}

/** The system's error code (`ENOENT`), or empty. */
export function systemCode(thrown: unknown): string {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : ''
}

/** A short cause for people, without the path that the sentence already names. */
export function causeOf(thrown: unknown): string {
  const said = CAUSES[systemCode(thrown)]
  if (said !== undefined) return said
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** Sizes as a technician reads them: powers of ten, as on a disk's label. */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB']
  let size = bytes
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`
}

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the disk is read-only',
  EIO: 'the disk reports an input/output error',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'part of the path is not a folder',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EMFILE: 'too many open files',
  EBUSY: 'the file is in use',
  ETXTBSY: 'the file is in use',
  EFBIG: 'the file system allows no larger file',
}

function describe(fault: CatalogFault): string {
  switch (fault.code) {
    case 'image/not-found':
      return `No image is called "${fault.name}": list the images to see their names.`
    case 'image/ambiguous':
      return `"${fault.name}" fits ${fault.matches.length} images (${fault.matches.slice(0, 4).join(', ')}${fault.matches.length > 4 ? ', …' : ''}): give the full name or more of its identity.`
    case 'image/in-use':
      return `"${fault.name}" is used by the session "${fault.session}", which has not ended: end that session, then delete the image.`
    case 'image/flags-contradict':
      return `Image "${fault.name}" cannot be sent by multicast alone and not by multicast: nothing would be left. Allow multicast, or allow the other ways too.`
    case 'image/no-name':
      return 'An image needs a name: type at least one character.'
    case 'image/file-missing':
      return `${shown(fault.path)} does not exist: check the name, and that its disk is connected.`
    case 'image/file-denied':
      return `${shown(fault.path)} may not be read by you: change its permissions or copy it to a folder of yours.`
    case 'image/directory':
      return `${shown(fault.path)} is a folder: choose the image file inside it.`
    case 'image/special-file':
      return `${shown(fault.path)} is a ${fault.kind}, not a file: choose an image file or a disk.`
    case 'image/empty':
      return fault.isInside
        ? `${shown(fault.path)} holds an empty file: it was probably made wrongly, make it again.`
        : `${shown(fault.path)} is empty: its download or copy probably failed, fetch it again.`
    case 'image/too-large':
      return `${shown(fault.path)} holds more than ${sizeText(fault.limitBytes)}, the largest image supported: split it.`
    case 'image/read-failed':
      return `${shown(fault.path)} could not be read (${fault.cause}): check its disk and try again.`
    case 'image/source-changed':
      return `${shown(fault.path)} changed while it was read: wait until it is written completely, then import it again.`
    case 'image/not-as-named':
      return `${shown(fault.path)} is named as a ${fault.format} file but does not hold ${fault.format} data: fetch it again, or rename it if it is a raw image.`
    case 'image/corrupt':
      return `${shown(fault.path)} is damaged (${fault.format}: ${fault.cause}): fetch or make it again.`
    case 'image/truncated':
      return `${shown(fault.path)} ends too early for a ${fault.format} file: its download or copy is incomplete, fetch it again.`
    case 'image/window-too-large':
      return `${shown(fault.path)} was packed with a ${fault.format} window too large for the memory set aside: unpack it first, then import the raw image.`
    case 'image/zip-entries':
      return fault.count === 0
        ? `${shown(fault.path)} holds no file: choose a .zip that holds one image.`
        : `${shown(fault.path)} holds ${fault.count} files, and only a .zip with exactly one image can be imported: unpack it and import the image.`
    case 'image/zip-encrypted':
      return `${shown(fault.path)} is protected by a password: unpack it first, then import the image.`
    case 'image/zip-method':
      return `${shown(fault.path)} is packed in a way that is not supported (zip method ${fault.method}): unpack it first, then import the image.`
    case 'image/cancelled':
      return `${shown(fault.subject)} was cancelled: nothing of it was kept.`
    case 'image/damaged':
      return `"${fault.name}" is damaged at byte ${fault.offsetBytes} (${fault.reason} in ${shown(fault.packPath)} at ${fault.packOffsetBytes}): import its source file again to mend it.`
    case 'disk/full':
      return fault.neededBytes === null
        ? `The disk of ${shown(fault.path)} is full (${sizeText(fault.freeBytes)} free): free some space and try again; nothing incomplete was kept.`
        : `The disk of ${shown(fault.path)} has ${sizeText(fault.freeBytes)} free and about ${sizeText(fault.neededBytes)} are needed: free some space or use another disk.`
    case 'disk/write-failed':
      return `${shown(fault.path)} could not be written (${fault.cause}): check its disk and permissions, then try again.`
    case 'disk/directory':
      return `${shown(fault.path)} is a folder: give the name of a file to write.`
    case 'disk/special-file':
      return `${shown(fault.path)} is a ${fault.kind}, not a file or disk: give the name of a file to write.`
    case 'disk/too-small':
      return `${shown(fault.path)} has ${fault.sizeBytes} bytes and the image needs ${fault.neededBytes}: use a larger disk.`
    case 'catalog/unusable':
      return `The catalog in ${shown(fault.directory)} cannot be opened (${fault.cause}): check the folder, or choose another one.`
    case 'catalog/newer':
      return `The catalog in ${shown(fault.directory)} was made by a newer Benchcast (format ${fault.version}, this one knows ${fault.known}): update Benchcast.`
    case 'catalog/busy':
      return `The catalog in ${shown(fault.directory)} is busy in another program: wait until that has finished, then try again.`
    case 'catalog/thread-died':
      return `Work on ${shown(fault.subject)} stopped unexpectedly (${fault.cause}): try again; nothing incomplete was kept.`
  }
}

function shown(path: string): string {
  const home = homedir()
  return home.length > 1 && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}
