/**
 * cpio archives in the "newc" form that the kernel unpacks (its Documentation/driver-api/early-userspace/buffer-format),
 * the same bytes from the same tree: sorted names, one time, root owns everything, inodes counted.
 */
import fs from 'node:fs'
import path from 'node:path'

export interface CpioEntry {
  /** Relative, with slashes. */
  readonly name: string
  /** File type and permissions, as in stat(2). */
  readonly mode: number
  /** Of a file, or a link's target. */
  readonly content: Uint8Array
  /** For device nodes: major and minor. */
  readonly device: readonly [number, number] | null
}

const TYPE = { directory: 0o040_000, file: 0o100_000, link: 0o120_000, character: 0o020_000 }
const NOTHING = new Uint8Array()

/** Regular files, folders and links of a tree; permissions are reduced to 755 and 644. */
export function* entriesOf(root: string, folder = ''): Generator<CpioEntry> {
  for (const base of fs.readdirSync(path.join(root, folder)).sort()) {
    const name = folder === '' ? base : `${folder}/${base}`
    const full = path.join(root, name)
    const stat = fs.lstatSync(full)
    if (stat.isSymbolicLink()) {
      const content = Buffer.from(fs.readlinkSync(full))
      yield { name, mode: TYPE.link | 0o777, content, device: null }
    } else if (stat.isDirectory()) {
      yield { name, mode: TYPE.directory | 0o755, content: NOTHING, device: null }
      yield* entriesOf(root, name)
    } else {
      const mode = TYPE.file | (stat.mode & 0o111 ? 0o755 : 0o644)
      yield { name, mode, content: fs.readFileSync(full), device: null }
    }
  }
}

/** /dev/console must be there before anything could make it: the kernel opens it for init. */
export const CONSOLE_NODE: CpioEntry = {
  name: 'dev/console',
  mode: TYPE.character | 0o600,
  content: NOTHING,
  device: [5, 1],
}

/** The archive in pieces, in the given order; folders must come before what they hold. `atSeconds` is Unix time. */
export function* packCpio(entries: Iterable<CpioEntry>, atSeconds: number): Generator<Uint8Array> {
  let inode = 0
  for (const entry of entries) yield* pieces(entry, ++inode, atSeconds)
  yield* pieces({ name: 'TRAILER!!!', mode: 0, content: NOTHING, device: null }, 0, 0)
}

function* pieces(entry: CpioEntry, inode: number, atSeconds: number): Generator<Uint8Array> {
  const name = Buffer.from(`${entry.name}\0`)
  const [major, minor] = entry.device ?? [0, 0]
  const links = (entry.mode & 0o170_000) === TYPE.directory ? 2 : 1
  const fields = [
    inode,
    entry.mode,
    0, // root
    0,
    links,
    atSeconds,
    entry.content.length,
    0,
    0,
    major,
    minor,
    name.length,
    0, // no checksum in this form
  ]
  const header = `070701${fields.map(field => field.toString(16).padStart(8, '0')).join('')}`
  yield padded(Buffer.concat([Buffer.from(header), name]))
  yield padded(entry.content)
}

function padded(bytes: Uint8Array): Uint8Array {
  const over = bytes.length % 4
  return over === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - over)])
}
