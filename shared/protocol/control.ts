/** Text messages of the control connection. PROTOCOL.md §6. Each end parses what it receives with its own union. */
import { z } from 'zod'
import { afterwardsSchema, diskSchema } from '../bench.ts'
import { faultSchema } from '../fault.ts'
import { CONTROL_BINARY } from './controlBinary.ts'
import {
  MAX_IMAGE_BYTES,
  MAX_PROBE_BYTES,
  MAX_PROBE_DATAGRAMS,
  PROBE_HEADER_BYTES,
} from './limits.ts'
import { PROTOCOL_VERSION, type SessionId, sessionIdToHex } from './packet.ts'

export const CONTROL_SUBPROTOCOL = 'benchcast.v1'

const hex32 = z.string().regex(/^[0-9a-f]{32}$/)
const text = z.string().max(256)
const bytes = z
  .number()
  .int()
  .nonnegative()
  .max(MAX_IMAGE_BYTES * 16)

export const machineSchema = z.strictObject({
  /** 16 bytes as hex, stable over reboots: from SMBIOS UUID and MAC. */
  id: hex32,
  /** Of SMBIOS, lower case; empty where it cannot be read. */
  uuid: z.string().max(64),
  name: text,
  mac: z.string().max(17),
  maker: text,
  model: text,
  serial: text,
  /** Of the card it joins from, as its driver says; null when that is unknown or made up. */
  linkBitsPerSecond: z.number().int().positive().max(1e13).nullable(),
})
export type Machine = z.infer<typeof machineSchema>

export const targetSchema = z.strictObject({
  path: z.string().max(1024),
  kind: z.enum(['file', 'device', 'memory']),
  /** Null where the target can grow. */
  sizeBytes: bytes.nullable(),
  /** What the disk is and what is on it now; null for anything but a disk, and where nobody looked. */
  disk: diskSchema.pick({ model: true, serial: true, bus: true, content: true }).nullable(),
})
export type Target = z.infer<typeof targetSchema>

const joinSchema = z.strictObject({
  type: z.literal('join'),
  /** A number, not a literal, so that another version is refused by name. */
  protocol: z.number().int(),
  machine: machineSchema,
  target: targetSchema,
  /** Signed by the sender in `admitted`: shows that it owns the announced key. */
  nonce: hex32,
})
const stateSchema = z.strictObject({
  type: z.literal('state'),
  state: z.enum(['joining', 'receiving', 'verifying']),
  /** Of the state's work: bytes hashed while joining or verifying. */
  doneBytes: bytes,
})
const resultSchema = z.strictObject({
  type: z.literal('result'),
  outcome: z.enum(['verified', 'refused', 'failed']),
  receivedBytes: bytes,
  fault: faultSchema.nullable(),
})
/** Answers `farewell`: what it does, now that it is done. A receiver that only ends sends none. */
const leavingSchema = z.strictObject({ type: z.literal('leaving'), does: afterwardsSchema })

const u32 = z.number().int().min(0).max(0xffff_ffff)

/** What the session's datagrams are addressed to: its group, the card's broadcast address, each receiver. */
export const deliverySchema = z.enum(['multicast', 'broadcast', 'unicast'])
export type Delivery = z.infer<typeof deliverySchema>

/** Answers `probe`: datagrams of it may come. */
const probingSchema = z.strictObject({
  type: z.literal('probing'),
  id: u32,
  isListening: z.boolean(),
})
/** Answers `probeEnd`, or comes unasked as soon as every datagram of the probe is there. */
const probedSchema = z.strictObject({
  type: z.literal('probed'),
  id: u32,
  received: z.number().int().min(0).max(MAX_PROBE_DATAGRAMS),
  /** Of the datagrams that came; 0 when none did. */
  largestBytes: z.number().int().min(0).max(MAX_PROBE_BYTES),
  /** From the first to the last that came. */
  durationUs: z.number().int().min(0).max(60_000_000),
  kernelDrops: u32,
})

