import { describe, expect, it } from 'vitest'
import {
  benchAddress,
  decimal,
  flag,
  nearest,
  optional,
  parseOptions,
  rate,
  required,
  text,
  whole,
  withDefault,
} from './options.ts'

const described = { placeholder: 'X', help: 'what it is for' }
const table = {
  nic: required(text, described),
  rate: optional(rate, described),
  receivers: withDefault(whole(1, 64), 4, described),
  loss: withDefault(decimal(0, 50), 1, described),
  json: flag('lines'),
}
const files = { label: 'FILE…', help: 'images', min: 1, max: null }
const image = { label: 'IMAGE', help: 'an image', min: 1, max: 1 }

describe('options', () => {
  it('turn words into values, and fallbacks stand for what was not given', () => {
    const words = ['a.img', '--nic', 'eth0', '--rate=200mbit', '--loss', '0.5', 'b.img']
    expect(parseOptions(words, table, files)).toEqual({
      values: { nic: 'eth0', rate: 200_000_000, receivers: 4, loss: 0.5, json: false },
      operands: ['a.img', 'b.img'],
    })
    expect(parseOptions(['--nic', 'eth0'], table, null).values).toMatchObject({ rate: null })
  })

  it('take everything after two dashes as operands', () => {
    const words = ['--nic', 'eth0', '--', '--odd-name.img']
    expect(parseOptions(words, table, files).operands).toEqual(['--odd-name.img'])
  })

  it.each([
    [[], 'Option --nic X is missing: what it is for.'],
    [['--nic', ''], 'Option --nic takes a text that is not empty, not "".'],
    [['--nic'], 'Option --nic needs a value: a text that is not empty.'],
    [['--nic', 'a', '--json=yes'], 'Option --json takes no value.'],
    [['--nik', 'a'], 'There is no option --nik here; did you mean --nic?'],
    [['--nonsense'], 'There is no option --nonsense here.'],
    [['-x'], 'There is no option -x here.'],
    [
      ['--nic', 'a', '--receivers', '0'],
      'Option --receivers takes a whole number from 1 to 64, not "0".',
    ],
    [
      ['--nic', 'a', '--receivers', '2.5'],
      'Option --receivers takes a whole number from 1 to 64, not "2.5".',
    ],
    [['--nic', 'a', '--loss', '51'], 'Option --loss takes a number from 0 to 50, not "51".'],
    [['--nic', 'a', '--loss', '1e1'], 'Option --loss takes a number from 0 to 50, not "1e1".'],
    [
      ['--nic', 'a', '--rate', 'fast'],
      'Option --rate takes a rate from 64kbit to 100gbit, for example 200mbit or 1gbit, not "fast".',
    ],
  ])('refuse %j with a sentence that names the option', (words, sentence) => {
    expect(() => parseOptions(['f', ...words], table, files)).toThrow(
      expect.objectContaining({ message: sentence, fault: { code: 'app/usage' } }),
    )
  })

  it('refuse too few and too many operands', () => {
    const words = ['--nic', 'eth0']
    expect(() => parseOptions(words, table, image)).toThrow('IMAGE is missing: an image.')
    expect(() => parseOptions(['a', 'b', ...words], table, image)).toThrow(
      '"b" is one word too many: one IMAGE is expected.',
    )
    expect(() => parseOptions(['a', ...words], table, null)).toThrow(
      '"a" is one word too many: none is expected.',
    )
  })
})

describe('nearest', () => {
  it('knows a slip from another word, and does not guess between two', () => {
    expect(nearest('imprt', ['import', 'export'])).toBe('import')
    expect(nearest('xport', ['import', 'export'])).toBe('export')
    expect(nearest('burn', ['import', 'export'])).toBeNull()
    expect(nearest('ab', ['aa', 'bb'])).toBeNull()
  })
})

it.each([
  ['192.168.1.10', true],
  ['127.0.0.1', true],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['0.0.0.0', false],
  ['192.168.1', false],
  ['192.168.1.010', false],
  ['bench', false],
  ['fe80::1', false],
])('of %s it is known whether it can be a bench’s address', (address, isOne) => {
  expect(benchAddress.parse(address)).toBe(isOne ? address : null)
})
