/** Whether Linux starts from a disk, and which distribution. Pure. */
import { cleanLabel } from './fields.ts'
import { hasAny, hasRole, loadersOf, sentence, volumesOf } from './found.ts'
import type { FoundDisk } from './found.ts'
import type { Volume } from './volume.ts'

/** Formats that hold a Linux system, or files. */
const FORMATS = ['ext2', 'ext3', 'ext4', 'XFS', 'Btrfs', 'F2FS', 'LVM', 'LUKS']

/** Directories below EFI that distributions' installers make, and whose they are. */
const LOADERS: Readonly<Record<string, string>> = {
  almalinux: 'AlmaLinux',
  arch: 'Arch Linux',
  astra: 'Astra Linux',
  centos: 'CentOS',
  debian: 'Debian',
  endeavouros: 'EndeavourOS',
  fedora: 'Fedora',
  gentoo: 'Gentoo',
  kali: 'Kali',
  linuxmint: 'Linux Mint',
  mageia: 'Mageia',
  manjaro: 'Manjaro',
  nixos: 'NixOS',
  'nixos-boot': 'NixOS',
  opensuse: 'openSUSE',
  oracle: 'Oracle Linux',
  'pop!_os': 'Pop!_OS',
  redhat: 'Red Hat Enterprise Linux',
  rocky: 'Rocky Linux',
  sles: 'SUSE Linux Enterprise',
  ubuntu: 'Ubuntu',
}

/** Loaders that any distribution may have chosen. */
const ANY_LOADER = ['grub', 'linux', 'refind', 'systemd']

/** What a live system or an installer keeps at the top of its medium, by Debian, Ubuntu, Fedora, Arch and their kin. */
const MEDIUM_NAMES = ['arch', 'baseos', 'casper', 'dists', 'isolinux', 'live', 'liveos', 'syslinux']

/** In words; null where there is none. */
export function linuxOf(disk: FoundDisk): string | null {
  const volumes = volumesOf(disk.parts)
  const homes = volumes.filter(({ format }) => FORMATS.includes(format))
  const roots = homes.filter(isRoot)
  const loader = loadersOf(disk).find(name => Object.hasOwn(LOADERS, name))
  const hasLoader = loader !== undefined || loadersOf(disk).some(name => ANY_LOADER.includes(name))
  if (roots.length > 0 || hasRole(disk, 'linux-root') || startsFrom(disk, homes, hasLoader)) {
    const named = roots.find(({ distribution }) => distribution !== '')?.distribution
    const name = cleanLabel(named ?? (loader === undefined ? '' : (LOADERS[loader] ?? '')))
    return sentence('Linux', name, roots.length > 0 ? roots : homes)
  }
  const media = volumes.filter(volume => isLinuxMedium(volume.names ?? []))
  const [medium] = media
  return medium ? sentence('Linux medium', cleanLabel(medium.label), media) : null
}

/** Names at the top of a medium, in any case. */
export function isLinuxMedium(names: readonly string[]): boolean {
  return names.some(name => MEDIUM_NAMES.includes(name.toLowerCase()))
}

function isRoot(volume: Volume): boolean {
  const isTree = hasAny(volume, ['etc']) && hasAny(volume, ['usr', 'bin', 'sbin'])
  return isTree || volume.distribution !== '' || volume.mountedAt === '/'
}

/** Without a root that can be read, something must show that a system starts here: disks for files have these formats too. */
function startsFrom(disk: FoundDisk, homes: readonly Volume[], hasLoader: boolean): boolean {
  if (homes.length === 0) return false
  const isActive = disk.parts.some(
    part => part.isActive && part.volume !== null && homes.includes(part.volume),
  )
  return (
    hasLoader ||
    isActive ||
    disk.hasGrub ||
    hasRole(disk, 'bios-boot') ||
    hasRole(disk, 'linux-swap') ||
    homes.some(volume => hasAny(volume, ['grub', 'grub2']))
  )
}
