import { expect, test } from 'vitest'
import {
  firstByte,
  isLaterSeq,
  PACKET,
  packetEnd,
  packetType,
  sessionIdFromHex,
  sessionIdToHex,
  type SessionId,
} from './packet.ts'

test('a packet ends where it says, and a datagram ends the last, whatever that says', () => {
  const memory = Uint8Array.of(0, 0x11, 0, 0, 2, ...new Uint8Array(22), 0x12, ...new Uint8Array(20))
  expect(packetEnd(memory, 1, 48)).toBe(27)
  expect(packetEnd(memory, 27, 48)).toBe(39)
  expect(packetEnd(memory, 1, 26)).toBe(26)
  expect(packetEnd(memory, 27, 30)).toBe(30)
  expect(packetEnd(memory, 47, 48)).toBe(48)
  expect(packetEnd(Uint8Array.of(0x13, 0, 0, 0), 0, 4)).toBe(4)
})

test('byte 0 holds version and type', () => {
  expect(firstByte(PACKET.data)).toBe(0x11)
  expect(packetType(Uint8Array.of(0x13))).toBe(PACKET.announce)
})

test('an empty datagram and another version are refused by reason', () => {
  expect(packetType(new Uint8Array())).toEqual({ kind: 'malformed', reason: 'empty' })
  expect(packetType(Uint8Array.of(0x21))).toEqual({ kind: 'malformed', reason: 'version' })
})

test('sequence numbers compare across the wrap', () => {
  expect(isLaterSeq(1, 0)).toBe(true)
  expect(isLaterSeq(0, 1)).toBe(false)
  expect(isLaterSeq(7, 7)).toBe(false)
  expect(isLaterSeq(0, 0xffff_ffff)).toBe(true)
  expect(isLaterSeq(0xffff_ffff, 0)).toBe(false)
  expect(isLaterSeq(0x7fff_ffff, 0)).toBe(true)
  expect(isLaterSeq(0x8000_0000, 0)).toBe(false) // RFC 1982 leaves it undefined; never "later" is the safe reading.
})

test('session ids are eight lower-case hex digits, there and back', () => {
  for (const id of [0, 1, 0x00c0_ffee, 0xffff_ffff]) {
    const hex = sessionIdToHex(id as SessionId)
    expect(hex).toMatch(/^[0-9a-f]{8}$/)
    expect(sessionIdFromHex(hex)).toBe(id)
  }
  for (const bad of ['', '1234567', '123456789', 'ABCDEF00', '0x123456', '1234567g']) {
    expect(sessionIdFromHex(bad)).toBeNull()
  }
})
