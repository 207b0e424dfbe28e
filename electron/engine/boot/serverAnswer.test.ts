import { beforeEach, describe, expect, it } from 'vitest'
import { ask, at67, packetOf, plainAsk, SERVER, sent, serverConfig } from './answer.fixture.ts'
import { answer } from './dhcpAnswer.ts'
import { addressOf, numberOf, OPTION, textOf } from './dhcpOptions.ts'
import type { DhcpPacket } from './dhcpPacket.ts'
import type { Decision, DhcpConfig } from './dhcpReply.ts'
import { recorded } from './dhcpVectors.fixture.ts'
import { avoid, leaseOf, type Leases, offer } from './leases.ts'

const FIRST = '10.79.0.100'
const US = SERVER.split('.').map(Number)
const address = (text: string): number[] => text.split('.').map(Number)

let leases: Leases
let nowMs: number
beforeEach(() => {
  leases = new Map()
  nowMs = 1_000_000
})

/** Answers as the server does, with a network where nobody else is: probes come out free. */
function tell(packet: DhcpPacket, how: DhcpConfig = serverConfig): Decision {
  const first = answer(at67(packet), how, leases, nowMs)
  leases = first.leases
  if (first.decision.kind !== 'probe') return first.decision
  leases = offer(leases, first.decision.address, first.decision.mac, nowMs)
  const second = answer(at67(packet), how, leases, nowMs)
  leases = second.leases
  return second.decision
}

const mac = (n: number): string => `52:54:00:00:00:${n.toString(16).padStart(2, '0')}`
const discover = (n: number, options = {}): DhcpPacket => plainAsk({ mac: mac(n) }, options)
const select = (n: number, wanted: string, server = US): DhcpPacket =>
  plainAsk({ mac: mac(n), type: 'request' }, { 54: server, 50: address(wanted) })
const renew = (n: number, ciaddr: string, type: DhcpPacket['type'] = 'request'): DhcpPacket =>
  plainAsk({ mac: mac(n), type, ciaddr })
const reboot = (n: number, wanted: string): DhcpPacket =>
  plainAsk({ mac: mac(n), type: 'request' }, { 50: address(wanted) })

/** A machine that has been given an address. */
function bound(n: number): string {
  const { yiaddr } = sent(tell(discover(n)))
  expect(sent(tell(select(n, yiaddr)))).toMatchObject({ type: 'ack', yiaddr })
  return yiaddr
}

