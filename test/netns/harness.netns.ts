import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { createLab, type Lab, type Running } from './harness.ts'
import { ipBatch, namespaceNames, removeNamespaces, sweepStaleLabs } from './namespaces.ts'

const GROUP = '239.255.64.1'
const PORT = '63000'
const PROBE = path.join(import.meta.dirname, 'multicastProbe.ts')

let lab: Lab | null = null
afterEach(() => lab?.remove())

function probe(inLab: Lab, host: number, role: string, ...more: string[]): Running {
  const { address } = inLab.host(host)
  return inLab.run(host, process.execPath, [PROBE, role, GROUP, PORT, address, ...more])
}

async function startReceiver(inLab: Lab, host: number): Promise<Running> {
  const receiver = probe(inLab, host, 'receive')
  while (!receiver.stdout().includes('ready')) {
    if (receiver.process.exitCode !== null) throw new Error(receiver.stderr())
    await sleep(10)
  }
  return receiver
}

async function receivedBy(receiver: Running): Promise<number> {
  receiver.process.stdin?.end()
  await receiver.ended
  return Number(receiver.stdout().split('\n')[1])
}

async function send(inLab: Lab, count: number): Promise<void> {
  const sender = probe(inLab, 0, 'send', String(count))
  expect(await sender.ended, sender.stderr()).toEqual({ code: 0, signal: null })
  await sleep(100)
}

/** A zombie has ended: in a container, process 1 may never collect it. */
function isRunning(pid: number): boolean {
  const file = `/proc/${pid}/stat`
  return existsSync(file) && !/\) Z /.test(readFileSync(file, 'utf8'))
}

test('multicast reaches every host whole, and loss takes the asked share of each by itself', async () => {
  lab = createLab({ hosts: 4, lossPercent: [0, 0, 5, 20], rateMbit: 200 })
  const inLab = lab
  const receivers = await Promise.all([1, 2, 3].map(host => startReceiver(inLab, host)))
  await send(lab, 4000)
  const [whole, few, many] = await Promise.all(receivers.map(receivedBy))
  expect(whole).toBe(4000)
  // Six standard deviations of the binomial distribution: 83 and 152.
  expect(Math.abs(4000 * 0.95 - few!)).toBeLessThan(83)
  expect(Math.abs(4000 * 0.8 - many!)).toBeLessThan(152)
})

test('what runs on one card is not seen on the other, and both witnesses agree', async () => {
  lab = createLab({ hosts: 2, secondCard: true })
  const captures = await Promise.all([
    lab.capture(1, 'lan0', `udp port ${PORT}`),
    lab.capture(1, 'lan1', 'ip'),
  ])
  const receiver = await startReceiver(lab, 1)
  await send(lab, 200)
  expect(await receivedBy(receiver)).toBe(200)
  const [first, second] = await Promise.all(captures.map(capture => capture.stop()))
  for (const capture of captures) rmSync(path.dirname(capture.path), { recursive: true })
  expect(first).toEqual({ packets: 200, missed: 0 })
  expect(second).toEqual({ packets: 0, missed: 0 })
  const sent = lab.counters(0)
  // 100 bytes of payload with UDP, IPv4 and Ethernet headers: 142 bytes; ARP and IGMP come on top.
  expect(sent.wireTxBytes).toBeGreaterThanOrEqual(200 * 142)
  expect(sent.wireTxBytes).toBeLessThan(200 * 142 + 2000)
  expect(lab.counters(1).rxPackets).toBeGreaterThanOrEqual(200)
  expect(lab.counters(0, 'lan1').wireTxPackets).toBe(0)
})

