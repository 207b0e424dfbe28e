import { setImmediate as settled } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { JUMBO_DATAGRAM_BYTES } from '../../../shared/protocol/limits.ts'
import { createJumbo, type Jumbo, type JumboMachine } from './jumbo.ts'
import type { ProbeResult } from './probe.ts'

const MTU = 9000

function machine(id: string, state: 'receiving' | 'done' = 'receiving'): JumboMachine {
  const at = { atMs: 0, heardAtMs: 0 }
  return { machine: { id }, state: { state, ...at }, peer: {} }
}

/** Answers probes with what each machine hears; who is not named is silent. */
function jumbo(hears: Readonly<Record<string, number>>, mtu: number | null = MTU) {
  const asked: string[][] = []
  let waiting: JumboMachine[] = []
  const made = createJumbo(mtu, async wanted => {
    const probed = waiting
      .map(({ machine: { id } }) => ({ receiverId: id, number: 1, address: '', send: () => {} }))
      .filter(wanted)
    asked.push(probed.map(one => one.receiverId))
    return probed.map(({ receiverId }): ProbeResult => ({
      receiverId,
      number: 1,
      address: '',
      isSilent: !(receiverId in hears),
      sent: 8,
      received: 1,
      bitsPerSecond: null,
      largestBytes: hears[receiverId] ?? 0,
      kernelDrops: 0,
    }))
  })
  const isAllowed = (
    machines: JumboMachine[],
    by: Parameters<Jumbo['isAllowed']>[1] = 'multicast',
  ): boolean => {
    waiting = machines
    return made.isAllowed(machines, by)
  }
  return { isAllowed, asked }
}

const LARGE = JUMBO_DATAGRAM_BYTES

test('nobody is asked once more than needed, and all must have heard a large one', async () => {
  const { isAllowed, asked } = jumbo({ a: LARGE, b: LARGE })
  const bench = [machine('a'), machine('b')]
  expect(isAllowed(bench)).toBe(false)
  await settled()
  expect(isAllowed(bench)).toBe(true)
  expect(isAllowed(bench)).toBe(true)
  expect(asked).toEqual([['a', 'b']])
})

test('a newcomer turns it off at once, and on again when it has heard one', async () => {
  const { isAllowed, asked } = jumbo({ a: LARGE, late: LARGE })
  const a = machine('a')
  isAllowed([a])
  await settled()
  expect(isAllowed([a])).toBe(true)
  const late = machine('late')
  expect(isAllowed([a, late])).toBe(false)
  await settled()
  expect(isAllowed([a, late])).toBe(true)
  expect(asked).toEqual([['a'], ['late']])
})

test('one behind a small port keeps it off while it takes part', async () => {
  const { isAllowed, asked } = jumbo({ a: LARGE, small: 0 })
  const a = machine('a')
  const small = machine('small')
  for (let i = 0; i < 5; i++) {
    expect(isAllowed([a, small])).toBe(false)
    await settled()
  }
  expect(asked).toHaveLength(1)
  expect(isAllowed([a, { ...small, state: { state: 'done', atMs: 0 } }])).toBe(true)
})

test('a silent one is asked three times, then taken for small', async () => {
  const { isAllowed, asked } = jumbo({})
  const bench = [machine('mute')]
  for (let i = 0; i < 6; i++) {
    expect(isAllowed(bench)).toBe(false)
    await settled()
  }
  expect(asked).toHaveLength(3)
})

test('a new connection, and another delivery, are asked anew', async () => {
  const { isAllowed, asked } = jumbo({ a: LARGE })
  const a = machine('a')
  isAllowed([a])
  await settled()
  expect(isAllowed([{ ...a, peer: {} }])).toBe(false)
  await settled()
  expect(isAllowed([a], 'broadcast')).toBe(false)
  await settled()
  expect(isAllowed([a], 'broadcast')).toBe(true)
  expect(asked).toHaveLength(3)
})

test('an ordinary card, or one that tells no MTU, asks nobody', async () => {
  for (const mtu of [1500, 8619, null]) {
    const { isAllowed, asked } = jumbo({ a: LARGE }, mtu)
    isAllowed([machine('a')])
    await settled()
    expect(isAllowed([machine('a')])).toBe(false)
    expect(asked).toEqual([])
  }
  const { isAllowed, asked } = jumbo({ a: LARGE }, 8620)
  isAllowed([machine('a')])
  expect(asked).toHaveLength(1)
})

test('nobody there, nothing large', () => {
  const { isAllowed } = jumbo({})
  expect(isAllowed([])).toBe(false)
})
