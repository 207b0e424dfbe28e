/**
 * TFTP datagrams: RFC 1350 §5, with option acknowledgement (RFC 2347). Layout only; what options mean is in
 * negotiation.ts. Big-endian; strings are ASCII and end with a zero byte.
 */
import { type Malformed, malformed } from '../../../../shared/protocol/packet.ts'

export type TftpPacket =
  | {
      readonly kind: 'read' | 'write'
      readonly name: string
      /** Lower case: "octet", "netascii". */
      readonly mode: string
      /** Names in lower case (RFC 2347: case does not matter); of a name given twice the first counts. */
      readonly options: ReadonlyMap<string, string>
    }
  | { readonly kind: 'data'; readonly block: number; readonly payload: Uint8Array }
  | { readonly kind: 'ack'; readonly block: number }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | { readonly kind: 'options'; readonly options: ReadonlyMap<string, string> }

/** RFC 1350, appendix; 8 from RFC 2347. */
export const TFTP_ERROR = {
  notDefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  illegalOperation: 4,
  optionsRefused: 8,
} as const

/** RFC 2347: a request has at most 512 bytes. */
export const MAX_REQUEST_BYTES = 512
export const DATA_HEADER_BYTES = 4

const OPCODE = { read: 1, write: 2, data: 3, ack: 4, error: 5, options: 6 } as const
const ACK_BYTES = 4
/** Sixteen options fit into a request, and nobody sends more than five. */
const MAX_OPTIONS = 16
/** What a peer says of its error goes into logs and on the screen. */
const MAX_MESSAGE_BYTES = 200

/** The packet, or why not. `payload` is a view: copy before the buffer is used again. */
export function decodeTftp(datagram: Uint8Array): TftpPacket | Malformed {
  if (datagram.length < ACK_BYTES) return malformed('truncated')
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  switch (view.getUint16(0)) {
    case OPCODE.read:
      return decodeRequest('read', datagram)
    case OPCODE.write:
      return decodeRequest('write', datagram)
    case OPCODE.data:
      return { kind: 'data', block: view.getUint16(2), payload: datagram.subarray(4) }
    case OPCODE.ack:
      // Some firmware sends its acknowledgements in a fixed buffer: what follows the number is padding.
      return { kind: 'ack', block: view.getUint16(2) }
    case OPCODE.error:
      return { kind: 'error', code: view.getUint16(2), message: errorText(datagram.subarray(4)) }
    case OPCODE.options: {
      const strings = decodeStrings(datagram.subarray(2))
      const options = strings && decodeOptions(strings)
      return options ? { kind: 'options', options } : malformed('options')
    }
    default:
      return malformed('opcode')
  }
}

function decodeRequest(kind: 'read' | 'write', datagram: Uint8Array): TftpPacket | Malformed {
  if (datagram.length > MAX_REQUEST_BYTES) return malformed('length')
  const strings = decodeStrings(datagram.subarray(2))
  const [name, mode] = strings ?? []
  if (!strings || !name || !mode) return malformed('strings')
  const options = decodeOptions(strings.slice(2))
  return options ? { kind, name, mode: mode.toLowerCase(), options } : malformed('options')
}

/** Null unless every byte is printable ASCII or ends a string. */
function decodeStrings(bytes: Uint8Array): string[] | null {
  if (bytes.at(-1) !== 0) return null
  if (bytes.some(byte => byte !== 0 && (byte < 0x20 || byte > 0x7e))) return null
  return String.fromCharCode(...bytes.subarray(0, -1)).split('\0')
}

/** Null for a name without a value. Padding behind the last option, as some ROMs send it, is let pass. */
function decodeOptions(strings: readonly string[]): Map<string, string> | null {
  const options = new Map<string, string>()
  const end = strings.findLastIndex(string => string !== '') + 1
  if (end % 2 !== 0 || end / 2 > MAX_OPTIONS) return null
  for (let i = 0; i < end; i += 2) {
    const name = strings[i]?.toLowerCase() ?? ''
    if (name === '') return null
    if (!options.has(name)) options.set(name, strings[i + 1] ?? '')
  }
  return options
}

function errorText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  const text = bytes.subarray(0, Math.min(end < 0 ? bytes.length : end, MAX_MESSAGE_BYTES))
  return String.fromCharCode(...text.map(byte => (byte < 0x20 || byte > 0x7e ? 0x3f : byte)))
}

/** `options` in the order in which they shall stand. */
export function encodeRequest(
  name: string,
  mode: string,
  options: ReadonlyMap<string, string>,
): Uint8Array {
  return withOpcode(OPCODE.read, encodeStrings([name, mode, ...[...options].flat()]))
}

export function encodeOptions(options: ReadonlyMap<string, string>): Uint8Array {
  return withOpcode(OPCODE.options, encodeStrings([...options].flat()))
}

/** `block` counts from 1 and is written modulo 65536: larger files roll over to 0, as every client here does. */
export function encodeData(block: number, payload: Uint8Array): Uint8Array {
  const datagram = new Uint8Array(DATA_HEADER_BYTES + payload.length)
  dataHeader(block, datagram)
  datagram.set(payload, DATA_HEADER_BYTES)
  return datagram
}

/** What stands before a block, written into the first DATA_HEADER_BYTES of `into`. */
export function dataHeader(block: number, into: Uint8Array): Uint8Array {
  into[0] = 0
  into[1] = OPCODE.data
  into[2] = (block >> 8) & 0xff
  into[3] = block & 0xff
  return into
}

export function encodeAck(block: number): Uint8Array {
  return Uint8Array.of(0, OPCODE.ack, (block >> 8) & 0xff, block & 0xff)
}

export function encodeError(code: number, message: string): Uint8Array {
  const text = encodeStrings([message])
  return withOpcode(OPCODE.error, Uint8Array.of(code >> 8, code & 0xff, ...text))
}

function withOpcode(opcode: number, rest: Uint8Array): Uint8Array {
  const datagram = new Uint8Array(2 + rest.length)
  datagram[1] = opcode
  datagram.set(rest, 2)
  return datagram
}

/** Callers pass ASCII. */
function encodeStrings(strings: readonly string[]): Uint8Array {
  const text = strings.map(string => `${string}\0`).join('')
  return Uint8Array.from(text, letter => letter.charCodeAt(0))
}
