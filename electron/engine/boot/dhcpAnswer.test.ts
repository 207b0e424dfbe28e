/** What must hold after any datagrams in any order; the single decisions are in proxyAnswer and serverAnswer. */
import { expect, it } from 'vitest'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { ask, config, packetOf, SERVER, serverConfig, subnet } from './answer.fixture.ts'
import { answer } from './dhcpAnswer.ts'
import { addressOf, OPTION } from './dhcpOptions.ts'
import { decodeDhcp, type DhcpPacket, encodeDhcp, MESSAGE_TYPES } from './dhcpPacket.ts'
import type { DhcpConfig } from './dhcpReply.ts'
import { recorded, recordedDhcp } from './dhcpVectors.fixture.ts'
import { avoid, isHeld, type Leases, offer } from './leases.ts'
import { isWithin } from './subnet.ts'

const ovmf = packetOf(recorded('07'))
const seeds = recordedDhcp().map(one => one.bytes)
const addresses = ['0.0.0.0', SERVER, '192.0.2.7', '10.79.0.255', ...serverConfig.pool]

/** A request that a machine, or an enemy, might send: mostly sensible fields, in senseless combinations. */
function anyRequest(below: (bound: number) => number): DhcpPacket {
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!
  const octets = (): number[] => pick(addresses).split('.').map(Number)
  return ask(
    {
      type: pick(MESSAGE_TYPES),
      mac: `52:54:00:00:00:0${below(9)}`,
      xid: below(2 ** 32),
      ciaddr: below(2) ? '0.0.0.0' : pick(addresses),
      giaddr: below(9) ? '0.0.0.0' : pick(addresses),
      isBroadcast: below(2) === 1,
    },
    {
      50: below(2) ? octets() : null,
      54: below(2) ? octets() : null,
      60: below(2) ? 'PXEClient' : 'udhcp 1.35.0',
      93: below(9) ? [0, below(24)] : [below(256)],
      43: below(9) ? null : [71, 4, 0x80, 1, 0, 0, 255],
    },
    ovmf,
  )
}

it.each([
  ['as the one server', serverConfig],
  ['as a second server', { ...serverConfig, isAuthoritative: false }],
  ['as a proxy', config],
] as const)('holds whatever is asked, %s', (_, how: DhcpConfig) => {
  const random = seededRandom(3927)
  const below = (bound: number): number => Math.floor(random() * bound)
  let leases: Leases = new Map()
  let nowMs = 1
  const kinds = new Map<string, number>()
  for (let i = 0; i < 4_000; i++) {
    nowMs += below(10_000)
    const packet = anyRequest(below)
    const from = { address: addresses[below(addresses.length)]!, port: 68 }
    const port = below(4) ? 67 : 4011
    const before = leases
    const answered = answer({ packet, from, port }, how, leases, nowMs)
    leases = answered.leases
    const { decision } = answered
    kinds.set(decision.kind, (kinds.get(decision.kind) ?? 0) + 1)
    if (decision.kind === 'probe') {
      // Only an address that is nobody's.
      expect(how.pool).toContain(decision.address)
      const held = before.get(decision.address)
      const isStaleOffer = held?.state === 'offered' && held.mac !== packet.mac
      expect(isHeld(held, nowMs) && !isStaleOffer).toBe(false)
      leases = below(9)
        ? offer(leases, decision.address, decision.mac, nowMs)
        : avoid(leases, decision.address, 'foreign', nowMs)
    }
    if (decision.kind === 'reply') {
      const bytes = encodeDhcp(decision.packet)
      const reply = decodeDhcp(bytes)
      expect(reply).toMatchObject({ op: 'reply', xid: packet.xid, mac: packet.mac })
      if (reply.kind !== 'dhcp') throw new Error(reply.reason)
      expect(addressOf(reply.options, OPTION.serverId)).toBe(SERVER)
      expect(bytes.length).toBeLessThanOrEqual(1472)
      // To everyone on the card, or to one in its network: nobody else can be made a target.
      const { address } = decision.to
      expect(address === '255.255.255.255' || isWithin(address, subnet)).toBe(true)
      if (reply.yiaddr !== '0.0.0.0') {
        expect(how.mode).toBe('server')
        expect(how.pool).toContain(reply.yiaddr)
        expect(leases.get(reply.yiaddr)).toMatchObject({ mac: packet.mac })
      }
    }
    const macs = [...leases.values()].flatMap(lease => (lease.mac === '' ? [] : [lease.mac]))
    expect(new Set(macs).size).toBe(macs.length)
    expect([...leases.keys()].every(address => how.pool.includes(address))).toBe(true)
  }
  expect(kinds.get('reply')).toBeGreaterThan(50)
  expect(kinds.get('silent')).toBeGreaterThan(50)
  if (how.mode === 'proxy') expect(leases.size).toBe(0)
  else expect(kinds.get('probe')).toBeGreaterThan(20)
})

it('never throws on what 100,000 mutated datagrams decode to, and can write every answer', () => {
  const random = seededRandom(2132)
  const below = (bound: number): number => Math.floor(random() * bound)
  let leases: Leases = new Map()
  let replies = 0
  let longest = 0
  for (let i = 0; i < 100_000; i++) {
    const bytes = seeds[below(seeds.length)]!.slice()
    if (below(8)) bytes[0] = 1
    for (let change = below(4); change > 0; change--) bytes[below(bytes.length)] = below(256)
    const packet = decodeDhcp(bytes)
    if (packet.kind !== 'dhcp') continue
    const from = { address: '10.79.0.145', port: 68 }
    const port = below(3) ? 67 : 4011
    const how = below(2) ? serverConfig : config
    const answered = answer({ packet, from, port }, how, leases, i * 100)
    leases = answered.leases
    const { decision } = answered
    if (decision.kind === 'probe') leases = offer(leases, decision.address, decision.mac, i * 100)
    if (decision.kind !== 'reply') continue
    replies++
    longest = Math.max(longest, encodeDhcp(decision.packet).length)
  }
  expect(longest).toBeLessThanOrEqual(1472)
  expect(replies).toBeGreaterThan(10_000)
})
