import { describe, expect, test } from 'vitest'
import { findingSchema, type Nic } from '../../../shared/ipc.ts'
import { diagnose, recommendDelivery } from './diagnose.ts'
import type { BenchFacts, CardFacts, MachineFacts, ProbeFacts, ReportFacts } from './facts.ts'

function nic(name: string, change: Partial<Nic> = {}): Nic {
  return {
    name,
    address: `10.0.${name.length}.1`,
    prefixLength: 24,
    broadcast: `10.0.${name.length}.255`,
    mac: '02:00:00:00:00:01',
    linkBitsPerSecond: 1e9,
    state: 'up',
    kind: 'wired',
    warning: null,
    isPreferred: false,
    ...change,
  }
}

function card(name: string, change: Partial<CardFacts> = {}, of: Partial<Nic> = {}): CardFacts {
  const heard = { booting: [], receivers: [], querier: null }
  return { nic: nic(name, of), hasDefaultRoute: false, heard, ...change }
}

const all = (sent = 200): ProbeFacts => ({ sent, received: sent, kernelDrops: 0 })
const nothing: ProbeFacts = { sent: 200, received: 0, kernelDrops: 0 }
const some = (received: number, kernelDrops = 0): ProbeFacts => ({
  sent: 200,
  received,
  kernelDrops,
})
const reported = (change: Partial<ReportFacts>): ReportFacts => ({
  overMs: 5_000,
  sent: 10_000,
  received: 10_000,
  missed: 0,
  kernelDrops: 0,
  ...change,
})

function machine(number: number, change: Partial<MachineFacts> = {}): MachineFacts {
  return {
    receiverId: String(number).padStart(32, '0'),
    number,
    name: `pc${number}`,
    address: `10.0.3.${number + 1}`,
    linkBitsPerSecond: 1e9,
    multicast: all(),
    broadcast: null,
    unicast: null,
    burstBitsPerSecond: [],
    reports: null,
    ...change,
  }
}

const HEALTHY: BenchFacts = {
  card: card('lan'),
  others: [card('office', { hasDefaultRoute: true })],
  ports: [],
  dhcp: [],
  querier: { offReason: null, other: null, isListening: true },
  unanswered: [],
  machines: [machine(1), machine(2), machine(3)],
  delivery: 'multicast',
}

/** `code` or `code number of the machine`. */
function named(change: Partial<BenchFacts>): string[] {
  const findings = diagnose({ ...HEALTHY, ...change })
  for (const finding of findings) {
    expect(findingSchema.safeParse(finding).success, JSON.stringify(finding)).toBe(true)
    expect(finding.sentence).toMatch(/[.]$/)
    expect(finding.severity === 'info' || finding.advice !== '').toBe(true)
  }
  return findings.map(({ code, receiverId, severity }) => {
    const what = code.replace('doctor/', severity === 'info' ? '(info) ' : '')
    return receiverId === null ? what : `${what} ${Number(receiverId)}`
  })
}

const withMachines = (...machines: MachineFacts[]): string[] => named({ machines })
const asking = (mac: string): CardFacts['heard'] => ({
  booting: [mac],
  receivers: [],
  querier: null,
})

test('nothing is wrong with a healthy bench, whatever the cards are called and nobody listens', () => {
  expect(named({})).toEqual([])
  expect(named({ card: card('lan', { heard: null }), others: [], machines: null })).toEqual([])
})

describe('the card', () => {
  test.each([
    [card('lan', {}, { state: 'down' }), ['card-off']],
    [card('lan', {}, { state: 'no-link', address: null }), ['no-link']],
    [card('lan', {}, { address: null, broadcast: null }), ['no-address']],
    [card('lan', {}, { kind: 'wifi', warning: 'Slow.' }), ['poor-card']],
    [card('lan', {}, { kind: 'virtual', warning: 'Virtual.' }), []],
    [card('lan', {}, { linkBitsPerSecond: 1e8 }), ['slow-card']],
    [card('lan', {}, { linkBitsPerSecond: 25e8 }), []],
  ])('%#: its state is said', (one, expected) => {
    expect(named({ card: one, machines: [] })).toEqual(expected)
  })

  test('is the wrong one when machines look for something on another, and nobody here', () => {
    const others = [card('other', { heard: asking('02:aa') })]
    expect(named({ others, machines: [] })).toEqual(['wrong-card'])
    expect(named({ others, machines: null })).toEqual(['wrong-card'])
    expect(named({ others })).toEqual([])
    const here = card('lan', { heard: asking('02:bb') })
    expect(named({ card: here, others, machines: [] })).toEqual([])
  })

  test('without a link is the wrong one, too, when machines look for something on another', () => {
    const others = [card('other', { heard: asking('02:aa') })]
    const dead = card('lan', {}, { state: 'no-link' })
    expect(named({ card: dead, others, machines: [] })).toEqual(['no-link', 'wrong-card'])
  })

  test('may be the office’s when it leads to the internet and another wired one does not', () => {
    const office = card('lan', { hasDefaultRoute: true })
    expect(named({ card: office, others: [card('bench')], machines: [] })).toEqual(['office-card'])
    expect(named({ card: office, others: [card('bench')] })).toEqual([])
    const virtual = card('docker', {}, { kind: 'virtual' })
    expect(named({ card: office, others: [virtual], machines: [] })).toEqual([])
  })

  test('shares its subnet with another', () => {
    const twin = card('two', {}, { broadcast: '10.0.3.255', address: '10.0.3.9' })
    expect(named({ others: [twin] })).toEqual(['same-subnet'])
  })
})

