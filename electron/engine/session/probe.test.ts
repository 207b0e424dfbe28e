/** Real sockets on 127.0.0.1, from the sender's probe to the receivers' answers; only the control connection is short. */
import { afterEach, expect, test } from 'vitest'
import { createProbeAnswer, type ProbeAnswer } from '../../../client/probeAnswer.ts'
import type { ToReceiver, ToSender } from '../../../shared/protocol/control.ts'
import { MAX_PROBE_BYTES } from '../../../shared/protocol/limits.ts'
import type { SessionId } from '../../../shared/protocol/packet.ts'
import {
  createProber,
  DEFAULT_PROBE,
  type ProbedMachine,
  probePort,
  type Prober,
  WAITING_BUDGET_BYTES,
} from './probe.ts'

const SESSION = 0xbeef as SessionId
const GROUP = '239.255.101.3'
const CARD = '127.0.0.1'

const open: { close(): void }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

function prober(port: number, group = GROUP): Prober {
  const options = { session: SESSION, cardAddress: CARD, group, port, ttl: 1, isLoopedBack: true }
  const made = createProber(options)
  open.push(made)
  return made
}

function machine(
  number: number,
  send: (message: ToReceiver) => void,
  address = CARD,
): ProbedMachine {
  return { receiverId: `machine ${number}`, number, address, send }
}

/** A machine whose receiver really listens. */
function honest(number: number, to: Prober, group = GROUP): ProbedMachine {
  const answer: ProbeAnswer = createProbeAnswer({
    session: SESSION,
    group,
    nicAddress: CARD,
    send: message => to.take(`machine ${number}`, message as Extract<ToSender, { id: number }>),
  })
  open.push(answer)
  return machine(number, message => {
    if (message.type === 'probe') answer.listen(message)
    if (message.type === 'probeEnd') answer.end(message.id)
  })
}

const MAX_PROBES = 4
const isNear = (bitsPerSecond: number): boolean => bitsPerSecond > 5e6 && bitsPerSecond < 60e6

test.each(['multicast', 'broadcast', 'unicast'] as const)(
  'a probe by %s reaches a machine whole, and its rate is near what was asked',
  async delivery => {
    const sender = prober(63_100)
    const request = { ...DEFAULT_PROBE, delivery }
    const [result] = await sender.run(() => [honest(1, sender)], request, WAITING_BUDGET_BYTES)
    expect(result).toMatchObject({
      receiverId: 'machine 1',
      number: 1,
      address: CARD,
      isSilent: false,
      sent: 200,
      received: 200,
      largestBytes: 1432,
      kernelDrops: 0,
    })
    // A busy computer sees the first datagram late, and the rest at once, or the last one late: but not each time.
    const rates = [result?.bitsPerSecond ?? 0]
    while (!rates.some(isNear) && rates.length < MAX_PROBES) {
      const [next] = await sender.run(() => [honest(1, sender)], request, WAITING_BUDGET_BYTES)
      rates.push(next?.bitsPerSecond ?? 0)
    }
    expect(rates.filter(isNear), rates.join(', ')).not.toEqual([])
  },
)

test('a padded probe says that jumbo datagrams arrive', async () => {
  const sender = prober(63_110)
  const request = { ...DEFAULT_PROBE, count: 4, bytes: MAX_PROBE_BYTES }
  const results = await sender.run(
    () => [honest(1, sender), honest(2, sender)],
    request,
    WAITING_BUDGET_BYTES,
  )
  expect(results.map(result => result.largestBytes)).toEqual([MAX_PROBE_BYTES, MAX_PROBE_BYTES])
})

test('one who is silent, and one who hears another group, keep nobody waiting and hear nothing', async () => {
  const sender = prober(63_120)
  const deaf = honest(3, sender, '239.255.101.4')
  const startMs = performance.now()
  const results = await sender.run(
    () => [honest(1, sender), machine(2, () => undefined), deaf],
    { ...DEFAULT_PROBE, count: 20 },
    WAITING_BUDGET_BYTES,
  )
  expect(performance.now() - startMs).toBeLessThan(3_000)
  expect(results[0]).toMatchObject({ isSilent: false, received: 20 })
  expect(results[1]).toMatchObject({ isSilent: true, received: 0, bitsPerSecond: null })
  expect(results[2]).toMatchObject({ isSilent: false, sent: 20, received: 0, largestBytes: 0 })
})

test('a budget cuts the run short, and what a liar reports stays within what was sent', async () => {
  const sender = prober(63_130)
  const liar = machine(1, message => {
    if (message.type === 'probe') {
      sender.take('machine 1', { type: 'probing', id: message.id, isListening: true })
    }
    if (message.type === 'probeEnd') {
      const figures = { received: 1000, largestBytes: 8972, durationUs: 1, kernelDrops: 0 }
      sender.take('machine 1', { type: 'probed', id: message.id + 1, ...figures })
      sender.take('machine 1', { type: 'probed', id: message.id, ...figures })
      sender.take('machine 9', { type: 'probed', id: message.id, ...figures })
    }
  })
  const [result] = await sender.run(() => [liar], DEFAULT_PROBE, 30_000)
  expect(result).toMatchObject({ sent: 20, received: 20, largestBytes: 1432 })
})

test('two runs asked for at once go one after the other', async () => {
  const sender = prober(63_140)
  const one = honest(1, sender)
  const request = { ...DEFAULT_PROBE, count: 30 }
  const [first, second] = await Promise.all([
    sender.run(() => [one], request, WAITING_BUDGET_BYTES),
    sender.run(() => [one], request, WAITING_BUDGET_BYTES),
  ])
  expect([first[0]?.received, second[0]?.received]).toEqual([30, 30])
})

test('without machines, or once closed, there is nothing to tell', async () => {
  const sender = prober(63_150)
  expect(await sender.run(() => [], DEFAULT_PROBE, WAITING_BUDGET_BYTES)).toEqual([])
  const pending = sender.run(
    () => [machine(1, () => undefined)],
    DEFAULT_PROBE,
    WAITING_BUDGET_BYTES,
  )
  sender.close()
  expect((await pending).every(result => result.isSilent)).toBe(true)
})

test('the probe’s port is another than the data’s, and among the session ports', () => {
  expect(probePort(63_000)).toBe(63_001)
})
