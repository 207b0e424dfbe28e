/** Why scripted machines are slow, and what a scripted doctor says of the bench. */
import type { LaptopNotice } from '../../../shared/laptop.ts'
import type { Examination } from '../../../shared/ipc.ts'
import type { Receiver, Session } from '../../../shared/session.ts'

/** By bench number; the eighth keeps up. */
const REASONS: readonly NonNullable<Receiver['slowBecause']>[] = [
  { reason: 'cap', sentence: 'As fast as the cap of 900 Mbit/s lets it.' },
  {
    reason: 'network-loss',
    sentence: '5.1 % of the packets are lost on their way to it: check its cable and switch port.',
  },
  { reason: 'disk', sentence: 'Its disk takes no more: 2.4 MB/s get written, 31 MiB wait.' },
  {
    reason: 'link',
    sentence: 'Its link carries 100 Mbit/s, and 904 Mbit/s are sent: 88 % of the packets are lost.',
  },
  {
    reason: 'socket-overflow',
    sentence:
      'It is too busy: its own system dropped 4.7 % of the packets before they could be taken.',
  },
  {
    reason: 'decompression',
    sentence: 'Its processor unpacks no faster: 41 MB/s get through, 128 MiB wait.',
  },
]

export function slowed(row: Receiver): Receiver {
  const slowBecause = REASONS[(row.number - 1) % 8] ?? null
  const isSlow = slowBecause !== null && slowBecause.reason !== 'cap'
  return {
    ...row,
    slowBecause,
    isDeferred: slowBecause?.reason === 'disk',
    haveBytes: isSlow ? Math.round(row.haveBytes * 0.4) : row.haveBytes,
    rateBytesPerSecond: isSlow ? row.rateBytesPerSecond * 0.2 : row.rateBytesPerSecond,
  }
}

export const PACED_BY_DISK: Session['pacedBy'] = {
  kind: 'receiver',
  receiverNumber: 3,
  sentence: 'Machine 3’s disk paces the session',
}

export function examinationOf(
  nic: string,
  session: Session | null,
  rows: readonly Receiver[],
): Examination {
  return {
    nic,
    sessionId: session?.id ?? null,
    atMs: Date.now(),
    findings: [
      {
        code: 'doctor/multicast-blocked',
        severity: 'fault',
        receiverId: rows[7]?.id ?? null,
        sentence: 'No multicast reaches it, though it is joined and broadcast arrives.',
        advice: 'Switch off IGMP snooping on its port, or deliver by broadcast.',
        figures: { lossPercent: 100 },
      },
      {
        code: 'doctor/second-dhcp-server',
        severity: 'warning',
        receiverId: null,
        sentence: `Two DHCP servers answer on ${nic}: 192.168.77.2 and 192.168.77.9.`,
        advice: 'Unplug the one that does not belong there.',
        figures: { servers: 2 },
      },
    ],
    unexamined: ['The firewall of this computer: reading its rules needs root.'],
    recommendedDelivery: 'broadcast',
  }
}

/** One that can be closed and one that cannot. */
export const LAPTOP_NOTICES: LaptopNotice[] = [
  {
    code: 'laptop/battery-low',
    severity: 'fault',
    sentence: 'This computer’s battery is at 8 %.',
    advice: 'Plug in its power supply: when it goes to sleep, every machine waits.',
  },
  {
    code: 'laptop/vpn',
    severity: 'warning',
    sentence: 'A VPN or tunnel is on: wg0.',
    advice: 'If machines do not appear, switch it off: many take the bench’s traffic with them.',
  },
]
