/** From what was found on a disk to the system that starts from it. Pure. */
import type { Content, System } from '../../../../shared/content.ts'
import { cleanLabel } from './fields.ts'
import { hasRole, loadersOf, sentence, volumesOf } from './found.ts'
import type { FoundDisk } from './found.ts'
import type { Iso9660 } from './iso9660.ts'
import { isLinuxMedium, linuxOf } from './linux.ts'
import type { Volume } from './volume.ts'
import { windowsOf } from './windows.ts'

/** Partitions that Android's boot loaders look for, by name; `_a` where there are two of each. */
const ANDROID = [/^boot(_a)?$/, /^(system(_a)?|super)$/, /^userdata$/]

/** Labels that Microsoft gives the media of Windows: CCCOMA_X64FRE_EN-US_DV9, SSS_X64FREE_EN-US_DV9, ESD-ISO. */
const WINDOWS_MEDIUM = /_(x64|x86|a64)(fre|free|chk)_|^esd-iso$/i

export function contentOf(disk: FoundDisk): Content {
  const found = systemsOn(disk)
  const [first, ...others] = found
  if (!first) return withoutSystem(disk)
  const words = found.map(one => one.words).join('; ')
  return { system: others.length > 0 ? 'several' : first.system, words }
}

/** A CD or DVD, or a stick made from an image of one. */
export function contentOfMedium({ label, names, isUdf }: Iso9660): Content {
  const called = cleanLabel(label)
  const lower = names.map(name => name.toLowerCase())
  const isSetup =
    lower.includes('sources') && lower.some(name => /^(bootmgr|setup\.exe)$/.test(name))
  const medium = (system: string): string =>
    `${called === '' ? system : `${system} (${called})`}, ${isUdf ? 'UDF' : 'ISO 9660'}`
  if (isSetup || WINDOWS_MEDIUM.test(called)) {
    return { system: 'windows', words: medium('Windows setup') }
  }
  if (isLinuxMedium(names)) return { system: 'linux', words: medium('Linux medium') }
  return { system: 'data', words: medium('Data') }
}

interface Found {
  readonly system: System
  readonly words: string
}

function systemsOn(disk: FoundDisk): Found[] {
  // Both are Linux inside, and would be found as that again.
  if (hasRole(disk, 'chromeos-root')) return [{ system: 'chromeos', words: 'ChromeOS' }]
  const names = disk.parts.map(part => part.name)
  if (ANDROID.every(pattern => names.some(name => pattern.test(name)))) {
    return [{ system: 'android', words: 'Android' }]
  }
  const found: readonly (readonly [System, string | null])[] = [
    ['windows', windowsOf(disk)],
    ['macos', macOf(disk)],
    ['linux', linuxOf(disk)],
  ]
  return found.flatMap(([system, words]) => (words === null ? [] : [{ system, words }]))
}

function macOf(disk: FoundDisk): string | null {
  const homes = volumesOf(disk.parts).filter(({ format }) => ['APFS', 'HFS+'].includes(format))
  const isThere =
    homes.some(volume => volume.isMacSystem) ||
    (homes.length > 0 && (hasRole(disk, 'apple-boot') || loadersOf(disk).includes('apple')))
  return isThere ? sentence('macOS', '', homes) : null
}

function withoutSystem({ parts, hasTable }: FoundDisk): Content {
  const volumes = volumesOf(parts).filter(({ format }) => format !== 'swap')
  if (volumes.length > 0) return { system: 'data', words: ['Data', ...shown(volumes)].join(', ') }
  const words = hasTable ? 'Unknown partitions' : 'Unknown content'
  return { system: 'unknown', words }
}

/** Each as `NTFS “Photos”`, once, and not too many. */
function shown(volumes: readonly Volume[]): string[] {
  const all = volumes.map(({ format, label }) => {
    const called = cleanLabel(label)
    return called === '' ? format : `${format} “${called}”`
  })
  const different = [...new Set(all)]
  const most = different.slice(0, 4)
  return different.length > most.length ? [...most, '…'] : most
}
