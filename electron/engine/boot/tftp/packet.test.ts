import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../../shared/seededRandom.ts'
import {
  decodeTftp,
  encodeAck,
  encodeData,
  encodeError,
  encodeOptions,
  encodeRequest,
  MAX_REQUEST_BYTES,
} from './packet.ts'

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const hexOf = (packet: Uint8Array): string => Buffer.from(packet).toString('hex')
const z = (...strings: string[]): string =>
  Buffer.from(strings.map(string => `${string}\0`).join(''), 'latin1').toString('hex')

/** What OVMF asks first: size, block size and window; then it aborts, and asks anew without the size. */
const OVMF = `0001 ${z('shimx64.efi', 'octet', 'tsize', '0', 'blksize', '1468', 'windowsize', '4')}`

describe('a read request', () => {
  test('of firmware is understood with its options in order', () => {
    expect(decodeTftp(bytes(OVMF))).toEqual({
      kind: 'read',
      name: 'shimx64.efi',
      mode: 'octet',
      options: new Map([
        ['tsize', '0'],
        ['blksize', '1468'],
        ['windowsize', '4'],
      ]),
    })
  })

  test('is written as it is read', () => {
    const options = new Map([
      ['tsize', '0'],
      ['blksize', '1468'],
      ['windowsize', '4'],
    ])
    expect(hexOf(encodeRequest('shimx64.efi', 'octet', options))).toBe(hexOf(bytes(OVMF)))
  })

  test('may spell mode and options in any case, and give an option twice', () => {
    const request = bytes(`0001 ${z('a', 'OcTeT', 'BlkSize', '512', 'blksize', '1024')}`)
    expect(decodeTftp(request)).toEqual({
      kind: 'read',
      name: 'a',
      mode: 'octet',
      options: new Map([['blksize', '512']]),
    })
  })

  test('may be padded with zeros, as some ROMs do', () => {
    const request = bytes(`0001 ${z('a', 'octet')} 000000`)
    expect(decodeTftp(request)).toMatchObject({ kind: 'read', name: 'a', options: new Map() })
  })

  test('that nobody sends is refused by reason', () => {
    const reason = (hex: string): string => {
      const packet = decodeTftp(bytes(hex))
      return packet.kind === 'malformed' ? packet.reason : packet.kind
    }
    expect(reason('')).toBe('truncated')
    expect(reason('0001 61')).toBe('truncated')
    expect(reason('0009 0000')).toBe('opcode')
    expect(reason(`0001 ${z('a')}`)).toBe('strings')
    expect(reason(`0001 ${z('', 'octet')}`)).toBe('strings')
    expect(reason('0001 6100 6f63746574')).toBe('strings') // No zero at the end.
    expect(reason(`0001 ${z('a\u0001', 'octet')}`)).toBe('strings')
    expect(reason(`0001 ${z('\u00e4', 'octet')}`)).toBe('strings')
    expect(reason(`0001 ${z('a', 'octet', 'tsize')}`)).toBe('options')
    expect(reason(`0001 ${z('a', 'octet', '', '1')}`)).toBe('options')
    expect(reason(`0001 ${z('a'.repeat(MAX_REQUEST_BYTES), 'octet')}`)).toBe('length')
    expect(reason(`0006 ${z('tsize')}`)).toBe('options')
  })
})

test('the other packets have the bytes of RFC 1350 and come back as they were', () => {
  expect(hexOf(encodeData(0x1_0001, bytes('aabb')))).toBe('00030001aabb')
  expect(decodeTftp(bytes('00030001aabb'))).toEqual({
    kind: 'data',
    block: 1,
    payload: new Uint8Array([0xaa, 0xbb]),
  })
  expect(hexOf(encodeAck(0xffff))).toBe('0004ffff')
  expect(decodeTftp(bytes('0004ffff'))).toEqual({ kind: 'ack', block: 0xffff })
  expect(hexOf(encodeError(1, 'File not found'))).toBe(`00050001${z('File not found')}`)
  expect(decodeTftp(bytes(`00050008${z('User aborted the transfer')}`))).toEqual({
    kind: 'error',
    code: 8,
    message: 'User aborted the transfer',
  })
  const options = new Map([['blksize', '1468']])
  expect(hexOf(encodeOptions(options))).toBe(`0006${z('blksize', '1468')}`)
  expect(decodeTftp(encodeOptions(options))).toEqual({ kind: 'options', options })
})

test('what a client says of its error is cut and cleaned before anybody shows it', () => {
  const packet = decodeTftp(
    bytes(`00050000 ${'1b'.repeat(3)} ${Buffer.from('x'.repeat(300)).toString('hex')}`),
  )
  expect(packet).toEqual({ kind: 'error', code: 0, message: `???${'x'.repeat(197)}` })
})

test('packets cut at each byte, and 100,000 mutated ones, are answered and never thrown at', () => {
  const samples = [
    bytes(OVMF),
    encodeData(7, bytes('00'.repeat(20))),
    encodeAck(1),
    encodeError(1, 'no'),
    encodeOptions(new Map([['tsize', '1']])),
  ]
  const random = seededRandom(1350)
  for (const sample of samples) {
    for (let end = 0; end < sample.length; end++) decodeTftp(sample.subarray(0, end))
  }
  const kinds = new Set<string>()
  for (let i = 0; i < 100_000; i++) {
    const packet = Uint8Array.from(samples[i % samples.length] ?? [])
    for (let flips = 1 + random() * 4; flips > 0; flips--) {
      packet[Math.floor(random() * packet.length)] = Math.floor(random() * 256)
    }
    kinds.add(decodeTftp(packet).kind)
  }
  expect(kinds.size).toBeGreaterThan(4)
})