describe('from DISCOVER to a lease', () => {
  it('asks the network before it offers, then offers', () => {
    const { decision } = answer(at67(discover(1)), serverConfig, leases, nowMs)
    expect(decision).toEqual({ kind: 'probe', address: FIRST, mac: mac(1) })
    const given = sent(tell(discover(1)))
    expect(given).toMatchObject({ type: 'offer', yiaddr: FIRST, siaddr: '0.0.0.0', file: '' })
    expect(addressOf(given.options, OPTION.serverId)).toBe(SERVER)
    expect(addressOf(given.options, OPTION.subnetMask)).toBe('255.255.255.0')
    expect(addressOf(given.options, OPTION.broadcastAddress)).toBe('10.79.0.255')
    expect(numberOf(given.options, OPTION.leaseTime, 4)).toBe(600)
    expect(numberOf(given.options, OPTION.renewalTime, 4)).toBe(300)
    expect(numberOf(given.options, OPTION.rebindingTime, 4)).toBe(525)
    expect(given.options.has(OPTION.router)).toBe(false)
    expect(given.options.has(OPTION.dnsServer)).toBe(false)
  })

  it('binds what it offered, for the time it says, with the machine’s name', () => {
    tell(discover(1))
    const ack = sent(
      tell(
        plainAsk({ mac: mac(1), type: 'request' }, { 54: US, 50: address(FIRST), 12: 'bench-1' }),
      ),
    )
    expect(ack).toMatchObject({ type: 'ack', yiaddr: FIRST })
    expect(leases.get(FIRST)).toEqual({
      address: FIRST,
      mac: mac(1),
      state: 'bound',
      untilMs: nowMs + 600_000,
      hostName: 'bench-1',
    })
  })

  it('gives one machine one address, whatever its stages call themselves', () => {
    const given = bound(1)
    const iPxe = ask({ mac: mac(1) }, { 61: [1, 0x52, 0x54, 0, 0, 0, 1] }, packetOf(recorded('01')))
    expect(sent(tell(iPxe)).yiaddr).toBe(given)
    expect(sent(tell(discover(1, { 61: [255, 1, 2, 3, 4, 5] }))).yiaddr).toBe(given)
    expect(leases.size).toBe(1)
  })

  it('gives different machines different addresses until none is left, and then none', () => {
    const given = [1, 2, 3, 4].map(bound)
    expect(new Set(given).size).toBe(4)
    expect(tell(discover(5))).toEqual({ kind: 'silent', reason: 'pool empty' })
  })

  it('offers the address that is asked for, if it is free', () => {
    expect(sent(tell(discover(1, { 50: address('10.79.0.102') }))).yiaddr).toBe('10.79.0.102')
    expect(sent(tell(discover(2, { 50: address('10.79.0.102') }))).yiaddr).toBe(FIRST)
    expect(sent(tell(discover(3, { 50: address('192.0.2.1') }))).yiaddr).toBe('10.79.0.101')
  })

  it('passes over an address that somebody else was found to use, for a while', () => {
    leases = avoid(leases, FIRST, 'foreign', nowMs)
    expect(bound(1)).toBe('10.79.0.101')
    expect([2, 3].map(bound)).toEqual(['10.79.0.102', '10.79.0.103'])
    expect(tell(discover(4))).toMatchObject({ reason: 'pool empty' })
    nowMs += 601_000
    expect(bound(4)).toBe(FIRST)
  })

  it('asks the network again when a lease has ended, and gives the same address back', () => {
    const given = bound(2)
    nowMs += 601_000
    expect(answer(at67(discover(2)), serverConfig, leases, nowMs).decision).toMatchObject({
      kind: 'probe',
      address: given,
    })
    expect(bound(1)).not.toBe(given)
    expect(bound(2)).toBe(given)
  })

  it('lets offers that nobody takes give way, so that invented machines lock nobody out', () => {
    for (const n of [1, 2, 3, 4]) tell(discover(n))
    expect(tell(discover(5))).toMatchObject({ reason: 'pool empty' })
    nowMs += 5_001
    expect(sent(tell(discover(5))).type).toBe('offer')
  })

  it('frees its offer when the machine takes another server’s', () => {
    tell(discover(1))
    expect(tell(select(1, '10.79.0.50', [10, 79, 0, 2]))).toMatchObject({ reason: 'not ours' })
    expect(leases.get(FIRST)?.state).toBe('released')
    expect(sent(tell(discover(2, { 50: address(FIRST) }))).yiaddr).toBe(FIRST)
  })

  it('keeps a lease of a machine that talks to another server', () => {
    const given = bound(1)
    tell(select(1, '10.79.0.50', [10, 79, 0, 2]))
    expect(leases.get(given)?.state).toBe('bound')
  })

  it('refuses a request by name for what it never offered', () => {
    tell(discover(1))
    const refusal = tell(select(1, '10.79.0.103'))
    expect(sent(refusal)).toMatchObject({ type: 'nak', yiaddr: '0.0.0.0', isBroadcast: true })
    expect(textOf(sent(refusal).options, OPTION.message)).toMatch(/address/)
  })

  it('tells of a router and name servers where there are some', () => {
    const how = { ...serverConfig, router: '10.79.0.254', dnsServers: ['9.9.9.9', '1.1.1.1'] }
    const { options } = sent(tell(discover(1), how))
    expect(addressOf(options, OPTION.router)).toBe('10.79.0.254')
    expect([...options.get(OPTION.dnsServer)!]).toEqual([9, 9, 9, 9, 1, 1, 1, 1])
  })
})