describe('this computer and the switch', () => {
  test('a port taken names who has it, where that is known', () => {
    const port = { port: 69, protocol: 'udp', purpose: 'send boot files' } as const
    const [known] = diagnose({
      ...HEALTHY,
      ports: [{ ...port, holder: { pid: 17, name: 'tftpd' } }],
    })
    expect(known).toMatchObject({ code: 'doctor/port-taken', figures: { port: 69, pid: 17 } })
    expect(known?.sentence).toContain('tftpd (process 17)')
    expect(named({ ports: [{ ...port, holder: null }] })).toEqual(['port-taken'])
  })

  test('of DHCP servers one is information, two are a warning; a proxy and our own do not count', () => {
    const server = { address: '10.0.3.50', offersAddress: true, offersBoot: false }
    const second = { ...server, address: '10.0.3.51' }
    const proxy = { address: '10.0.3.52', offersAddress: false, offersBoot: true }
    expect(named({ dhcp: null })).toEqual([])
    expect(named({ dhcp: [server] })).toEqual(['(info) dhcp-server'])
    expect(named({ dhcp: [server, proxy] })).toEqual(['(info) dhcp-server'])
    expect(named({ dhcp: [server, { ...second, address: '10.0.3.1' }] })).toEqual([
      '(info) dhcp-server',
    ])
    expect(named({ dhcp: [server, second] })).toEqual(['second-dhcp-server'])
    expect(named({ dhcp: [proxy, { ...second, offersBoot: true }] })).toEqual([
      'second-boot-server',
    ])
  })

  test('a querier is missing when ours is off and no other was heard', () => {
    const off = { offReason: 'No right.', other: null, isListening: true }
    expect(named({ querier: off })).toEqual(['missing-querier'])
    expect(named({ querier: { ...off, other: '10.0.3.9' } })).toEqual([])
    expect(named({ querier: { ...off, offReason: null } })).toEqual([])
    const [unheard] = diagnose({ ...HEALTHY, querier: { ...off, isListening: false } })
    expect(unheard?.sentence).toContain('cannot hear')
  })

  test('connections that nobody answers are a firewall here', () => {
    const unanswered = [{ address: '10.0.3.7', port: 4000, attempts: 3 }]
    expect(named({ unanswered })).toEqual(['firewall-here'])
  })
})

describe('a probe', () => {
  test.each([
    ['lost in multicast alone', { multicast: nothing, broadcast: all() }, 'multicast-blocked 1'],
    ['lost in multicast, not tried further', { multicast: nothing }, 'multicast-blocked 1'],
    [
      'that only unicast brings',
      { multicast: nothing, broadcast: nothing, unicast: all() },
      'group-blocked 1',
    ],
    [
      'that nothing brings',
      { multicast: nothing, broadcast: nothing, unicast: nothing },
      'machine-firewall 1',
    ],
    ['of which a tenth is lost', { multicast: some(180) }, 'loss 1'],
    ['of which the machine dropped a tenth itself', { multicast: some(180, 20) }, 'overrun 1'],
    ['without an answer', { multicast: { ...nothing, received: null } }, 'no-answer 1'],
  ])('%s is named', (_, change, expected) => {
    expect(withMachines(machine(1, change), machine(2))).toEqual([expected])
  })

  test('of which two datagrams are lost says nothing', () => {
    expect(withMachines(machine(1, { multicast: some(198) }), machine(2))).toEqual([])
    expect(withMachines(machine(1, { multicast: { ...all(20), received: 10 } }))).toEqual([])
  })

  test('that all lose alike is not each machine’s fault', () => {
    const lossy = [1, 2, 3].map(number => machine(number, { multicast: some(180 - number) }))
    expect(withMachines(...lossy)).toEqual(['shared-loss'])
    expect(withMachines(...lossy, machine(4, { multicast: some(100) }))).toEqual(
      [1, 2, 3, 4].map(number => `loss ${number}`),
    )
  })

  test('lost in multicast is information once the session goes another way', () => {
    const machines = [machine(1, { multicast: nothing, broadcast: all() }), machine(2)]
    expect(named({ machines, delivery: 'broadcast' })).toEqual(['(info) multicast-blocked 1'])
    const deaf = machine(1, { ...machines[0], reports: reported({ received: 0 }) })
    expect(named({ machines: [deaf], delivery: 'broadcast' })).toEqual(['multicast-blocked 1'])
  })
})

