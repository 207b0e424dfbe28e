/**
 * What kind a card is. Pure: from facts that the system told, and where it tells nothing but a name, from that.
 */
import type { NetworkInterfaceInfo } from 'node:os'
import type { Nic } from '../../../shared/ipc.ts'

/** Only `name` and `mac` are known on systems without sysfs: see `nameOnly`. */
export interface CardFacts {
  readonly name: string
  readonly mac: string
  /** ARPHRD_* of linux/if_arp.h. */
  readonly hardwareType: number | null
  /** DEVTYPE of uevent: wlan, bridge, vlan, bond, wireguard … Empty for plain Ethernet. */
  readonly deviceType: string
  /** True when no hardware is behind it; null when unknown. */
  readonly isSoftware: boolean | null
  readonly isWireless: boolean
  readonly isBridge: boolean
  /** A bridge with at least one real card in it. */
  readonly hasRealPort: boolean
  /** IFF_TUN 1, IFF_TAP 2 (linux/if_tun.h); null for cards that are neither. */
  readonly tunFlags: number | null
  readonly isUp: boolean
  readonly hasLink: boolean
  readonly speedMbit: number | null
  /** The bridge or bond it is part of. */
  readonly master: string | null
}

const ETHERNET = 1
const LOOPBACK = 772
/** Point-to-point and tunnels: PPP, none (tun, WireGuard), IPIP, IP6IP6, SIT, GRE, IP6GRE. */
const TUNNELS = new Set([512, 65534, 768, 769, 776, 778, 823])

/** Stacked on a real card and as good as it: 802.1Q, bonding, teaming. */
const STACKED = new Set(['vlan', 'bond', 'team', 'macvlan'])

const WIFI_NAME = /^(wi-?fi|wlan|wireless|wlp|wlx)/i
const VPN_NAME =
  /vpn|wireguard|tailscale|zerotier|nordlynx|anyconnect|fortinet|tap-windows|^(utun|tun|wg|ppp|ipsec|zt)\d*|^zt[a-z0-9]{8}$/i
const VIRTUAL_NAME =
  /vethernet|vmware|vmnet|virtualbox|vboxnet|hyper-v|docker|wsl|bluetooth|npcap|^(veth|virbr|vnet|tap|dummy|ifb|awdl|llw|anpi|ap|lxc|lxd|br-)/i
const BRIDGE_NAME = /^(bridge|br)\d+$/i

/**
 * Cards that hypervisors put into their host: VMware VMnet1…8, VirtualBox host-only. The cards they give to guests
 * (00:0c:29, 08:00:27, 00:15:5d) are not here: inside a guest such a card is the real one.
 */
const HOST_SIDE_MAC = /^(00:50:56:c0:00|0a:00:27:00:00):/i

export function kindOf(facts: CardFacts): Nic['kind'] {
  if (facts.hardwareType === LOOPBACK) return 'loopback'
  if (facts.isWireless || facts.deviceType === 'wlan') return 'wifi'
  if (facts.isSoftware === null) return kindByName(facts)
  if (facts.isBridge) return facts.hasRealPort ? 'bridge' : 'virtual'
  if (facts.deviceType === 'wireguard' || isTunnel(facts)) return 'vpn'
  if (STACKED.has(facts.deviceType)) return 'wired'
  if (facts.isSoftware || facts.deviceType === 'wwan')
    return VPN_NAME.test(facts.name) ? 'vpn' : 'virtual'
  return 'wired'
}

/** For systems that tell no more than os.networkInterfaces() does: it lists only cards that are up and connected. */
export function nameOnly(name: string, info: NetworkInterfaceInfo | undefined): CardFacts {
  return {
    name,
    mac: info?.mac ?? '00:00:00:00:00:00',
    hardwareType: info?.internal ? LOOPBACK : null,
    deviceType: '',
    isSoftware: null,
    isWireless: false,
    isBridge: false,
    hasRealPort: false,
    tunFlags: null,
    isUp: true,
    hasLink: true,
    speedMbit: null,
    master: null,
  }
}

function kindByName({ name, mac }: CardFacts): Nic['kind'] {
  if (VIRTUAL_NAME.test(name) || HOST_SIDE_MAC.test(mac)) return 'virtual'
  if (VPN_NAME.test(name)) return 'vpn'
  if (WIFI_NAME.test(name)) return 'wifi'
  return BRIDGE_NAME.test(name) ? 'bridge' : 'wired'
}

/** A TAP card is Ethernet: virtual machines use it, and ZeroTier, which VPN_NAME knows. */
function isTunnel(facts: CardFacts): boolean {
  if (facts.tunFlags !== null && (facts.tunFlags & 1) !== 0) return true
  if (facts.hardwareType === null || facts.hardwareType === ETHERNET) return false
  return TUNNELS.has(facts.hardwareType)
}
