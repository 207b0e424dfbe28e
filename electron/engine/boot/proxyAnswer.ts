/** Beside another DHCP server: the boot offer (PXE 2.1 §2.2.5), and the boot server on port 4011 (§2.2.6). Pure. */
import {
  BOOT_FROM_OFFER,
  OPTION,
  PXE_OPTION,
  readVendorOptions,
  textBytes,
  vendorOptionBytes,
} from './dhcpOptions.ts'
import type { DhcpPacket } from './dhcpPacket.ts'
import {
  bootFields,
  type BootPart,
  type Decision,
  type DhcpConfig,
  type DhcpRequest,
  echoed,
  reply,
  type Silence,
  unboundAddress,
} from './dhcpReply.ts'
import { isWithin } from './subnet.ts'

/**
 * BIOS is told to take the file from this offer. UEFI is not: some firmware heeds only the way through port 4011, so
 * without option 43 all of them go there.
 */
export function proxyOffer(packet: DhcpPacket, boot: BootPart, config: DhcpConfig): Decision {
  const isDirect = boot.client.firmware === 'bios' && boot.client.way === 'pxe'
  const control = new Map([[PXE_OPTION.discoveryControl, Uint8Array.of(BOOT_FROM_OFFER)]])
  const options = [
    vendorClass(boot),
    ...echoed(packet, OPTION.machineUuid),
    ...(isDirect ? [[OPTION.vendorOptions, vendorOptionBytes(control)] as const] : []),
  ]
  const fields = bootFields(boot.file, config)
  return {
    kind: 'reply',
    packet: reply(packet, 'offer', config, fields, options),
    to: unboundAddress(packet),
    bootFile: boot.file,
  }
}

/** Port 4011: a client that has its address asks the boot server itself. Answered where it came from, PXE 2.1 §2.2.6. */
export function answerBootServer(
  { packet, from }: DhcpRequest,
  boot: BootPart | Silence,
  config: DhcpConfig,
): Decision {
  if (typeof boot === 'string') return { kind: 'silent', reason: boot }
  if (packet.type !== 'request' && packet.type !== 'inform')
    return { kind: 'silent', reason: 'not asked' }
  if (!isWithin(from.address, config.subnet)) return { kind: 'silent', reason: 'foreign address' }
  const options = [vendorClass(boot), ...echoed(packet, OPTION.machineUuid), ...chosenItem(packet)]
  const fields = { ...bootFields(boot.file, config), ciaddr: packet.ciaddr }
  return {
    kind: 'reply',
    packet: reply(packet, 'ack', config, fields, options),
    to: from,
    bootFile: boot.file,
  }
}

/** iPXE that chose from a menu (43.71) waits until its choice comes back. Type and layer, u16 each: PXE 2.1 §2.2.3. */
function chosenItem(packet: DhcpPacket): (readonly [number, Uint8Array])[] {
  const value = packet.options.get(OPTION.vendorOptions)
  const item = value ? readVendorOptions(value)?.get(PXE_OPTION.bootItem) : undefined
  if (item?.length !== 4) return []
  return [[OPTION.vendorOptions, vendorOptionBytes(new Map([[PXE_OPTION.bootItem, item]]))]]
}

/** Without option 60 UEFI takes the offer for no boot offer. */
function vendorClass({ client }: BootPart): readonly [number, Uint8Array] {
  return [OPTION.vendorClass, textBytes(client.way === 'http' ? 'HTTPClient' : 'PXEClient')]
}
