import { expect, test } from 'vitest'
import { parseRange } from './range.ts'

test('a range names its bytes, first and last included, and ends with the file', () => {
  expect(parseRange('bytes=0-0', 100)).toEqual({ first: 0, end: 1 })
  expect(parseRange('bytes=10-19', 100)).toEqual({ first: 10, end: 20 })
  expect(parseRange('bytes=90-1000', 100)).toEqual({ first: 90, end: 100 })
  expect(parseRange('bytes=99-', 100)).toEqual({ first: 99, end: 100 })
  expect(parseRange('bytes=-1', 100)).toEqual({ first: 99, end: 100 })
  expect(parseRange('bytes=-1000', 100)).toEqual({ first: 0, end: 100 })
})

test('a range behind the end cannot be satisfied', () => {
  expect(parseRange('bytes=100-', 100)).toBe('unsatisfiable')
  expect(parseRange('bytes=100-200', 100)).toBe('unsatisfiable')
  expect(parseRange('bytes=-0', 100)).toBe('unsatisfiable')
  expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable')
})

test('what makes no sense asks for the whole file', () => {
  for (const header of [
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=5-4',
    'bytes=0-1,3-4',
    'lines=1-2',
    'bytes=a-b',
  ])
    expect(parseRange(header, 100), String(header)).toBeNull()
})
