import { expect, test } from 'vitest'
import type { SessionId } from '../../shared/protocol/packet.ts'
import type { HeardSession } from '../discovery.ts'
import { type Card, nearestFirst, onlyBench } from './findBench.ts'

const OFFICE: Card = { name: 'eth0', address: '10.0.0.9', prefixLength: 24 }
const BENCH: Card = { name: 'eth1', address: '192.168.7.9', prefixLength: 24 }

function heard(address: string, firstHeardAtMs = 0): HeardSession {
  return {
    session: 1 as SessionId,
    announce: {
      name: 'Lab',
      image: 'ab'.repeat(32),
      imageName: 'Windows',
      imageBytes: 1,
      state: 'waiting',
      control: { address, port: 1 },
      data: { group: '239.255.64.1', port: 63_000 },
      key: '00'.repeat(32),
    },
    firstHeardAtMs,
    heardAtMs: firstHeardAtMs,
  }
}

test('the only bench that is heard is taken, by the card that hears it', () => {
  const sessions = [
    [OFFICE, []],
    [BENCH, [heard('192.168.7.1'), heard('192.168.7.1', 500)]],
  ] as const
  expect(onlyBench(sessions, 1_000)).toEqual({
    card: 'eth1',
    cardAddress: '192.168.7.9',
    benchAddress: '192.168.7.1',
  })
})

test('of two benches none is taken, on one card or on two', () => {
  const both = [heard('10.0.0.1'), heard('10.0.0.2')]
  expect(onlyBench([[OFFICE, both]], 5_000)).toBeNull()
  const apart = [
    [OFFICE, [heard('10.0.0.1')]],
    [BENCH, [heard('192.168.7.1')]],
  ] as const
  expect(onlyBench(apart, 5_000)).toBeNull()
  expect(onlyBench([[OFFICE, []]], 5_000)).toBeNull()
})

test('a bench is taken only when every other has had its second to speak', () => {
  const sessions = [[BENCH, [heard('192.168.7.1', 400)]]] as const
  expect(onlyBench(sessions, 1_399)).toBeNull()
  expect(onlyBench(sessions, 1_400)).not.toBeNull()
})

test('an address is tried by the card on its own network first', () => {
  expect(nearestFirst([OFFICE, BENCH], '192.168.7.1')).toEqual([BENCH, OFFICE])
  expect(nearestFirst([OFFICE, BENCH], '10.0.0.200')).toEqual([OFFICE, BENCH])
  expect(nearestFirst([OFFICE, BENCH], '172.16.0.1')).toEqual([OFFICE, BENCH])
})
