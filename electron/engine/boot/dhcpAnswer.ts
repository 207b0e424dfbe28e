/**
 * What to answer to a datagram: the whole of DHCP's decisions, without sockets, clock or disk.
 *
 * As a proxy (PXE 2.1 §2.2.5) we add only the boot part beside another server, and answer nobody who does not ask to
 * boot. As a server we give addresses (RFC 2131) and the boot part in one. Port 4011 is the boot server of either.
 */
import { isAdmitted } from './admission.ts'
import { type DhcpPacket, NO_ADDRESS } from './dhcpPacket.ts'
import {
  type Answered,
  type BootPart,
  type DhcpConfig,
  type DhcpRequest,
  type Silence,
  silent,
} from './dhcpReply.ts'
import { bootClientIn, bootFileFor, OWN_DISK } from './firmware.ts'
import type { Leases } from './leases.ts'
import { answerBootServer, proxyOffer } from './proxyAnswer.ts'
import { answerAsServer } from './serverAnswer.ts'
import { isWithin } from './subnet.ts'

/** Never throws, whatever the datagram. */
export function answer(
  request: DhcpRequest,
  config: DhcpConfig,
  leases: Leases,
  nowMs: number,
): Answered {
  const { packet, port } = request
  if (packet.op !== 'request') return silent('reply', leases)
  if (packet.giaddr !== NO_ADDRESS && !isWithin(packet.giaddr, config.subnet))
    return silent('relayed', leases)
  const boot = bootPart(packet, config)
  if (port === 4011) return { decision: answerBootServer(request, boot, config), leases }
  // Not admitted, or nothing for it: it must go on to its next boot device at once, not hold an address and wait.
  if (typeof boot === 'string' && boot !== 'not booting') return silent(boot, leases)
  const found = typeof boot === 'string' ? null : boot
  if (config.mode === 'server') return answerAsServer(request, found, config, leases, nowMs)
  if (!found) return silent('not booting', leases)
  // A proxy must not take part in the choice of an address (PXE 2.1 §2.2.5).
  if (packet.type !== 'discover') return silent('not asked', leases)
  return { decision: proxyOffer(packet, found, config), leases }
}

function bootPart(packet: DhcpPacket, config: DhcpConfig): BootPart | Silence {
  const client = bootClientIn(packet)
  if (!client) return 'not booting'
  if (!isAdmitted(client, config.admission)) return 'not admitted'
  const file = bootFileFor(client, config.files)
  if (file === null) return 'no file'
  return { client, file: config.admission.isImaged(client.mac) ? inPlaceOf(file) : file }
}

/** A name as well as a URL. */
function inPlaceOf(file: string): string {
  return file.replace(/[^/]*$/, OWN_DISK)
}
