/** exFAT: Microsoft's exFAT file system specification §3.1 (boot sector) and §7.3 (volume label). */
import type { Disk } from './disk.ts'
import { isAt, u16, u32, u8, utf16 } from './fields.ts'
import type { FoundVolume } from './volume.ts'

const AT = {
  name: 3,
  mustBeZero: 11,
  heapSector: 88,
  clusters: 92,
  rootCluster: 96,
  sectorShift: 108,
  clusterShift: 109,
  signature: 510,
} as const

const LABEL = { type: 0x83, characters: 1, text: 2, most: 11 } as const
const ENTRY_BYTES = 32

export interface ExfatBoot {
  readonly rootOffsetBytes: number
  readonly clusterBytes: number
}

export function decodeExfatBoot(sector: Uint8Array): ExfatBoot | null {
  if (!isAt(sector, AT.name, 'EXFAT   ') || u16(sector, AT.signature) !== 0xaa55) return null
  if (sector.subarray(AT.mustBeZero, 64).some(byte => byte !== 0)) return null
  const sectorShift = u8(sector, AT.sectorShift)
  const clusterShift = u8(sector, AT.clusterShift)
  if (sectorShift < 9 || sectorShift > 12 || sectorShift + clusterShift > 25) return null
  const cluster = u32(sector, AT.rootCluster)
  if (cluster < 2 || cluster > u32(sector, AT.clusters) + 1) return null
  const clusterBytes = 2 ** (sectorShift + clusterShift)
  const heapBytes = u32(sector, AT.heapSector) * 2 ** sectorShift
  return { rootOffsetBytes: heapBytes + (cluster - 2) * clusterBytes, clusterBytes }
}

export async function readExfat(disk: Disk): Promise<FoundVolume | null> {
  const sector = await disk.read(0, 512)
  const boot = sector === null ? null : decodeExfatBoot(sector)
  if (boot === null) return null
  // The label is among the first entries of the root directory, before any file.
  const entries = await disk.read(boot.rootOffsetBytes, Math.min(boot.clusterBytes, 4096))
  return { format: 'exFAT', label: entries === null ? '' : labelIn(entries) }
}

function labelIn(entries: Uint8Array): string {
  for (let at = 0; at < entries.length && u8(entries, at) !== 0; at += ENTRY_BYTES) {
    if (u8(entries, at) !== LABEL.type) continue
    const characters = Math.min(u8(entries, at + LABEL.characters), LABEL.most)
    return utf16(entries, at + LABEL.text, characters)
  }
  return ''
}
