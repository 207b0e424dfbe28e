/** ANNOUNCE: a session that machines may join, signed by its bench. PROTOCOL.md §4.3. */
import { z } from 'zod'
import { parseJson } from '../parseJson.ts'
import { decodeUtf8, encodeUtf8 } from './utf8.ts'
import {
  firstByte,
  type Malformed,
  malformed,
  PACKET,
  packetType,
  type SessionId,
} from './packet.ts'
import { MAX_IMAGE_BYTES } from './limits.ts'

const port = z.number().int().min(1).max(65_535)

export const announceSchema = z.strictObject({
  name: z.string().max(100),
  /** Manifest hash, hex. */
  image: z.string().regex(/^[0-9a-f]{64}$/),
  imageName: z.string().max(100),
  imageBytes: z.number().int().min(1).max(MAX_IMAGE_BYTES),
  state: z.enum(['waiting', 'running', 'paused']),
  control: z.strictObject({ address: z.ipv4(), port }),
  data: z.strictObject({ group: z.ipv4(), port }),
  /** Ed25519 public key, 32 bytes as hex. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
})
export type Announce = z.infer<typeof announceSchema>

export interface AnnouncePacket {
  readonly kind: 'announce'
  readonly session: SessionId
  readonly announce: Announce
  /** The signed bytes and the signature, for the caller to verify with `announce.key`. Views. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

const AT = { first: 0, zero: 1, bodyBytes: 2, session: 4, body: 8 } as const
const SIGNATURE_BYTES = 64
const MAX_BODY_BYTES = 1024

/** The datagram. `sign` is Ed25519 with the bench's key and answers 64 bytes. */
export function encodeAnnounce(
  session: SessionId,
  announce: Announce,
  sign: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const body = encodeUtf8(JSON.stringify(announce))
  if (body.length > MAX_BODY_BYTES) throw new Error(`announce body of ${body.length} bytes`)
  const bytes = new Uint8Array(AT.body + body.length + SIGNATURE_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint8(AT.first, firstByte(PACKET.announce))
  view.setUint16(AT.bodyBytes, body.length)
  view.setUint32(AT.session, session)
  bytes.set(body, AT.body)
  bytes.set(sign(bytes.subarray(0, AT.body + body.length)), AT.body + body.length)
  return bytes
}

/** The packet, or why not. The signature is not checked here: this folder has no crypto. */
export function decodeAnnounce(datagram: Uint8Array): AnnouncePacket | Malformed {
  const type = packetType(datagram)
  if (typeof type !== 'number') return type
  if (type !== PACKET.announce) return malformed('type')
  if (datagram.length < AT.body + SIGNATURE_BYTES) return malformed('truncated')
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  if (view.getUint8(AT.zero) !== 0) return malformed('flags')
  const bodyBytes = view.getUint16(AT.bodyBytes)
  if (bodyBytes > MAX_BODY_BYTES) return malformed('length')
  if (datagram.length !== AT.body + bodyBytes + SIGNATURE_BYTES) return malformed('length')
  const body = decodeUtf8(datagram.subarray(AT.body, AT.body + bodyBytes))
  if (body === null) return malformed('text')
  const announce = announceSchema.safeParse(parseJson(body))
  if (!announce.success) return malformed('body')
  return {
    kind: 'announce',
    session: view.getUint32(AT.session) as SessionId,
    announce: announce.data,
    signed: datagram.subarray(0, AT.body + bodyBytes),
    signature: datagram.subarray(AT.body + bodyBytes),
  }
}
