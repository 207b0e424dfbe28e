import { expect, test } from 'vitest'
import { NOTHING_TYPED, typeAddress } from './addressEntry.ts'

const type = (...keys: string[]): ReturnType<typeof typeAddress> =>
  keys.reduce(typeAddress, NOTHING_TYPED)

test('an address is typed, mended and entered', () => {
  expect(type('1', '9', '2').text).toBe('192')
  expect(type('192,168.1.19', '\u007f', '\r')).toEqual({
    text: '',
    entered: '192.168.1.1',
    problem: '',
  })
  expect(type('10.0.0.1\n', '10.0.0.2\n').entered).toBe('10.0.0.2')
})

test('what is no address of a computer is not taken, stays for mending, and is told', () => {
  for (const text of ['10.0.0', '10.0.0.256', '224.0.0.1', '0.0.0.0', '127.0.0.1', '...']) {
    const entry = type(`${text}\r`)
    expect(entry).toEqual({ text, entered: null, problem: `${text} is no address of a computer.` })
    expect(typeAddress(entry, '\b').problem).toBe('')
  }
})

test('letters, arrows, Ctrl-C and an empty Enter change nothing; Escape clears', () => {
  expect(type('1', 'a', '\u0003', '\u001b[A', '\u001b[15~', '0').text).toBe('10')
  expect(type('\r')).toEqual(NOTHING_TYPED)
  expect(type('10.', '\u001b').text).toBe('')
})

test('no more is taken than the longest address has', () => {
  expect(type('1'.repeat(100)).text).toHaveLength(15)
})
