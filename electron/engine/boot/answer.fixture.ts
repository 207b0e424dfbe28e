/** Requests and configurations for the tests of DHCP's decisions. */
import { textBytes } from './dhcpOptions.ts'
import { decodeDhcp, type DhcpPacket, encodeDhcp } from './dhcpPacket.ts'
import type { Decision, DhcpConfig, DhcpRequest } from './dhcpReply.ts'
import { recorded } from './dhcpVectors.fixture.ts'
import { poolAddresses } from './subnet.ts'

export const SERVER = '10.79.0.1'
export const subnet = { address: SERVER, prefixLength: 24 }

export const config: DhcpConfig = {
  mode: 'proxy',
  subnet,
  files: {
    pxe: {
      bios: 'undionly.kpxe',
      'uefi-ia32': null,
      'uefi-x64': 'shimx64.efi',
      'uefi-arm32': null,
      'uefi-arm64': 'shimaa64.efi',
    },
    http: {
      bios: null,
      'uefi-ia32': null,
      'uefi-x64': `http://${SERVER}:8080/shimx64.efi`,
      'uefi-arm32': null,
      'uefi-arm64': `http://${SERVER}:8080/shimaa64.efi`,
    },
    ipxe: {
      bios: `http://${SERVER}:8080/boot.ipxe`,
      'uefi-ia32': null,
      'uefi-x64': `http://${SERVER}:8080/boot.ipxe`,
      'uefi-arm32': null,
      'uefi-arm64': null,
    },
  },
  admission: { machines: new Set(), admitsUnknown: true, isImaged: () => false },
  pool: poolAddresses({ first: '10.79.0.100', last: '10.79.0.103' }, subnet),
  leaseSeconds: 600,
  router: null,
  dnsServers: [],
  isAuthoritative: true,
}

export const serverConfig: DhcpConfig = { ...config, mode: 'server' }

export function packetOf(bytes: Uint8Array): DhcpPacket {
  const packet = decodeDhcp(bytes)
  if (packet.kind !== 'dhcp') throw new Error(packet.reason)
  return packet
}

/** A recorded DISCOVER of OVMF, changed. Options given replace its own; null takes one away. */
export function ask(
  fields: Partial<DhcpPacket> = {},
  options: Readonly<Record<number, readonly number[] | string | null>> = {},
  base: DhcpPacket = packetOf(recorded('07')),
): DhcpPacket {
  const merged = new Map(base.options)
  for (const [code, value] of Object.entries(options)) {
    if (value === null) merged.delete(Number(code))
    else
      merged.set(
        Number(code),
        typeof value === 'string' ? textBytes(value) : Uint8Array.from(value),
      )
  }
  return { ...base, ...fields, options: merged }
}

/** Of a machine that does not ask to boot: Linux. */
export function plainAsk(
  fields: Partial<DhcpPacket> = {},
  options: Readonly<Record<number, readonly number[] | string | null>> = {},
): DhcpPacket {
  return ask(fields, { 60: 'udhcp 1.35.0', 93: null, 94: null, 97: null, ...options })
}

export function at67(packet: DhcpPacket, address = '0.0.0.0'): DhcpRequest {
  return { packet, from: { address, port: 68 }, port: 67 }
}

export function at4011(packet: DhcpPacket, address = '10.79.0.145', port = 4011): DhcpRequest {
  return { packet, from: { address, port }, port: 4011 }
}

/** What travels: a reply as its client reads it. */
export function sent(decision: Decision): DhcpPacket {
  if (decision.kind !== 'reply') throw new Error(JSON.stringify(decision))
  return packetOf(encodeDhcp(decision.packet))
}
