/**
 * Disks for the tests of this folder. `vectors/*.img.zst` were made by real programs: sfdisk, mkfs.fat with mtools,
 * mkfs.ext2 to ext4 with -d, mkswap, xorriso (a hybrid, the way Debian's live images are made), and mkntfs with
 * wimapply, which writes whole directories; NTFS without the content of $UpCase, which does not pack. A system's
 * directories are there, its files are not.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { seededRandom } from '../../../../shared/seededRandom.ts'
import { createDisk } from './content.ts'
import type { Disk } from './content.ts'

const SECTOR = 512
const MIB = 2 ** 20

/** A disk of those bytes, the rest up to its size zeros. */
export function diskOf(bytes: Uint8Array, sizeBytes = bytes.length): Disk {
  return createDisk(sizeBytes, async (offsetBytes, lengthBytes) => {
    const found = new Uint8Array(lengthBytes)
    found.set(bytes.subarray(offsetBytes, offsetBytes + lengthBytes))
    return found
  })
}

export type Vector = 'windows' | 'ntfsData' | 'linux' | 'ext2' | 'ext3' | 'iso'

export const VECTORS: readonly Vector[] = ['windows', 'ntfsData', 'linux', 'ext2', 'ext3', 'iso']

/** A copy, for the caller to change. */
export function vector(name: Vector): Buffer {
  return zstdDecompressSync(readFileSync(vectorPath(`${name}.img.zst`)))
}

/** The partition as a copy of its own. */
export function slice(image: Uint8Array, fromMib: number, toMib: number): Buffer {
  return Buffer.from(image.slice(fromMib * MIB, toMib * MIB))
}

/** The beginning of a volume in vectors/volumes.hex, 3 MiB with zeros. */
export function volumeVector(name: string): Buffer {
  const volume = Buffer.alloc(3 * MIB)
  const text = readFileSync(vectorPath('volumes.hex'), 'utf8')
  const block = text.split('\n\n').find(one => one.startsWith(`# ${name}:`))
  if (block === undefined) throw new Error(`There is no volume called ${name}.`)
  for (const line of block.split('\n')) {
    const [, at, hex] = /^(\d+) ([0-9a-f]+)$/.exec(line) ?? []
    if (at !== undefined && hex !== undefined) volume.write(hex, Number(at), 'hex')
  }
  return volume
}

export interface TestPartition {
  readonly type: number
  readonly content: Uint8Array
  readonly isActive?: boolean
}

/** A disk with up to four partitions, from the first MiB on. */
export function mbrDisk(partitions: readonly TestPartition[], bootCode = ''): Buffer {
  const table = Buffer.alloc(MIB)
  table.write(bootCode, 384, 'latin1')
  table.writeUInt16LE(0xaa55, 510)
  const parts: Uint8Array[] = [table]
  let at = MIB
  for (const [index, { type, content, isActive = false }] of partitions.entries()) {
    writeEntry(table, 446 + index * 16, type, isActive, at / SECTOR, content.length / SECTOR)
    parts.push(content)
    at += content.length
  }
  return Buffer.concat(parts)
}

export function writeEntry(
  sector: Buffer,
  at: number,
  type: number,
  isActive: boolean,
  firstSector: number,
  sectors: number,
): void {
  sector[at] = isActive ? 0x80 : 0
  sector[at + 4] = type
  sector.writeUInt32LE(firstSector, at + 8)
  sector.writeUInt32LE(sectors, at + 12)
}

/** Copies of the bytes with some of them changed at random, the same each time: what a hostile disk may hold. */
export function* damaged(bytes: Uint8Array, runs: number, seed: number): Generator<Buffer> {
  const random = seededRandom(seed)
  // Only where there is something: what is empty, as file systems and logs have it, is not read.
  const places: number[] = []
  for (let at = 0; at < bytes.length; at++)
    if (bytes[at] !== 0 && bytes[at] !== 0xff) places.push(at)
  for (let run = 0; run < runs; run++) {
    const copy = Buffer.from(bytes)
    for (let change = 0; change <= run % 24; change++) {
      const at = places[Math.floor(random() * places.length)] ?? 0
      copy[at] = EXTREMES[Math.floor(random() * 8)] ?? Math.floor(random() * 256)
    }
    yield copy
  }
}

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff]

export function noise(length: number, seed: number): Buffer {
  const random = seededRandom(seed)
  return Buffer.from(Uint8Array.from({ length }, () => random() * 256))
}

/** A program that makes file systems, for those who have it; null otherwise. */
export function programAt(
  name: string,
): ((args: readonly string[], input?: string) => void) | null {
  // Where only root's shell looks.
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/sbin']
  const found = folders.map(folder => path.join(folder, name)).find(place => existsSync(place))
  if (found === undefined) return null
  return (args, input = '') => void execFileSync(found, args, { input, stdio: 'pipe' })
}

function vectorPath(name: string): string {
  return path.join(import.meta.dirname, 'vectors', name)
}
