import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { decodeQuery, encodeGeneralQuery, ROUTER_ALERT } from './igmpPacket.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const hexOf = (packet: Uint8Array): string => Buffer.from(packet).toString('hex')

// Checksums by hand, RFC 1071: 1164 + 027d = 13e1, and so on, inverted.
const V3 = '11 64 ec1e 00000000 02 7d 0000'
const V2 = '11 64 ee9b 00000000'
const V1 = '11 00 eeff 00000000'
/** From 10.78.0.1 to 224.0.0.1, TTL 1, TOS 0xc0, with router alert; `total` in hex. */
const header = (total: string, source = '0a4e0001', to = 'e0000001'): string =>
  `46c0 ${total} 0000 4000 01 02 0000 ${source} ${to} 94040000`
const IN_IP = `${header('0024')} ${V3}`

const QUERY = { kind: 'query', version: 3, source: '10.78.0.1', group: '0.0.0.0' }

describe('a general query', () => {
  test('of version 3 and of version 2 has the bytes that the RFCs give it', () => {
    expect(hexOf(encodeGeneralQuery(3, 10_000))).toBe(hexOf(bytes(V3)))
    expect(hexOf(encodeGeneralQuery(2, 10_000))).toBe(hexOf(bytes(V2)))
    expect(hexOf(ROUTER_ALERT)).toBe('94040000')
  })

  test('keeps its response time between a tenth of a second, or it were version 1, and 12.7 s', () => {
    expect([0, 100, 1_000, 60_000].map(ms => encodeGeneralQuery(2, ms)[1])).toEqual([1, 1, 10, 127])
  })

  test('is read back from an IP packet, whatever its version', () => {
    expect(decodeQuery(bytes(IN_IP))).toEqual(QUERY)
    expect(decodeQuery(bytes(`${header('0020')} ${V2}`))).toEqual({ ...QUERY, version: 2 })
    expect(decodeQuery(bytes(`${header('0020')} ${V1}`))).toEqual({ ...QUERY, version: 1 })
  })

  test('is read without router alert, and with an Ethernet trailer behind it', () => {
    const plain = `45c0 0020 0000 4000 01 02 0000 0a4e0001 e0000001 ${V3}`
    expect(decodeQuery(bytes(plain))).toEqual(QUERY)
    expect(decodeQuery(bytes(`${plain} 00 00 00 00`))).toEqual(QUERY)
  })

  test('to one machine instead of all systems is ignored', () => {
    const packet = bytes(`${header('0024', '0a4e0001', '0a4e0002')} ${V3}`)
    expect(decodeQuery(packet)).toEqual({ kind: 'ignored', reason: 'destination' })
  })
})

test('a query for one group, with a source, names the group', () => {
  // 1164 + efff + 4d43 + 027d + 0001 + 0a4e + 0009 = 15b7b, so 5b7c; inverted a483.
  const packet = bytes(
    `${header('0028', '0a4e0001', 'efff4d43')} 11 64 a483 efff4d43 02 7d 0001 0a4e0009`,
  )
  expect(decodeQuery(packet)).toEqual({ ...QUERY, group: '239.255.77.67' })
})

test.each([
  ['a report', `${header('0020')} 16 00 a8bb efff4143`, 'not-a-query'],
  ['UDP', IN_IP.replace(' 01 02 ', ' 01 11 '), 'not-igmp'],
  ['IPv6', IN_IP.replace('46c0', '66c0'), 'not-ipv4'],
  ['a header of 16 bytes', IN_IP.replace('46c0', '44c0'), 'not-ipv4'],
  ['the first fragment', IN_IP.replace('4000', '2000'), 'fragment'],
  ['a later fragment', IN_IP.replace('4000', '0001'), 'fragment'],
  ['a wrong checksum', IN_IP.replace('ec1e', 'ec1f'), 'checksum'],
  ['ten bytes, a length of no version', `${header('0022')} 11 64 ec1e 00000000 027d`, 'truncated'],
  ['a source announced but absent', IN_IP.replace('7d 0000', '7d 0001'), 'truncated'],
])('%s is ignored', (_, packet, reason) => {
  expect(decodeQuery(bytes(packet))).toEqual({ kind: 'ignored', reason })
})

test('cut at each byte it is truncated, never misread', () => {
  const whole = bytes(IN_IP)
  for (let length = 0; length < whole.length; length++) {
    expect(decodeQuery(whole.subarray(0, length))).toEqual({ kind: 'ignored', reason: 'truncated' })
  }
})

test('any flipped bit of the message is noticed', () => {
  for (let bit = 24 * 8; bit < 36 * 8; bit++) {
    const packet = bytes(IN_IP)
    packet[bit >> 3]! ^= 1 << (bit & 7)
    expect(decodeQuery(packet).kind, `bit ${bit}`).toBe('ignored')
  }
})

test('random bytes, alone and behind a good header, never throw and are hardly ever a query', () => {
  const random = seededRandom(48)
  const good = bytes(header('0024'))
  let queries = 0
  for (let run = 0; run < 20_000; run++) {
    const noise = Uint8Array.from({ length: Math.floor(random() * 64) }, () => random() * 256)
    const packet = run % 2 === 0 ? noise : Buffer.concat([good, noise])
    if (decodeQuery(packet).kind === 'query') queries++
  }
  // By chance type and checksum fit in one of 16 million.
  expect(queries).toBe(0)
})