export const toSenderSchema = z.discriminatedUnion('type', [
  joinSchema,
  stateSchema,
  resultSchema,
  leavingSchema,
  probingSchema,
  probedSchema,
])
export type ToSender = z.infer<typeof toSenderSchema>
export type Join = z.infer<typeof joinSchema>

export const sessionPhaseSchema = z.enum(['waiting', 'running', 'paused', 'ended'])
export type SessionPhase = z.infer<typeof sessionPhaseSchema>

export const toReceiverSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('admitted'),
    /** On the bench, from 1. */
    number: z.number().int().min(1),
    manifestBytes: z.number().int().min(1).max(0xffff_ffff),
    phase: sessionPhaseSchema,
    /** Ed25519 signature over joinProofText, 64 bytes as hex. */
    proof: z.string().regex(/^[0-9a-f]{128}$/),
  }),
  /** Instead of `admitted`, which follows once the technician has approved the machine. */
  z.strictObject({
    type: z.literal('asking'),
    number: z.number().int().min(1),
    /** As a sentence. */
    reason: text,
  }),
  /** Answers a result of `verified`: what the session wants done then. */
  z.strictObject({ type: z.literal('farewell'), afterwards: afterwardsSchema }),
  z.strictObject({ type: z.literal('refused'), fault: faultSchema }),
  z.strictObject({ type: z.literal('session'), phase: sessionPhaseSchema }),
  z.strictObject({ type: z.literal('dropped'), fault: faultSchema }),
  z.strictObject({ type: z.literal('readmitted') }),
  /** Where to listen from now on; before the first of these it is the announced group. */
  z.strictObject({ type: z.literal('delivery'), delivery: deliverySchema }),
  /** Listen at the port for a probe of so many datagrams of so many bytes. */
  z.strictObject({
    type: z.literal('probe'),
    id: u32,
    delivery: deliverySchema,
    port: z.number().int().min(1).max(65_535),
    count: z.number().int().min(1).max(MAX_PROBE_DATAGRAMS),
    bytes: z.number().int().min(PROBE_HEADER_BYTES).max(MAX_PROBE_BYTES),
  }),
  /** All of the probe has been sent. */
  z.strictObject({ type: z.literal('probeEnd'), id: u32 }),
])
export type ToReceiver = z.infer<typeof toReceiverSchema>
export type ProbeOrder = Extract<ToReceiver, { type: 'probe' }>
export type ProbeReport = z.infer<typeof probedSchema>

export function controlPath(session: SessionId): string {
  return `/v${PROTOCOL_VERSION}/${sessionIdToHex(session)}`
}

/** ASCII; what `admitted.proof` signs. */
export function joinProofText(session: SessionId, nonce: string): string {
  return `benchcast join ${PROTOCOL_VERSION}\n${sessionIdToHex(session)}\n${nonce}`
}

export interface ManifestPiece {
  readonly kind: 'manifestPiece'
  readonly offset: number
  /** View. */
  readonly bytes: Uint8Array
}

const PIECE_HEADER_BYTES = 8

export function encodeManifestPiece(offset: number, bytes: Uint8Array): Uint8Array {
  const message = new Uint8Array(PIECE_HEADER_BYTES + bytes.length)
  message[0] = CONTROL_BINARY.manifest
  new DataView(message.buffer).setUint32(4, offset)
  message.set(bytes, PIECE_HEADER_BYTES)
  return message
}

/** Null for anything but a well-formed piece. */
export function decodeManifestPiece(message: Uint8Array): ManifestPiece | null {
  if (message.length <= PIECE_HEADER_BYTES || message[0] !== CONTROL_BINARY.manifest) return null
  if (message[1] !== 0 || message[2] !== 0 || message[3] !== 0) return null
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  const bytes = message.subarray(PIECE_HEADER_BYTES)
  return { kind: 'manifestPiece', offset: view.getUint32(4), bytes }
}
