import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { ANNOUNCE_GROUP } from '../../../shared/protocol/limits.ts'
import { DEFAULT_SETTINGS } from '../../../shared/settings.ts'
import { chooseAddress, chooseGroup, takenPorts } from './address.ts'

const free = async (): Promise<boolean> => false
const range = (groupFirst: string, groupLast: string) => ({
  ...DEFAULT_SETTINGS,
  groupFirst,
  groupLast,
})
const ports = (portFirst: number, portLast: number) => ({
  ...DEFAULT_SETTINGS,
  portFirst,
  portLast,
})
/** RFC 1112 §6.4. */
const mac = (group: string): string => {
  const [, second = 0, third, fourth] = group.split('.').map(Number)
  return [second & 127, third, fourth].join('.')
}

test('groups come from the whole range, and none has the MAC of one that everybody hears', async () => {
  const seen = new Set<string>()
  for (let i = 0; i < 2_000; i++) {
    const group = chooseGroup(DEFAULT_SETTINGS, [])
    expect(group).toMatch(/^239\.\d+\.\d+\.\d+$/)
    expect(mac(group)).not.toMatch(/^0\.0\./)
    seen.add(group.split('.')[1] ?? '')
  }
  expect(seen.size).toBeGreaterThan(200)
})

test.each([
  ['239.0.0.0', '239.0.1.0', '239.0.1.0'],
  ['239.128.0.0', '239.128.1.0', '239.128.1.0'],
  ['239.255.254.255', '239.255.255.255', '239.255.254.255'],
  ['239.127.77.66', '239.127.77.67', '239.127.77.66'],
  ['239.255.77.67', '239.255.77.68', '239.255.77.68'],
])('from %s to %s only %s is fit', (first, last, only) => {
  for (let i = 0; i < 20; i++) expect(chooseGroup(range(first, last), [])).toBe(only)
  expect(() => chooseGroup(range(first, last), [{ group: only }])).toThrow(
    `from ${first} to ${last}`,
  )
})

test('a group is never one that differs from another session’s only where cards do not look', () => {
  const others = [{ group: '239.129.2.3' }]
  for (let i = 0; i < 20; i++) {
    expect(chooseGroup(range('239.1.2.3', '239.1.2.4'), others)).toBe('239.1.2.4')
  }
  expect(mac(ANNOUNCE_GROUP)).toBe(mac('239.127.77.67'))
})

test('sessions open until the range is full have ports of their own, two each', async () => {
  const others: { group: string; port: number }[] = []
  // A random first may leave single ports over.
  for (;;) {
    const chosen = await chooseAddress(ports(50_000, 50_019), others, free).catch(String)
    if (typeof chosen === 'string') {
      expect(chosen).toMatch(/50000 to 50019/)
      break
    }
    others.push(chosen)
  }
  const taken = others.flatMap(({ port }) => [port, port + 1])
  expect(new Set(taken).size).toBe(taken.length)
  expect(Math.min(...taken)).toBeGreaterThanOrEqual(50_000)
  expect(Math.max(...taken)).toBeLessThanOrEqual(50_019)
  expect(others.length).toBeGreaterThanOrEqual(7)
})

test('ports that another part of the bench uses are left alone', async () => {
  const only = await chooseAddress(ports(8_998, 9_003), [], free)
  expect([8_998, 9_002]).toContain(only.port)
  await expect(chooseAddress(ports(7_767, 7_776), [], free)).rejects.toThrow(/7767 to 7776/)
})

test.each(['127.0.0.1', '0.0.0.0', '239.255.99.77'])(
  'a port that a program holds on %s is not chosen',
  async address => {
    const socket = createSocket('udp4')
    socket.bind({ address, port: 0 })
    await once(socket, 'listening')
    const { port } = socket.address()
    const isTaken = takenPorts('127.0.0.1')
    expect(await isTaken(port)).toBe(true)
    const settings = ports(port - 1, port + 1)
    await expect(
      chooseAddress(settings, [], async one => one === port && isTaken(one)),
    ).rejects.toThrow(/No two free/)
    await new Promise<void>(resolve => socket.close(resolve))
    expect(await takenPorts('127.0.0.1')(port)).toBe(false)
  },
)
