import { expect, test } from 'vitest'
import { seededRandom } from '../seededRandom.ts'
import {
  controlPath,
  decodeManifestPiece,
  encodeManifestPiece,
  joinProofText,
  type ToReceiver,
  toReceiverSchema,
  type ToSender,
  toSenderSchema,
} from './control.ts'
import type { SessionId } from './packet.ts'

const SESSION = 0x00c0_ffee as SessionId
const FAULT = { code: 'disk/too-small', message: 'Too small.' }
const MACHINE = {
  id: '0f'.repeat(16),
  uuid: '',
  name: 'pc',
  mac: '',
  maker: '',
  model: '',
  serial: '',
  linkBitsPerSecond: null,
}
const JOIN: ToSender = {
  type: 'join',
  protocol: 1,
  machine: MACHINE,
  target: { path: '/dev/sda', kind: 'device', sizeBytes: 500_107_862_016, disk: null },
  nonce: 'ab'.repeat(16),
}

const TO_SENDER: ToSender[] = [
  JOIN,
  { type: 'state', state: 'verifying', doneBytes: 5 },
  { type: 'result', outcome: 'verified', receivedBytes: 7, fault: null },
  { type: 'result', outcome: 'refused', receivedBytes: 0, fault: FAULT },
  { type: 'leaving', does: 'reboot' },
  { type: 'probing', id: 7, isListening: true },
  { type: 'probed', id: 7, received: 3, largestBytes: 1432, durationUs: 900, kernelDrops: 0 },
]
const TO_RECEIVER: ToReceiver[] = [
  { type: 'admitted', number: 1, manifestBytes: 69, phase: 'waiting', proof: 'cd'.repeat(64) },
  { type: 'asking', number: 3, reason: 'Nobody knows it.' },
  { type: 'farewell', afterwards: 'poweroff' },
  { type: 'refused', fault: FAULT },
  { type: 'session', phase: 'ended' },
  { type: 'dropped', fault: FAULT },
  { type: 'readmitted' },
  { type: 'delivery', delivery: 'unicast' },
  { type: 'probe', id: 7, delivery: 'broadcast', port: 63_001, count: 200, bytes: 1432 },
  { type: 'probeEnd', id: 7 },
]

test('every message parses as what it is, and only at its own end', () => {
  for (const message of TO_SENDER) {
    expect(toSenderSchema.parse(JSON.parse(JSON.stringify(message)))).toEqual(message)
    expect(toReceiverSchema.safeParse(message).success).toBe(false)
  }
  for (const message of TO_RECEIVER) {
    expect(toReceiverSchema.parse(JSON.parse(JSON.stringify(message)))).toEqual(message)
    expect(toSenderSchema.safeParse(message).success).toBe(false)
  }
})

test('no field may be missing, and none may be added', () => {
  for (const message of TO_SENDER) {
    for (const name of Object.keys(message)) {
      const { [name as keyof ToSender]: _, ...rest } = message
      expect(toSenderSchema.safeParse(rest).success).toBe(false)
    }
    expect(toSenderSchema.safeParse({ ...message, extra: 1 }).success).toBe(false)
  }
})

test('another protocol version still parses, so that it can be refused by name', () => {
  expect(toSenderSchema.safeParse({ ...JOIN, protocol: 2 }).success).toBe(true)
  expect(toSenderSchema.safeParse({ ...JOIN, protocol: 1.5 }).success).toBe(false)
})

test('texts and numbers out of range are refused', () => {
  const machine = (change: object): object => ({ ...JOIN, machine: { ...MACHINE, ...change } })
  expect(toSenderSchema.safeParse(machine({ name: 'x'.repeat(257) })).success).toBe(false)
  expect(toSenderSchema.safeParse(machine({ id: 'xyz' })).success).toBe(false)
  expect(toSenderSchema.safeParse({ ...JOIN, nonce: 'AB'.repeat(16) }).success).toBe(false)
  const state = { type: 'state', state: 'receiving', doneBytes: -1 }
  expect(toSenderSchema.safeParse(state).success).toBe(false)
  expect(toReceiverSchema.safeParse({ ...TO_RECEIVER[0], number: 0 }).success).toBe(false)
})

test('the path and the signed text name version and session', () => {
  expect(controlPath(SESSION)).toBe('/v1/00c0ffee')
  expect(joinProofText(SESSION, 'ab')).toBe('benchcast join 1\n00c0ffee\nab')
})

test('the golden manifest piece, byte for byte, and back', () => {
  const message = encodeManifestPiece(0x0102_0304, Uint8Array.of(9, 8, 7))
  expect(Buffer.from(message).toString('hex')).toBe('01000000 01020304 090807'.replaceAll(' ', ''))
  const piece = decodeManifestPiece(message)
  expect(piece).toEqual({
    kind: 'manifestPiece',
    offset: 0x0102_0304,
    bytes: Uint8Array.of(9, 8, 7),
  })
})

test('a piece that is cut, empty or of another type is refused', () => {
  const message = encodeManifestPiece(0, Uint8Array.of(1))
  for (let length = 0; length < message.length; length++) {
    expect(decodeManifestPiece(message.subarray(0, length))).toBeNull()
  }
  for (const at of [0, 1, 2, 3]) {
    const changed = Uint8Array.from(message)
    changed[at] = 7
    expect(decodeManifestPiece(changed)).toBeNull()
  }
})

test('random pieces never throw', () => {
  const random = seededRandom(5)
  for (let round = 0; round < 5_000; round++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 20) }, () => random() * 4)
    const piece = decodeManifestPiece(bytes)
    if (piece !== null) expect(piece.bytes.length).toBe(bytes.length - 8)
  }
})