describe('the boot part of a lease', () => {
  it('names the file in the header and, where asked, in options; no option 60 or 43 for PXE', () => {
    const given = sent(tell(ask()))
    expect(given).toMatchObject({
      siaddr: SERVER,
      sname: SERVER,
      file: 'shimx64.efi',
      yiaddr: FIRST,
    })
    expect(textOf(given.options, OPTION.bootFileName)).toBe('shimx64.efi')
    expect(textOf(given.options, OPTION.tftpServerName)).toBe(SERVER)
    expect(given.options.get(OPTION.machineUuid)).toHaveLength(17)
    expect(given.options.has(OPTION.vendorClass)).toBe(false)
    expect(given.options.has(OPTION.vendorOptions)).toBe(false)
  })

  it('is in the ACK as in the offer', () => {
    tell(ask())
    const ack = sent(tell(ask({ type: 'request' }, { 54: US, 50: address(FIRST) })))
    expect(ack).toMatchObject({ type: 'ack', yiaddr: FIRST, siaddr: SERVER, file: 'shimx64.efi' })
  })

  it('says HTTPClient to UEFI HTTP Boot, with the URL', () => {
    const given = sent(tell(packetOf(recorded('17'))))
    expect(given.file).toBe(`http://${SERVER}:8080/shimx64.efi`)
    expect(textOf(given.options, OPTION.vendorClass)).toBe('HTTPClient')
    expect(textOf(given.options, OPTION.bootFileName)).toBe(given.file)
  })

  it('is absent for machines that do not ask to boot, which get an address alone', () => {
    expect(sent(tell(discover(1)))).toMatchObject({ yiaddr: FIRST, siaddr: '0.0.0.0', file: '' })
  })
})

