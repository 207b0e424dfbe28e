/** Recorded datagrams, for tests: vectors/dhcp.hex. */
import fs from 'node:fs'
import path from 'node:path'

export interface Recorded {
  readonly recording: string
  readonly fromPort: number
  readonly toPort: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

export function recordedDhcp(): Recorded[] {
  const found: Recorded[] = []
  let recording = ''
  const text = fs.readFileSync(path.join(import.meta.dirname, 'vectors/dhcp.hex'), 'utf8')
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) recording = line.slice(2)
    const [, from, to, hex] = /^(\d+) (\d+) ([0-9a-f]+)$/.exec(line) ?? []
    if (hex === undefined) continue
    const bytes = Uint8Array.from(hex.match(/../g) ?? [], byte => Number.parseInt(byte, 16))
    found.push({ recording, fromPort: Number(from), toPort: Number(to), bytes })
  }
  return found
}

/** The n-th datagram of a recording, which is named by its first two digits. */
export function recorded(digits: string, n = 0): Uint8Array<ArrayBuffer> {
  const found = recordedDhcp().filter(one => one.recording.startsWith(digits))[n]
  if (!found) throw new Error(`There is no datagram ${n} in recording ${digits}.`)
  return found.bytes
}
