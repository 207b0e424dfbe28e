import { expect, test } from 'vitest'
import { normalisePath } from './filePath.ts'

test('names are brought to one form, however firmware writes them', () => {
  expect(normalisePath('shimx64.efi')).toBe('shimx64.efi')
  expect(normalisePath('/grub/grub.cfg')).toBe('grub/grub.cfg')
  expect(normalisePath('//grubx64.efi')).toBe('grubx64.efi')
  expect(normalisePath('\\boot\\x64\\wdsnbp.com')).toBe('boot/x64/wdsnbp.com')
  expect(normalisePath('./a/./b/')).toBe('a/b')
})

test('names that lead outside, or nowhere, are nobody’s', () => {
  for (const name of ['', '/', '.', '..', '../x', 'a/../b', '..\\x', 'a\0b', 'a\nb', 'ä']) {
    expect(normalisePath(name), JSON.stringify(name)).toBeNull()
  }
  expect(normalisePath('a'.repeat(255))).not.toBeNull()
  expect(normalisePath('a'.repeat(256))).toBeNull()
})
