/** Why machines cannot be started from a card, or a medium for them cannot be made. */
import { formatBytes } from '../../../shared/figures.ts'

export type BootFault =
  /** Ports below 1024 need a right that this process lacks; `command` grants it, once. */
  | { readonly code: 'boot/not-permitted'; readonly port: number; readonly command: string }
  | {
      readonly code: 'boot/port-taken'
      readonly port: number
      readonly card: string
      readonly holder: PortHolder | null
    }
  | { readonly code: 'boot/no-such-card'; readonly card: string }
  | {
      readonly code: 'boot/cannot-listen'
      readonly card: string
      readonly port: number
      readonly reason: string
    }
  /** The system drops what comes from strangers to a card without an address (rp_filter). */
  | { readonly code: 'boot/card-deaf'; readonly card: string }
  | {
      readonly code: 'boot/other-dhcp-server'
      readonly card: string
      readonly servers: readonly string[]
    }
  | { readonly code: 'boot/no-pool'; readonly card: string; readonly prefixLength: number }
  | { readonly code: 'boot/leases-unwritable'; readonly file: string; readonly reason: string }
  /** The boot environment was not built or not installed. */
  | { readonly code: 'boot/no-machine'; readonly text: string }
  | { readonly code: 'boot/parts-missing'; readonly directory: string }
  | { readonly code: 'boot/parts-damaged'; readonly file: string; readonly reason: string }
  | { readonly code: 'boot/medium-not-built'; readonly directory: string }
  | { readonly code: 'boot/medium-exists'; readonly path: string; readonly isDevice: boolean }
  | { readonly code: 'boot/medium-unusable'; readonly path: string; readonly reason: string }
  /** `freeBytes` null: found out only in writing. */
  | {
      readonly code: 'boot/medium-no-space'
      readonly path: string
      readonly neededBytes: number
      readonly freeBytes: number | null
    }
  | { readonly code: 'boot/medium-differs'; readonly path: string }

export interface PortHolder {
  readonly pid: number
  /** Of the program: dnsmasq. */
  readonly name: string
}

export class BootError extends Error {
  override readonly name = 'BootError'
  readonly fault: BootFault
  constructor(fault: BootFault, options?: ErrorOptions) {
    super(describe(fault), options)
    this.fault = fault
  }
}

/** What UDP port is for, to finish "UDP port 67 (DHCP)". */
export function portPurpose(port: number): string {
  const purposes: Readonly<Record<number, string>> = {
    67: 'DHCP',
    68: 'DHCP, to look for servers',
    69: 'TFTP',
    4011: 'PXE boot server',
  }
  return purposes[port] ?? 'network boot'
}

function describe(fault: BootFault): string {
  switch (fault.code) {
    case 'boot/not-permitted':
      return `This system lets only permitted programs use UDP port ${fault.port} (${portPurpose(fault.port)}). Permit it once with this command, then start Benchcast again: ${fault.command}`
    case 'boot/port-taken': {
      const holder = fault.holder
        ? `by ${fault.holder.name} (process ${fault.holder.pid}). Stop that program, or keep it off this card`
        : 'by another program, which the system does not let us name. Find it with: sudo ss -ulpn'
      return `UDP port ${fault.port} (${portPurpose(fault.port)}) on network card ${fault.card} is taken ${holder}.`
    }
    case 'boot/no-such-card':
      return `There is no network card ${JSON.stringify(fault.card)} any more. Plug it in again, or choose another.`
    case 'boot/cannot-listen':
      return `UDP port ${fault.port} (${portPurpose(fault.port)}) on network card ${fault.card} could not be opened: ${fault.reason}. Check that the card is up and still has its address.`
    case 'boot/card-deaf':
      return `Network card ${fault.card} has no IPv4 address, and the system drops answers to such a card (rp_filter). Give the card an address, for example 192.168.77.1/24.`
    case 'boot/other-dhcp-server':
      return `On network card ${fault.card} there is already a DHCP server (${fault.servers.join(', ')}). Two of them give machines conflicting addresses: answer as a proxy beside it, switch it off, or insist.`
    case 'boot/no-pool':
      return `The network of card ${fault.card} (prefix length ${fault.prefixLength}) leaves no addresses to give out. Give the card an address with a prefix length of 29 or less, for example 192.168.77.1/24.`
    case 'boot/no-machine':
      return `${JSON.stringify(fault.text)} names no machine. Give a MAC address (52:54:00:79:00:10) or a UUID.`
    case 'boot/parts-missing':
      return `The boot environment is not in ${fault.directory}. Build it once with: npm run boot-env. Until then machines can be imaged that were started from a medium.`
    case 'boot/parts-damaged':
      return `${fault.file} of the boot environment is damaged (${fault.reason}). Build it again with: npm run boot-env`
    case 'boot/medium-not-built':
      return `The boot environment in ${fault.directory} has no boot medium, or a damaged one. Build it again with: npm run boot-env`
    case 'boot/medium-exists':
      return fault.isDevice
        ? `${fault.path} is a disk, and everything on it would be overwritten. Add --force if that is what you want.`
        : `${fault.path} is already there. Choose another name, or add --force to replace it.`
    case 'boot/medium-unusable':
      return `The boot medium cannot be written to ${fault.path}: ${fault.reason}.`
    case 'boot/medium-no-space': {
      const free = fault.freeBytes === null ? '' : `, and ${formatBytes(fault.freeBytes)} are there`
      return `There is not enough space for ${fault.path}: the boot medium takes ${formatBytes(fault.neededBytes)}${free}. Free some space, or choose another place.`
    }
    case 'boot/medium-differs':
      return `${fault.path} does not hold what was written to it. Use another disk or stick.`
    case 'boot/leases-unwritable':
      return `The addresses given out could not be noted in ${fault.file} (${fault.reason}). Free space there, or make it writable: without the note two machines could get one address.`
  }
}
