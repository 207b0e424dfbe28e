/**
 * What DHCP options say: RFC 2132, RFC 3004 (user class), RFC 4578 (PXE: 93, 94, 97), PXE 2.1 §2.2 (option 43's
 * sub-options). Readers answer null for an option that is absent or of the wrong length: from a stranger both are the
 * same.
 */

export const OPTION = {
  subnetMask: 1,
  router: 3,
  dnsServer: 6,
  hostName: 12,
  broadcastAddress: 28,
  vendorOptions: 43,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverId: 54,
  parameterList: 55,
  message: 56,
  maxMessageBytes: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientId: 61,
  tftpServerName: 66,
  bootFileName: 67,
  userClass: 77,
  relayAgent: 82,
  architecture: 93,
  networkInterface: 94,
  machineUuid: 97,
  /** iPXE's own, "etherboot encapsulated options". */
  ipxe: 175,
} as const

/** PXE 2.1 §2.2.3, within option 43. */
export const PXE_OPTION = { discoveryControl: 6, bootItem: 71, end: 255 } as const

/** Bit 3 of discovery control: take the boot file named in this very offer, ask nobody else. */
export const BOOT_FROM_OFFER = 8

type Options = ReadonlyMap<number, Uint8Array>

export function addressOf(options: Options, code: number): string | null {
  const value = options.get(code)
  return value?.length === 4 ? value.join('.') : null
}

/** All addresses of a list; null unless it is one. */
export function addressesOf(options: Options, code: number): string[] | null {
  const value = options.get(code)
  if (!value || value.length === 0 || value.length % 4 !== 0) return null
  return Array.from({ length: value.length / 4 }, (_, i) =>
    value.subarray(i * 4, i * 4 + 4).join('.'),
  )
}

/** Unsigned, of 1, 2 or 4 bytes as it stands there. */
export function numberOf(options: Options, code: number, bytes: 1 | 2 | 4): number | null {
  const value = options.get(code)
  return value?.length === bytes ? value.reduce((sum, byte) => sum * 256 + byte, 0) : null
}

/** Printable ASCII, trailing zeros taken off (RFC 2132 §2 allows them); anything else becomes "?". */
export function textOf(options: Options, code: number): string | null {
  const value = options.get(code)
  if (!value) return null
  const end = value.indexOf(0)
  const text = String.fromCharCode(...value.subarray(0, Math.min(end < 0 ? 255 : end, 255)))
  return text.replaceAll(/[^\x20-\x7e]/g, '?')
}

export function addressBytes(...addresses: readonly string[]): Uint8Array {
  return Uint8Array.from(addresses.flatMap(address => address.split('.').map(Number)))
}

/** Seconds and the like: u32. */
export function numberBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

/** For ASCII only. */
export function textBytes(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0) & 0x7f)
}

/** Sub-options of option 43 as PXE writes them. Null when one reaches past the end: then it is another vendor's. */
export function readVendorOptions(value: Uint8Array): Map<number, Uint8Array> | null {
  const found = new Map<number, Uint8Array>()
  for (let at = 0; at < value.length;) {
    const code = value[at]
    if (code === undefined || code === PXE_OPTION.end) break
    if (code === 0) {
      at++
      continue
    }
    const length = value[at + 1]
    if (length === undefined || at + 2 + length > value.length) return null
    found.set(code, value.slice(at + 2, at + 2 + length))
    at += 2 + length
  }
  return found
}

/** Values of at most 255 bytes. */
export function vendorOptionBytes(options: Options): Uint8Array {
  const bytes = [...options].flatMap(([code, value]) => [code, value.length, ...value])
  return Uint8Array.from([...bytes, PXE_OPTION.end])
}
