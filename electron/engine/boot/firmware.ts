/**
 * Who asks to start over the network, and which file it gets: options 93, 60, 77, 97 and 175 to a boot file.
 *
 * Option 93 says what the firmware is (IANA, "Processor Architecture Types"; RFC 4578 §2.1, RFC 5970 §3.3). Nothing says
 * whether Secure Boot is on: signed files go to everyone.
 */
import { OPTION, textOf } from './dhcpOptions.ts'
import type { DhcpPacket } from './dhcpPacket.ts'

export type Firmware = 'bios' | 'uefi-ia32' | 'uefi-x64' | 'uefi-arm32' | 'uefi-arm64'

export interface BootClient {
  readonly mac: string
  /** As Linux shows it in product_uuid; null where the firmware has none worth the name. */
  readonly uuid: string | null
  /** As sent; null when it was not. */
  readonly architecture: number | null
  /** Null for one that no file here fits. */
  readonly firmware: Firmware | null
  /** What it can fetch with: TFTP, or HTTP from the firmware itself. */
  readonly way: 'pxe' | 'http'
  /** Firmware's own iPXE or one that was started before: it gets a script, never a boot loader again. */
  readonly isIpxe: boolean
}

/** By firmware; null where there is no file for it. */
export type FileByFirmware = Readonly<Record<Firmware, string | null>>

export interface BootFiles {
  /** Names for TFTP. */
  readonly pxe: FileByFirmware
  /** URLs for UEFI HTTP Boot. */
  readonly http: FileByFirmware
  /** URLs of scripts for iPXE. */
  readonly ipxe: FileByFirmware
}

/**
 * The boot file of a machine that is to start from its own disk. There is no such file: firmware that is told so goes on to
 * its next boot device at once. Where it hears nothing, or of no file, OVMF goes on asking for a minute.
 */
export const OWN_DISK = 'own-disk'

/** 7 and 9 (EFI byte code) are one: firmware of x64 has sent either. 15 and up fetch by HTTP; `way` is told by 60. */
const FIRMWARE: Readonly<Record<number, Firmware>> = {
  0: 'bios',
  6: 'uefi-ia32',
  7: 'uefi-x64',
  9: 'uefi-x64',
  10: 'uefi-arm32',
  11: 'uefi-arm64',
  15: 'uefi-ia32',
  16: 'uefi-x64',
  17: 'uefi-x64',
  18: 'uefi-arm32',
  19: 'uefi-arm64',
  20: 'bios',
}

/** Null for a client that does not ask to boot: an installed system, a printer. */
export function bootClientIn(packet: DhcpPacket): BootClient | null {
  const vendorClass = textOf(packet.options, OPTION.vendorClass) ?? ''
  const isIpxe = isFromIpxe(packet)
  const isHttp = vendorClass.startsWith('HTTPClient')
  if (!isHttp && !isIpxe && !vendorClass.startsWith('PXEClient')) return null
  const architecture = architectureIn(packet, vendorClass)
  return {
    mac: packet.mac,
    uuid: uuidIn(packet),
    architecture,
    firmware: architecture === null ? null : (FIRMWARE[architecture] ?? null),
    way: isHttp ? 'http' : 'pxe',
    isIpxe,
  }
}

/** Null: there is none for it. */
export function bootFileFor(client: BootClient, files: BootFiles): string | null {
  if (client.firmware === null) return null
  if (client.way === 'http') return files.http[client.firmware]
  return client.isIpxe ? files.ipxe[client.firmware] : files.pxe[client.firmware]
}

/** RFC 3004 has lengths before each class; iPXE sends the bare text, so either counts. */
function isFromIpxe({ options }: DhcpPacket): boolean {
  const userClass = textOf(options, OPTION.userClass) ?? ''
  return options.has(OPTION.ipxe) || /^.?iPXE/.test(userClass)
}

function architectureIn({ options }: DhcpPacket, vendorClass: string): number | null {
  const value = options.get(OPTION.architecture)
  // A list, the likeliest first (RFC 4578 §2.1).
  if (value && value.length >= 2) return (value[0] ?? 0) * 256 + (value[1] ?? 0)
  const named = /^(?:PXE|HTTP)Client:Arch:(\d{5})/.exec(vendorClass)?.[1]
  return named === undefined ? null : Number(named)
}

/**
 * Type 0, then SMBIOS's 16 bytes, whose first three fields are little-endian (SMBIOS 2.6 §7.2.1). All zeros or all ones
 * mean "not set".
 */
function uuidIn({ options }: DhcpPacket): string | null {
  const value = options.get(OPTION.machineUuid)
  if (value?.length !== 17 || value[0] !== 0) return null
  const bytes = value.subarray(1)
  if (bytes.every(byte => byte === 0) || bytes.every(byte => byte === 0xff)) return null
  const hex = (...at: readonly number[]): string =>
    at.map(i => (bytes[i] ?? 0).toString(16).padStart(2, '0')).join('')
  return [hex(3, 2, 1, 0), hex(5, 4), hex(7, 6), hex(8, 9), hex(10, 11, 12, 13, 14, 15)].join('-')
}
