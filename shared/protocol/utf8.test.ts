import { expect, test } from 'vitest'
import { decodeUtf8, encodeUtf8 } from './utf8.ts'

const TEXTS = [
  '',
  'bench',
  'Bänke',
  'ЖД',
  '日本',
  '🖥️ 7',
  '\u0000\u007f\u0080\u07ff\u0800\uffff\u{10ffff}',
]

test('text is encoded as Node encodes it, and comes back', () => {
  for (const text of TEXTS) {
    const bytes = encodeUtf8(text)
    expect(Buffer.from(bytes).equals(Buffer.from(text, 'utf8'))).toBe(true)
    expect(decodeUtf8(bytes)).toBe(text)
  }
})

test('a lone surrogate becomes the replacement character', () => {
  expect(decodeUtf8(encodeUtf8('a\ud800b'))).toBe('a\ufffdb')
})

test('what is not well-formed is refused', () => {
  const bad = [
    [0x80], // stray continuation
    [0xc3], // cut
    [0xe2, 0x82],
    [0xc0, 0xaf], // overlong
    [0xe0, 0x80, 0xaf],
    [0xed, 0xa0, 0x80], // surrogate
    [0xf4, 0x90, 0x80, 0x80], // beyond U+10FFFF
    [0xff],
  ]
  for (const bytes of bad) expect(decodeUtf8(Uint8Array.from(bytes))).toBeNull()
})

test('a percent sign is not an escape', () => {
  expect(decodeUtf8(encodeUtf8('100 %41'))).toBe('100 %41')
})
