import { expect, test } from 'vitest'
import { broadcastAddress, isMulticast, listenAddress } from './delivery.ts'

const card = (cidr: string) => () => ({
  lan: [
    {
      address: cidr.split('/')[0]!,
      cidr,
      netmask: '',
      family: 'IPv4' as const,
      mac: '',
      internal: false,
    },
  ],
})

test('the broadcast address has all ones where the subnet leaves room', () => {
  const of = (cidr: string) => broadcastAddress(cidr.split('/')[0]!, card(cidr))
  expect(of('10.1.2.3/24')).toBe('10.1.2.255')
  expect(of('10.1.2.3/8')).toBe('10.255.255.255')
  expect(of('192.168.77.129/25')).toBe('192.168.77.255')
  expect(of('192.168.77.1/30')).toBe('192.168.77.3')
  expect(of('192.168.77.1/31')).toBeNull()
  expect(of('192.168.77.1/32')).toBeNull()
})

test('an address that no card has, has no broadcast', () => {
  expect(broadcastAddress('192.0.2.1', card('10.1.2.3/24'))).toBeNull()
})

test('224 to 239 are groups, nothing else is', () => {
  for (const group of ['224.0.0.1', '239.255.77.67']) expect(isMulticast(group)).toBe(true)
  for (const other of ['223.255.255.255', '240.0.0.1', '255.255.255.255', '10.0.0.255']) {
    expect(isMulticast(other)).toBe(false)
  }
})

test('a receiver listens to the group, to its subnet, or to itself', () => {
  expect(listenAddress('multicast', '239.255.64.1', '127.0.0.1')).toBe('239.255.64.1')
  expect(listenAddress('broadcast', '239.255.64.1', '127.0.0.1')).toBe('127.255.255.255')
  expect(listenAddress('unicast', '239.255.64.1', '127.0.0.1')).toBe('127.0.0.1')
})
