/**
 * An image that behaves like a real disk's without being anyone's: a partition table, text, what does not compress,
 * what repeats, and much that is empty. The same bytes each time, so that results can be compared.
 */
import { createCipheriv, createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'

export const MIB = 1024 * 1024

export interface SampleImage {
  readonly path: string
  readonly imageBytes: number
  /** As `sha256sum` prints it. */
  readonly sha256Hex: string
}

/** Of each sixteen MiB; a desktop system's disk, measured in shares, looks much like this. */
const PATTERN: readonly Kind[] = [
  'random',
  'text',
  'random',
  'repeated',
  'text',
  'random',
  'zero',
  'zero',
  'random',
  'text',
  'random',
  'random',
  'zero',
  'repeated',
  'random',
  'zero',
]

type Kind = 'random' | 'text' | 'repeated' | 'zero'

/** Throws the file system's own error. `signal` leaves a partial file behind for the caller to remove. */
export async function writeSampleImage(
  path: string,
  sizeMib: number,
  signal: AbortSignal,
): Promise<SampleImage> {
  const file = await open(path, 'w')
  const hash = createHash('sha256')
  try {
    await file.truncate(sizeMib * MIB)
    for (let at = 0; at < sizeMib; at++) {
      signal.throwIfAborted()
      await writeMib(at)
    }
  } finally {
    await file.close()
  }
  return { path, imageBytes: sizeMib * MIB, sha256Hex: hash.digest('hex') }

  async function writeMib(at: number): Promise<void> {
    const content = sampleMib(at)
    update(hash, content)
    // Zeros stay holes: that is how a disk image of a fresh machine lies on disk too.
    if (content !== null) await file.write(content, 0, MIB, at * MIB)
  }
}

/** One MiB of the image; null for zeros. */
export function sampleMib(at: number): Buffer | null {
  if (at === 0) return firstMib()
  switch (PATTERN[at % PATTERN.length] ?? 'zero') {
    case 'random':
      return keystream(at, MIB)
    case 'text':
      return logText(at)
    case 'repeated':
      return keystream(0, MIB)
    case 'zero':
      return null
  }
}

/** A master boot record with one partition from 1 MiB on, as partitioning tools leave it. */
function firstMib(): Buffer {
  const start = Buffer.alloc(MIB)
  const entry = 446
  start.writeUInt8(0x80, entry) // active
  start.writeUInt8(0x83, entry + 4) // Linux
  start.writeUInt32LE(2048, entry + 8) // first sector
  start.writeUInt32LE(0x7fffffff, entry + 12) // sectors
  start.writeUInt16LE(0xaa55, 510)
  return start
}

/** AES-128-CTR over zeros: fast, and different for each `seed`. */
function keystream(seed: number, bytes: number): Buffer {
  const key = Buffer.from('benchcast sample')
  const counter = Buffer.alloc(16)
  counter.writeUInt32BE(seed, 0)
  return createCipheriv('aes-128-ctr', key, counter).update(Buffer.alloc(bytes))
}

const WORDS = [
  'systemd[1]: Started Session',
  'kernel: usb 1-4: new high-speed USB device',
  'sshd[731]: Server listening on 0.0.0.0 port 22',
  'NetworkManager[702]: <info> device (enp3s0): state change',
  'cron[688]: (root) CMD (run-parts /etc/cron.hourly)',
  'smartd[690]: Device: /dev/sda, Temperature changed',
]

/** Lines as in /var/log: compresses about six to one. */
function logText(seed: number): Buffer {
  const numbers = keystream(seed, 64 * 1024)
  const lines: string[] = []
  let length = 0
  for (let at = 0; length < MIB; at = (at + 8) % (numbers.length - 8)) {
    const word = WORDS[numbers.readUInt8(at) % WORDS.length] ?? ''
    const line = `2026-03-${10 + (numbers.readUInt8(at + 1) % 20)} bench ${word} ${numbers.readUInt32LE(at + 2)}\n`
    lines.push(line)
    length += line.length
  }
  return Buffer.from(lines.join('')).subarray(0, MIB)
}

function update(hash: Hash, content: Buffer | null): void {
  hash.update(content ?? Buffer.alloc(MIB))
}
