import { expect, it } from 'vitest'
import { broadcastOf, isWithin, maskOf, poolAddresses, poolIn } from './subnet.ts'

it.each([
  ['192.168.77.1', 24, '255.255.255.0', '192.168.77.255', '192.168.77.32', '192.168.77.254'],
  ['10.0.0.9', 29, '255.255.255.248', '10.0.0.15', '10.0.0.9', '10.0.0.14'],
  ['172.16.0.1', 16, '255.255.0.0', '172.16.255.255', '172.16.32.0', '172.16.35.255'],
  ['200.0.0.1', 8, '255.0.0.0', '200.255.255.255', '200.32.0.0', '200.32.3.255'],
])(
  'knows the network of %s/%i and what of it may be given out',
  (address, prefixLength, mask, last, from, to) => {
    const subnet = { address, prefixLength }
    expect(maskOf(subnet)).toBe(mask)
    expect(broadcastOf(subnet)).toBe(last)
    expect(poolIn(subnet)).toEqual({ first: from, last: to })
    const pool = poolAddresses(poolIn(subnet)!, subnet)
    expect(pool.length).toBeGreaterThan(4)
    expect(pool).not.toContain(address)
    for (const one of pool) {
      expect(isWithin(one, subnet)).toBe(true)
      expect(one).not.toMatch(/\.(0|255)$/)
    }
  },
)

it('has no pool where there is no room', () => {
  for (const prefixLength of [30, 31, 32])
    expect(poolIn({ address: '10.0.0.1', prefixLength })).toBeNull()
})

it('gives out nothing of a pool that lies outside', () => {
  const subnet = { address: '10.0.0.1', prefixLength: 24 }
  expect(poolAddresses({ first: '10.0.0.254', last: '10.0.1.9' }, subnet)).toEqual(['10.0.0.254'])
  expect(poolAddresses({ first: '9.255.255.250', last: '10.0.0.2' }, subnet)).toEqual(['10.0.0.2'])
  expect(poolAddresses({ first: '10.0.0.9', last: '10.0.0.8' }, subnet)).toEqual([])
})

it('knows what is within', () => {
  const subnet = { address: '10.0.0.1', prefixLength: 30 }
  expect(['10.0.0.0', '10.0.0.3'].every(address => isWithin(address, subnet))).toBe(true)
  expect(['9.255.255.255', '10.0.0.4', '0.0.0.0'].some(address => isWithin(address, subnet))).toBe(
    false,
  )
})
