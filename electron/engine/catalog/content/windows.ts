/** Whether Windows, or its setup, starts from a disk. Pure. */
import { hasAny, hasRole, loadersOf, sentence, volumesOf } from './found.ts'
import type { FoundDisk } from './found.ts'
import type { Volume } from './volume.ts'

/** Beside the directory Windows, which files can be kept in as well; the last is Windows XP's. */
const BESIDE_WINDOWS = ['program files', 'programdata', 'users', 'documents and settings']

/** In words; null where there is none. */
export function windowsOf(disk: FoundDisk): string | null {
  const volumes = volumesOf(disk.parts)
  const setup = volumes.filter(
    volume => hasAny(volume, ['bootmgr', 'bootmgr.efi']) && hasAny(volume, ['sources']),
  )
  if (setup.length > 0) return sentence('Windows setup', '', setup)
  const homes = volumesOf(disk.parts.filter(part => part.role !== 'windows-recovery')).filter(
    ({ format }) => format === 'NTFS' || format === 'BitLocker',
  )
  const isThere =
    homes.some(isHome) ||
    volumes.some(volume => hasAny(volume, ['bootmgr']) && hasAny(volume, ['boot'])) ||
    hasRole(disk, 'windows-recovery') ||
    (hasRole(disk, 'microsoft-reserved') && isReservedForSystem(disk, homes)) ||
    (loadersOf(disk).includes('microsoft') && homes.length > 0)
  return isThere ? sentence('Windows', '', homes) : null
}

function isHome(volume: Volume): boolean {
  return hasAny(volume, ['windows']) && hasAny(volume, BESIDE_WINDOWS)
}

/** Windows reserves a partition on disks for files too, but gives those no EFI system partition. */
function isReservedForSystem(disk: FoundDisk, homes: readonly Volume[]): boolean {
  return hasRole(disk, 'efi-system') || homes.some(({ names }) => names === null)
}
