import { expect, test } from 'vitest'
import {
  fileName,
  formatBits,
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  formatPercent,
  formatRate,
} from './format.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [1024 ** 2 - 1, '1 MiB'],
  [64 * 1024 ** 3, '64 GiB'],
  [3 * 1024 ** 5, '3072 TiB'],
])('%d bytes read as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

test.each([
  [0, '0 B/s'],
  [999_600, '1 MB/s'],
  [108_400_000, '108 MB/s'],
  [1_250_000_000, '1.3 GB/s'],
])('%d bytes a second read as %s', (rate, text) => expect(formatRate(rate)).toBe(text))

test('a link of 2.5 Gbit/s keeps its half', () => expect(formatBits(2.5e9)).toBe('2.5 Gbit/s'))

test.each([
  [0, '0 %'],
  [0.999_999, '99 %'],
  [1, '100 %'],
  [1.2, '100 %'],
])('the fraction %d reads as %s, never as done before it is', (fraction, text) =>
  expect(formatPercent(fraction)).toBe(text),
)

test.each([
  [-5, '0 s'],
  [59_400, '59 s'],
  [59_600, '1 min 00 s'],
  [190_000, '3 min 10 s'],
  [599_999, '10 min'],
  [3_599_000, '59 min'],
  [3_900_000, '1 h 05 min'],
  [86_400_000, 'over a day'],
])('%d ms read as %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

test.each([
  [0, '0 %'],
  [0.0004, '< 0.1 %'],
  [0.0612, '6.1 %'],
  [0.25, '25 %'],
])('a loss of %d reads as %s', (fraction, text) => expect(formatShare(fraction)).toBe(text))

test('one machine is not "1 machines"', () =>
  expect([formatCount(1, 'machine'), formatCount(2, 'machine')]).toEqual([
    '1 machine',
    '2 machines',
  ]))

test.each([
  ['/home/me/a.img', 'a.img'],
  ['C:\\images\\a.img', 'a.img'],
  ['/home/me/folder/', 'folder'],
  ['a.img', 'a.img'],
])('the name of %s is %s', (path, name) => expect(fileName(path)).toBe(name))
