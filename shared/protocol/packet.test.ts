import { expect, test } from 'vitest'
import {
  firstByte,
  isLaterSeq,
  PACKET,
  packetType,
  sessionIdFromHex,
  sessionIdToHex,
  type SessionId,
} from './packet.ts'

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
