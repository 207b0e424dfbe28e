/** Boot parts for tests: each file is its own name, over and over. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { PART, PARTS_MANIFEST } from '../../electron/engine/boot/boot.ts'

/** Answers the files' hashes by name. */
export function writeBootParts(
  directory: string,
  bytesOf: (name: string) => number = () => 300_000,
): Map<string, string> {
  fs.mkdirSync(directory, { recursive: true })
  const parts = Object.values(PART).map((name, i) => {
    const content = Buffer.alloc(bytesOf(name) + i, name)
    fs.writeFileSync(path.join(directory, name), content)
    const sha256 = createHash('sha256').update(content).digest('hex')
    return { name, bytes: content.length, sha256 }
  })
  const manifest = { version: 1, parts, packages: [] }
  fs.writeFileSync(path.join(directory, PARTS_MANIFEST), JSON.stringify(manifest))
  return new Map(parts.map(({ name, sha256 }) => [name, sha256]))
}
