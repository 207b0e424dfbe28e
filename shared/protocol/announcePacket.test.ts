import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { seededRandom } from '../seededRandom.ts'
import { type Announce, decodeAnnounce, encodeAnnounce } from './announcePacket.ts'
import type { SessionId } from './packet.ts'

const SESSION = 0x0000_beef as SessionId
const ANNOUNCE: Announce = {
  name: 'Büro 3',
  image: 'ab'.repeat(32),
  imageName: 'Windows 11',
  imageBytes: 64_000_000_000,
  state: 'waiting',
  control: { address: '10.0.0.1', port: 40_000 },
  data: { group: '239.255.70.1', port: 63_000 },
  key: 'cd'.repeat(32),
}
const fakeSign = (): Uint8Array => new Uint8Array(64).fill(0x5a)

function withBody(body: string): Uint8Array {
  const bytes = Buffer.from(body)
  const datagram = Buffer.alloc(8 + bytes.length + 64)
  datagram[0] = 0x13
  datagram.writeUInt16BE(bytes.length, 2)
  datagram.writeUInt32BE(SESSION, 4)
  bytes.copy(datagram, 8)
  return datagram
}

function reason(bytes: Uint8Array): string {
  const packet = decodeAnnounce(bytes)
  return packet.kind === 'malformed' ? packet.reason : 'accepted'
}

test('the golden packet: header, JSON, signature', () => {
  const bytes = Buffer.from(encodeAnnounce(SESSION, ANNOUNCE, fakeSign))
  const body = Buffer.from(JSON.stringify(ANNOUNCE))
  expect(bytes.subarray(0, 8).toString('hex')).toBe(
    `1300${body.length.toString(16).padStart(4, '0')}0000beef`,
  )
  expect(bytes.subarray(8, -64).equals(body)).toBe(true)
  expect(bytes.subarray(-64).equals(Buffer.alloc(64, 0x5a))).toBe(true)
})

test('a packet comes back as it was, with the bytes that were signed', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const bytes = encodeAnnounce(SESSION, ANNOUNCE, signed => sign(null, signed, privateKey))
  const packet = decodeAnnounce(bytes)
  if (packet.kind === 'malformed') throw new Error(packet.reason)
  expect(packet.session).toBe(SESSION)
  expect(packet.announce).toEqual(ANNOUNCE)
  expect(verify(null, packet.signed, publicKey, packet.signature)).toBe(true)
})

test('any changed byte of header or body breaks the signature or the packet', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const bytes = encodeAnnounce(SESSION, ANNOUNCE, signed => sign(null, signed, privateKey))
  for (let at = 0; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    const packet = decodeAnnounce(changed)
    if (packet.kind === 'malformed') continue
    expect(verify(null, packet.signed, publicKey, packet.signature)).toBe(false)
  }
})

test('cut at every byte, or longer, it is refused', () => {
  const bytes = encodeAnnounce(SESSION, ANNOUNCE, fakeSign)
  for (let length = 0; length < bytes.length; length++) {
    expect(decodeAnnounce(bytes.subarray(0, length)).kind).toBe('malformed')
  }
  expect(reason(Uint8Array.from([...bytes, 0]))).toBe('length')
})

test('a body that is no announce is refused by reason', () => {
  const json = (change: object): Uint8Array => withBody(JSON.stringify({ ...ANNOUNCE, ...change }))
  expect(reason(json({}))).toBe('accepted')
  expect(reason(withBody('{'))).toBe('body')
  expect(reason(withBody('null'))).toBe('body')
  expect(reason(json({ extra: 1 }))).toBe('body')
  expect(reason(json({ imageBytes: 0 }))).toBe('body')
  expect(reason(json({ image: 'AB'.repeat(32) }))).toBe('body')
  expect(reason(json({ control: { address: '10.0.0.1', port: 0 } }))).toBe('body')
  expect(reason(json({ control: { address: 'bench.local', port: 1 } }))).toBe('body')
  expect(reason(json({ state: 'ended' }))).toBe('body')
  const stray = withBody('x'.repeat(20))
  stray[10] = 0xff
  expect(reason(stray)).toBe('text')
  expect(reason(withBody('x'.repeat(1025)))).toBe('length')
})

test('a body that cannot fit is a fault of ours', () => {
  const long = { ...ANNOUNCE, name: '🖥'.repeat(50), imageName: '🖥'.repeat(50) }
  expect(encodeAnnounce(SESSION, long, fakeSign).length).toBeLessThanOrEqual(1096)
  const tooLong = { ...ANNOUNCE, name: 'x'.repeat(1000) }
  expect(() => encodeAnnounce(SESSION, tooLong, fakeSign)).toThrow('announce body')
})

test('random bytes never throw', () => {
  const random = seededRandom(11)
  for (let round = 0; round < 5_000; round++) {
    const bytes = encodeAnnounce(SESSION, ANNOUNCE, fakeSign)
    for (let i = 0; i < 4; i++) bytes[Math.floor(random() * bytes.length)] = random() * 256
    expect(['announce', 'malformed']).toContain(decodeAnnounce(bytes).kind)
  }
})
