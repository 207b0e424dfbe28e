/** Which system starts from a disk, by what was found on it. */
import { describe, expect, test } from 'vitest'
import { contentOf, contentOfMedium } from './decide.ts'
import type { FoundPart } from './found.ts'
import type { PartitionRole } from './partitionRole.ts'
import type { Volume } from './volume.ts'

const volume = (format: string, more: Partial<Volume> = {}): Volume => ({
  format,
  label: '',
  names: null,
  loaders: [],
  distribution: '',
  mountedAt: '',
  isMacSystem: false,
  ...more,
})
const part = (
  of: Volume | null,
  role: PartitionRole = 'other',
  more: Partial<FoundPart> = {},
): FoundPart => ({ role, name: '', isActive: false, volume: of, ...more })
const esp = (...loaders: string[]): FoundPart =>
  part(volume('FAT32', { names: ['EFI'], loaders: ['BOOT', ...loaders] }), 'efi-system')
const content = (...parts: readonly FoundPart[]): unknown =>
  contentOf({ hasTable: true, hasGrub: false, parts })
const ntfs = (...names: string[]): Volume => volume('NTFS', { names, label: 'Disk' })
const windows = part(ntfs('Windows', 'Users'))
const reserved = part(null, 'microsoft-reserved')
const recovery = part(ntfs('Recovery'), 'windows-recovery')
const debian = part(
  volume('ext4', { names: ['etc', 'usr'], distribution: 'Debian 12', mountedAt: '/' }),
)

describe('Windows', () => {
  test.each([
    ['its own directories', [windows]],
    ['a recovery partition', [part(ntfs('a')), recovery]],
    ['a reserved partition beside an EFI one', [esp(), reserved, part(ntfs('a'))]],
    ['a reserved partition beside NTFS that cannot be read', [reserved, part(volume('NTFS'))]],
    ['its boot manager, on a disk for BIOS', [part(ntfs('bootmgr', 'Boot')), part(null)]],
    ['its loader', [esp('Microsoft'), part(volume('NTFS'))]],
  ])('is known by %s', (_, parts) => {
    expect(content(...parts)).toEqual({ system: 'windows', words: 'Windows, NTFS' })
  })

  test('is said to be locked where it is', () => {
    expect(content(esp('Microsoft'), reserved, part(volume('BitLocker')))).toEqual({
      system: 'windows',
      words: 'Windows, BitLocker',
    })
  })

  test('is not taken for there because of a disk for files that it made, or of what it left', () => {
    const files = part(ntfs('Windows', 'Photos'))
    expect(content(reserved, files)).toEqual({ system: 'data', words: 'Data, NTFS “Disk”' })
    expect(content(esp('Microsoft', 'debian'), debian)).toMatchObject({ system: 'linux' })
  })

  test('its setup is told from itself', () => {
    const stick = volume('FAT32', { names: ['boot', 'bootmgr', 'sources', 'setup.exe'] })
    const words = 'Windows setup, FAT32'
    expect(content(part(stick))).toEqual({ system: 'windows', words })
  })
})

describe('Linux', () => {
  test('has the name its root gives, or the one its loader has', () => {
    expect(content(esp('ubuntu'), debian)).toEqual({
      system: 'linux',
      words: 'Linux (Debian 12), ext4',
    })
    expect(content(esp('fedora'), part(volume('Btrfs')))).toEqual({
      system: 'linux',
      words: 'Linux (Fedora), Btrfs',
    })
  })

  const xfs = volume('XFS')
  test.each([
    ['its root partition', [part(null, 'linux-root')], 'Linux'],
    ['where it was mounted', [part(volume('ext3', { mountedAt: '/' }))], 'Linux, ext3'],
    ['a loader of any kind', [esp('systemd'), part(volume('LUKS'))], 'Linux, LUKS'],
    ['a swap partition', [part(xfs), part(volume('swap'), 'linux-swap')], 'Linux, XFS'],
    ['GRUB’s partition', [part(null, 'bios-boot'), part(volume('LVM'))], 'Linux, LVM'],
    ['a partition to start from', [part(xfs, 'other', { isActive: true })], 'Linux, XFS'],
    ['GRUB’s files', [part(volume('ext4', { names: ['grub'] })), part(xfs)], 'Linux, ext4, XFS'],
  ])('is known by %s', (_, parts, words) => {
    expect(content(...parts)).toEqual({ system: 'linux', words })
  })

  test('is known by GRUB in the first sector', () => {
    expect(contentOf({ hasTable: true, hasGrub: true, parts: [part(xfs)] })).toEqual({
      system: 'linux',
      words: 'Linux, XFS',
    })
  })

  test('is not there on a disk for files', () => {
    const files = volume('ext4', { names: ['photos', 'etc'], mountedAt: '/media/backup' })
    expect(content(part(files))).toEqual({ system: 'data', words: 'Data, ext4' })
    expect(content(part(xfs), part(volume('LUKS', { label: 'box' })))).toEqual({
      system: 'data',
      words: 'Data, XFS, LUKS “box”',
    })
  })

  test('its media are told from itself', () => {
    const stick = volume('FAT32', { names: ['live', 'isolinux'], label: 'TAILS' })
    const words = 'Linux medium (TAILS), FAT32'
    expect(content(part(stick))).toEqual({ system: 'linux', words })
  })
})