describe('a machine that has an address already', () => {
  it('extends its lease, and is answered where it is', () => {
    const given = bound(1)
    nowMs += 300_000
    const decision = tell(renew(1, given))
    expect(decision).toMatchObject({ to: { address: given, port: 68 } })
    expect(sent(decision)).toMatchObject({ type: 'ack', yiaddr: given, ciaddr: given })
    expect(leases.get(given)?.untilMs).toBe(nowMs + 600_000)
  })

  it('gets its address confirmed after a restart', () => {
    const given = bound(1)
    const decision = tell(reboot(1, given))
    expect(sent(decision)).toMatchObject({ type: 'ack', yiaddr: given, ciaddr: '0.0.0.0' })
    expect(decision).toMatchObject({ to: { address: '255.255.255.255', port: 68 } })
  })

  it.each([
    ['that is of another network', () => reboot(1, '192.168.1.5')],
    ['that is not the one it was given', () => reboot(1, '10.79.0.103')],
    ['that it extends in another network', () => renew(1, '192.168.1.5')],
  ])('is refused an address %s, but only by the network’s one server', (_, packet) => {
    bound(1)
    const refusal = tell(packet())
    expect(sent(refusal)).toMatchObject({ type: 'nak', ciaddr: '0.0.0.0' })
    expect(refusal).toMatchObject({ to: { address: '255.255.255.255', port: 68 } })
    const beside = { ...serverConfig, isAuthoritative: false }
    expect(tell(packet(), beside)).toEqual({ kind: 'silent', reason: 'unknown address' })
  })

  it('is refused another machine’s address', () => {
    const given = bound(1)
    expect(sent(tell(renew(2, given))).type).toBe('nak')
    expect(sent(tell(reboot(2, given))).type).toBe('nak')
    expect(leases.get(given)?.mac).toBe(mac(1))
  })

  it('is not answered when nothing is known of it: another server may know more', () => {
    expect(tell(reboot(7, FIRST))).toMatchObject({ reason: 'unknown address' })
    const beside = { ...serverConfig, isAuthoritative: false }
    expect(tell(renew(7, FIRST), beside)).toMatchObject({ reason: 'unknown address' })
  })

  it('keeps an address in use that our records lost', () => {
    expect(sent(tell(renew(7, FIRST)))).toMatchObject({ type: 'ack', yiaddr: FIRST })
    expect(leaseOf(leases, mac(7))?.address).toBe(FIRST)
  })

  it('keeps the same address when it renews after an end that nobody used', () => {
    const given = bound(1)
    nowMs += 700_000
    expect(sent(tell(renew(1, given)))).toMatchObject({ type: 'ack', yiaddr: given })
  })

  it('declines: the address is left alone for ten minutes, and it gets another', () => {
    const given = bound(1)
    const decline = plainAsk({ mac: mac(1), type: 'decline' }, { 54: US, 50: address(given) })
    expect(tell(decline)).toMatchObject({ kind: 'silent' })
    expect(leases.get(given)).toMatchObject({ state: 'declined', mac: '' })
    expect(bound(1)).not.toBe(given)
  })

  it('declines nothing in another machine’s name, nor at another server', () => {
    const given = bound(1)
    tell(plainAsk({ mac: mac(2), type: 'decline' }, { 54: US, 50: address(given) }))
    tell(plainAsk({ mac: mac(1), type: 'decline' }, { 54: [10, 79, 0, 2], 50: address(given) }))
    expect(leases.get(given)?.state).toBe('bound')
  })

  it('releases: others may have the address, and it gets it back if none has', () => {
    const given = bound(1)
    const release = plainAsk({ mac: mac(1), type: 'release', ciaddr: given }, { 54: US })
    expect(tell(release)).toMatchObject({ kind: 'silent' })
    expect(leases.get(given)?.state).toBe('released')
    expect(sent(tell(discover(1))).yiaddr).toBe(given)
  })

  it('releases nothing in another machine’s name', () => {
    const given = bound(1)
    tell(plainAsk({ mac: mac(2), type: 'release', ciaddr: given }, { 54: US }))
    expect(leases.get(given)?.state).toBe('bound')
  })

  it('is informed without a lease', () => {
    const decision = tell(renew(1, '10.79.0.20', 'inform'))
    const ack = sent(decision)
    expect(decision).toMatchObject({ to: { address: '10.79.0.20', port: 68 } })
    expect(ack).toMatchObject({ type: 'ack', yiaddr: '0.0.0.0', ciaddr: '10.79.0.20' })
    expect(addressOf(ack.options, OPTION.subnetMask)).toBe('255.255.255.0')
    expect(ack.options.has(OPTION.leaseTime)).toBe(false)
    expect(leases.size).toBe(0)
  })

  it('makes nobody outside the network a target', () => {
    expect(tell(renew(1, '192.0.2.1', 'inform'))).toMatchObject({ reason: 'foreign address' })
    const refusal = tell(renew(1, '192.0.2.1'))
    expect(refusal).toMatchObject({ to: { address: '255.255.255.255' } })
  })
})

it('says nothing to server’s words in a client’s mouth, or to a request for nothing', () => {
  for (const type of ['offer', 'ack', 'nak'] as const)
    expect(tell(plainAsk({ type }))).toMatchObject({ reason: 'reply' })
  expect(tell(plainAsk({ type: 'request' }))).toMatchObject({ reason: 'not asked' })
})

it('answers through a relay on port 67, and refuses through it with the broadcast bit', () => {
  const relayed = plainAsk({ mac: mac(1), giaddr: '10.79.0.7', isBroadcast: false })
  expect(tell(relayed)).toMatchObject({ to: { address: '10.79.0.7', port: 67 } })
  const refusal = tell({ ...select(1, '10.79.0.103'), giaddr: '10.79.0.7', isBroadcast: false })
  expect(refusal).toMatchObject({ to: { address: '10.79.0.7', port: 67 } })
  expect(sent(refusal)).toMatchObject({ type: 'nak', isBroadcast: true })
})
