import { expect, test } from 'vitest'
import { broken, ending, shortened, widthOf } from './lines.ts'

/** As Chromium lays it out in the page's own font at 13.125 px, where 6.5 px are a letter. */
test.each([
  ['→ Samsung PM981a,', 132],
  ['238 GiB. On it: ntfs "Windows",', 193],
])('%s is taken for as wide as it is drawn, or a little wider', (text, px) => {
  expect(widthOf(text)).toBeGreaterThanOrEqual(px / 6.5)
  expect(widthOf(text)).toBeLessThan((px / 6.5) * 1.05)
})

test('lines break after a sentence and after a part of a list', () => {
  expect(broken('238 GiB. ntfs "Windows", vfat', 16, 3)).toEqual([
    '238 GiB.',
    'ntfs "Windows",',
    'vfat',
  ])
  expect(broken('ext4, swap', 16, 3)).toEqual(['ext4, swap'])
})

test('what is longer than a line breaks between words, and what has no line left goes on in the last', () => {
  const text = 'vfat, ntfs "Volume of the old server", swap'
  const lines = ['vfat, ntfs', '"Volume of the', 'old server",', 'swap']
  expect(broken(text, 16, 9)).toEqual(lines)
  expect(broken(text, 16, 2)).toEqual([lines[0], lines.slice(1).join(' ')])
  expect(broken(text, 16, 1)).toEqual([text])
  expect(broken('unbreakable', 3, 4)).toEqual(['unbreakable'])
})

test('of what is too long the end is left, of a model also how it begins, and no more than there is room for', () => {
  const serial = 'C0CAC31F773A'
  expect(ending(serial, 20)).toBe(serial)
  expect(ending(serial, 10)).toBe('…1F773A')
  expect(shortened('Samsung PM981a', 18)).toBe('Samsung PM981a')
  expect(shortened('Samsung PM981a', 15)).toBe('Sam…PM981a')
  for (let length = 4; length < 30; length++) {
    for (const cut of [ending(serial, length), shortened('WDC WD10EZEX-08WN4A0', length)]) {
      expect(widthOf(cut)).toBeLessThanOrEqual(length)
    }
  }
})
