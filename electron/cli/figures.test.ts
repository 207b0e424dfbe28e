import { describe, expect, it } from 'vitest'
import {
  formatBits,
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate,
  formatShare,
  parseRate,
} from './figures.ts'

describe('parseRate', () => {
  it.each([
    ['200mbit', 200e6],
    ['1gbit', 1e9],
    ['1.5gbit', 1.5e9],
    ['500kbit', 500e3],
    ['200Mbit/s', 200e6],
    ['200 mbit', 200e6],
    ['200mbps', 200e6],
    ['100m', 100e6],
    ['250000000', 250e6],
    ['250000000bit', 250e6],
    ['64kbit', 64e3],
    ['100gbit', 100e9],
  ])('reads %s', (text, bits) => {
    expect(parseRate(text)).toBe(bits)
  })

  it.each([
    '',
    'fast',
    'mbit',
    '-5mbit',
    '1e6',
    '10 mb yte',
    '63kbit',
    '101gbit',
    '5mbyte',
    '5mb',
    '1.5.2m',
    '0',
  ])('refuses %j', text => {
    expect(parseRate(text)).toBeNull()
  })
})

describe('figures', () => {
  it('stay short and carry a unit', () => {
    expect(formatBytes(0)).toBe('0 B')
    expect(formatBytes(1023.6)).toBe('1 KiB')
    expect(formatBytes(21.44 * 2 ** 30)).toBe('21.4 GiB')
    expect(formatRate(108_400_000)).toBe('108 MB/s')
    expect(formatBits(941_200_000)).toBe('941 Mbit/s')
    expect(formatCount(1, 'machine')).toBe('1 machine')
    expect(formatCount(2, 'machine')).toBe('2 machines')
  })

  it('show 100 % only when nothing is missing, and a trace of loss as some', () => {
    expect(formatPercent(0.9999)).toBe('99 %')
    expect(formatPercent(1)).toBe('100 %')
    expect(formatShare(0)).toBe('0 %')
    expect(formatShare(0.00001)).toBe('< 0.1 %')
    expect(formatShare(0.012)).toBe('1.2 %')
    expect(formatShare(0.25)).toBe('25 %')
  })

  it('count time in two units at most', () => {
    expect(formatDuration(-5)).toBe('0.0 s')
    expect(formatDuration(4_200)).toBe('4.2 s')
    expect(formatDuration(45_400)).toBe('45 s')
    expect(formatDuration(190_000)).toBe('3 min 10 s')
    expect(formatDuration(3_900_000)).toBe('1 h 05 min')
  })
})