test('the cap holds what host 0 sends', async () => {
  lab = createLab({ hosts: 2, rateMbit: 0.5 })
  const receiver = await startReceiver(lab, 1)
  const startedAtMs = performance.now()
  // 4.5 Mbit, offered at 2.3 Mbit/s: what does not fit waits 50 ms, then is dropped.
  await send(lab, 4000)
  const seconds = (performance.now() - startedAtMs) / 1000
  const received = await receivedBy(receiver)
  const burstBits = 70_000 * 8
  expect(received * 142 * 8).toBeGreaterThan(burstBits)
  expect(lab.counters(0).wireTxBytes * 8).toBeLessThan(0.5e6 * seconds + burstBits + 50_000)
})

test('loss can be changed while it runs', async () => {
  lab = createLab({ hosts: 2 })
  const receiver = await startReceiver(lab, 1)
  lab.setLoss(1, 100)
  await send(lab, 100)
  lab.setLoss(1, 0)
  await send(lab, 50)
  // The probe counts distinct numbers: the second run repeats 0 to 49.
  expect(await receivedBy(receiver)).toBe(50)
})

test('removal ends what runs inside and leaves no namespace', async () => {
  lab = createLab({ hosts: 3 })
  const names = lab.hosts.map(host => host.namespace)
  expect(namespaceNames()).toEqual(expect.arrayContaining(names))
  const sleeper = lab.run(1, 'sleep', ['1000'])
  await sleep(50)
  lab.remove()
  expect(await sleeper.ended).toEqual({ code: null, signal: 'SIGKILL' })
  expect(namespaceNames().filter(name => name.startsWith(`bc${process.pid}-`))).toEqual([])
})

test('a lab whose maker is killed goes by itself, its processes too', async () => {
  const script = `
    import { createLab } from ${JSON.stringify(path.join(import.meta.dirname, 'harness.ts'))}
    const lab = createLab({ hosts: 1 })
    const sleeper = lab.run(0, 'sleep', ['1000'])
    console.log(sleeper.pid)
    setInterval(() => {}, 1000)`
  const maker = spawn(process.execPath, ['--input-type=module', '-e', script])
  const [line] = (await once(maker.stdout, 'data')) as [Buffer]
  const sleeperPid = Number(line.toString())
  expect(isRunning(sleeperPid)).toBe(true)
  const left = () => namespaceNames().filter(name => name.startsWith(`bc${maker.pid}-`))
  expect(left()).toHaveLength(2)
  maker.kill('SIGKILL')
  await vi.waitFor(() => expect(left()).toEqual([]), { timeout: 5_000 })
  expect(isRunning(sleeperPid)).toBe(false)
})

test('what is left of a dead process is swept, and nothing of a living one or of others', async () => {
  const dead = spawn('true')
  await once(dead, 'close')
  const stale = `bc${dead.pid}-0000-h0`
  const kept = [`bc${process.pid}-0000-h0`, `bcother${process.pid}`]
  ipBatch([stale, ...kept].map(name => `netns add ${name}`))
  const sleeper = spawn('ip', ['netns', 'exec', stale, 'sleep', '1000'])
  await sleep(50)
  try {
    expect(sweepStaleLabs()).toContain(stale)
    expect(namespaceNames()).not.toContain(stale)
    expect(namespaceNames()).toEqual(expect.arrayContaining(kept))
    await vi.waitFor(() => expect(sleeper.signalCode).toBe('SIGKILL'))
  } finally {
    removeNamespaces(kept)
  }
})

test('a signal to the maker takes its lab away before it ends', async () => {
  const script = `
    import { createLab } from ${JSON.stringify(path.join(import.meta.dirname, 'harness.ts'))}
    createLab({ hosts: 1 })
    console.log('made')
    setInterval(() => {}, 1000)`
  const maker = spawn(process.execPath, ['--input-type=module', '-e', script])
  await once(maker.stdout, 'data')
  maker.kill('SIGTERM')
  expect(await once(maker, 'close')).toEqual([null, 'SIGTERM'])
  expect(namespaceNames().filter(name => name.startsWith(`bc${maker.pid}-`))).toEqual([])
})