test('macOS is known by its volumes, its boot partition or its firmware’s', () => {
  const own = part(volume('APFS', { isMacSystem: true }))
  const files = part(volume('APFS'))
  for (const parts of [[own], [esp('APPLE'), files], [files, part(null, 'apple-boot')]]) {
    expect(content(...parts)).toEqual({ system: 'macos', words: 'macOS, APFS' })
  }
  expect(content(esp(), files)).toMatchObject({ system: 'data' })
})

test('ChromeOS and Android are not taken for Linux', () => {
  const root = { ...debian, role: 'chromeos-root' } as const
  expect(content(esp(), root)).toEqual({ system: 'chromeos', words: 'ChromeOS' })
  const phone = (...names: string[]): FoundPart[] => names.map(name => ({ ...debian, name }))
  for (const names of [
    ['boot', 'system', 'userdata'],
    ['boot_a', 'boot_b', 'super', 'userdata'],
  ]) {
    expect(content(...phone(...names))).toEqual({ system: 'android', words: 'Android' })
  }
  expect(content(...phone('boot', 'system'))).toMatchObject({ system: 'linux' })
})

test('two systems on one disk are both named', () => {
  expect(content(esp('Microsoft', 'debian'), reserved, windows, debian)).toEqual({
    system: 'several',
    words: 'Windows, NTFS; Linux (Debian 12), ext4',
  })
})

test('without a system the file systems are named, each kind once and not too many', () => {
  const parts = ['exFAT', 'exFAT', 'FAT32', 'NTFS', 'ext4', 'XFS', 'APFS'].map(format =>
    part(volume(format)),
  )
  expect(content(...parts)).toEqual({
    system: 'data',
    words: 'Data, exFAT, FAT32, NTFS, ext4, …',
  })
  expect(content(part(volume('swap')))).toMatchObject({ system: 'unknown' })
  expect(content(part(null))).toEqual({
    system: 'unknown',
    words: 'Unknown partitions',
  })
  expect(contentOf({ hasTable: false, hasGrub: false, parts: [] })).toEqual({
    system: 'unknown',
    words: 'Unknown content',
  })
})

test('a label shows as text and nothing else, however long', () => {
  const label = `\u{202e}evil\u{0}\u{1b}[31m\u{2028}${'x'.repeat(200)}`
  const { words } = contentOf({
    hasTable: true,
    hasGrub: false,
    parts: [part(volume('NTFS', { label, names: [] }))],
  })
  expect(words).toBe(`Data, NTFS “evil[31m${'x'.repeat(56)}”`)
})

test.each([
  [
    'CCCOMA_X64FRE_EN-US_DV9',
    ['README.TXT'],
    true,
    'windows',
    'Windows setup (CCCOMA_X64FRE_EN-US_DV9), UDF',
  ],
  ['ANY', ['BOOT', 'BOOTMGR', 'SOURCES'], false, 'windows', 'Windows setup (ANY), ISO 9660'],
  [
    'Ubuntu 24.04 LTS amd64',
    ['CASPER', 'EFI'],
    false,
    'linux',
    'Linux medium (Ubuntu 24.04 LTS amd64), ISO 9660',
  ],
  ['PHOTOS', ['2019', '2020'], false, 'data', 'Data (PHOTOS), ISO 9660'],
  ['', [], false, 'data', 'Data, ISO 9660'],
] as const)('a medium called %j', (label, names, isUdf, system, words) => {
  expect(contentOfMedium({ label, names, isUdf })).toEqual({ system, words })
})
