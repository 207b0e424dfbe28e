import { expect, test } from 'vitest'
import { closureOf, parseIndex } from './kernelModules.ts'

const INDEX = parseIndex(
  [
    'kernel/net/r8169.ko.xz: kernel/phy/libphy.ko.xz kernel/phy/mdio.ko.xz',
    'kernel/phy/libphy.ko.xz:',
    'kernel/phy/mdio.ko.xz: kernel/phy/libphy.ko.xz',
    'kernel/phy/realtek-phy.ko.xz: kernel/phy/libphy.ko.xz',
    'kernel/usb/usb-storage.ko.xz:',
    'kernel/fs/ext4.ko.xz: kernel/lib/crc16.ko.xz',
    'kernel/lib/crc16.ko.xz:',
    'kernel/crypto/crc32c.ko.xz:',
  ].join('\n'),
  ['# comment', 'softdep r8169 pre: realtek_phy', 'softdep ext4 pre: crc32c post: nothing'].join(
    '\n',
  ),
)

test('a module brings what it depends on, and what it wants to be loaded before it', () => {
  expect(closureOf(['r8169'], INDEX)).toEqual([
    'kernel/net/r8169.ko.xz',
    'kernel/phy/libphy.ko.xz',
    'kernel/phy/mdio.ko.xz',
    'kernel/phy/realtek-phy.ko.xz',
  ])
  expect(closureOf(['ext4'], INDEX)).toContain('kernel/crypto/crc32c.ko.xz')
})

test('a dash and an underscore name the same module, as for the kernel', () => {
  expect(closureOf(['usb_storage'], INDEX)).toEqual(closureOf(['usb-storage'], INDEX))
})

test('what the kernel has built in needs no file', () => {
  expect(closureOf(['sd_mod'], INDEX)).toEqual([])
})