describe('reports of a running session', () => {
  test('of a machine that gets nothing, or loses, are named', () => {
    const deaf = machine(1, { multicast: null, reports: reported({ received: 0 }) })
    expect(withMachines(deaf, machine(2, { reports: reported({}) }))).toEqual([
      'multicast-blocked 1',
    ])
    const lossy = machine(1, { multicast: null, reports: reported({ missed: 600 }) })
    expect(withMachines(lossy, machine(2, { reports: reported({}) }))).toEqual(['loss 1'])
    const busy = machine(1, { reports: reported({ missed: 600, kernelDrops: 590 }) })
    expect(withMachines(busy, machine(2, { reports: reported({}) }))).toEqual(['overrun 1'])
  })

  test('too short or too few to judge say nothing', () => {
    const short = machine(1, { reports: reported({ received: 0, overMs: 1_000 }) })
    const few = machine(2, { reports: reported({ received: 0, sent: 50 }) })
    expect(withMachines(short, few)).toEqual([])
  })

  test('of a machine that is reached again say nothing', () => {
    const again = machine(1, { multicast: all(), reports: reported({ received: 0 }) })
    expect(withMachines(again)).toEqual([])
  })
})

describe('a link', () => {
  const bursts = (...mbit: number[]): Partial<MachineFacts> => ({
    linkBitsPerSecond: null,
    burstBitsPerSecond: mbit.map(one => one * 1e6),
  })
  const quick = bursts(217, 213, 301, 377, 262, 229, 317)

  test('slower than a gigabit is named, as the driver tells it', () => {
    expect(withMachines(machine(1, { linkBitsPerSecond: 1e8 }), machine(2))).toEqual([
      'slow-link 1',
    ])
    expect(withMachines(machine(1, { linkBitsPerSecond: 1e7 }))).toEqual(['slow-link 1'])
    expect(withMachines(machine(1, { linkBitsPerSecond: 25e8 }))).toEqual([])
  })

  test('whose bursts all come out at 100 Mbit/s is named when others are faster', () => {
    const slow = bursts(99, 97, 100, 100, 85, 88, 100)
    expect(withMachines(machine(1, slow), machine(2, quick))).toEqual(['slow-link 1'])
    const [finding] = diagnose({ ...HEALTHY, machines: [machine(1, slow)] })
    expect(finding).toMatchObject({ figures: { linkBitsPerSecond: 1e8 } })
  })

  test('is not judged by a busy machine’s bursts, by few, or where this computer is no faster', () => {
    const unknown = card('lan', {}, { linkBitsPerSecond: null })
    const busy = bursts(99, 40, 180, 300, 20, 88, 150)
    expect(withMachines(machine(1, busy), machine(2, quick))).toEqual([])
    expect(withMachines(machine(1, bursts(99, 98)), machine(2, quick))).toEqual([])
    const alike = [1, 2].map(number => machine(number, bursts(99, 97, 100, 100, 85)))
    expect(named({ card: unknown, machines: alike })).toEqual([])
  })
})

test('the most serious finding comes first', () => {
  const findings = diagnose({
    ...HEALTHY,
    dhcp: [{ address: '10.0.3.50', offersAddress: true, offersBoot: false }],
    machines: [
      machine(1, { linkBitsPerSecond: 1e8 }),
      machine(2, { multicast: nothing, broadcast: all() }),
    ],
  })
  expect(findings.map(({ severity }) => severity)).toEqual(['fault', 'warning', 'info'])
})

describe('the delivery', () => {
  const cut = (change: Partial<MachineFacts>): MachineFacts =>
    machine(1, { multicast: nothing, ...change })
  test.each([
    ['multicast', [machine(1), machine(2)]],
    ['multicast', [machine(1, { multicast: null })]],
    ['multicast', [machine(1, { multicast: { ...nothing, received: null } })]],
    ['broadcast', [cut({ broadcast: all() }), machine(2)]],
    ['unicast', [cut({ broadcast: nothing, unicast: all() }), machine(2)]],
    ['multicast', [cut({ broadcast: nothing, unicast: nothing }), machine(2)]],
    [
      'multicast',
      [cut({ broadcast: nothing, unicast: all() }), ...[2, 3, 4, 5].map(n => machine(n))],
    ],
  ] as const)('%s reaches whoever can be reached', (expected, machines) => {
    expect(recommendDelivery(machines)).toBe(expected)
  })
})
