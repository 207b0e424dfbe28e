/**
 * DHCP by the boot helper against what the world has: ISC dhclient, busybox udhcpc, dnsmasq beside it, recorded
 * firmware, and a flood of nonsense.
 */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addressBytes, addressOf, OPTION } from '../../electron/engine/boot/dhcpOptions.ts'
import { decodeDhcp, encodeDhcp } from '../../electron/engine/boot/dhcpPacket.ts'
import { recorded } from '../../electron/engine/boot/dhcpVectors.fixture.ts'
import { CLIENT, createDhcpBench, type DhcpBench, stop, until } from './dhcpBench.ts'
import type { Running } from './harness.ts'

let bench: DhcpBench
let lab: DhcpBench['lab']
let net: string
let directory: string
beforeEach(() => {
  bench = createDhcpBench()
  lab = bench.lab
  net = bench.net
  directory = bench.directory
})
afterEach(() => bench.remove())

const open: DhcpBench['open'] = (...given) => bench.open(...given)
const ask: DhcpBench['ask'] = (...given) => bench.ask(...given)
const dhclient: DhcpBench['dhclient'] = host => bench.dhclient(host)
const udhcpc: DhcpBench['udhcpc'] = (...given) => bench.udhcpc(...given)
const withoutAddress: DhcpBench['withoutAddress'] = host => bench.withoutAddress(host)

const TO_ALL = [68, '255.255.255.255', 67] as const

describe('a DHCP server of our own', () => {
  it('gives addresses to dhclient and udhcpc and renews them, each its own', async () => {
    const helper = await open()
    expect(helper.said()[0]).toMatchObject({
      ready: { mode: 'server', isAuthoritative: true, warnings: [] },
    })
    // Somebody with a fixed address in our pool.
    await lab.run(3, 'ip', ['address', 'add', `${net}.32/24`, 'dev', 'lan0']).ended
    await Promise.all([withoutAddress(1), withoutAddress(2)])
    const isc = dhclient(1)
    const busybox = udhcpc(2)
    await until('udhcpc bound', () => busybox.stdout().includes('bound '), busybox.stderr)
    // By itself it takes no lease for shorter than 16 s.
    busybox.process.kill('SIGUSR1')
    const renewed = (running: Running): boolean => /(RENEW|renew) /.test(running.stdout())
    await until(
      'both renewed',
      () => renewed(isc) && renewed(busybox),
      () => `${isc.stdout()}${isc.stderr()}${busybox.stderr()}`,
    )

    const { leases, counts } = await helper.look()
    const held = (address: string) => leases.find(lease => lease.address === address)
    expect(held(`${net}.32`)).toMatchObject({ state: 'foreign' })
    expect(counts['address in use']).toBe(1)
    for (const [host, running] of [
      [1, isc],
      [2, busybox],
    ] as const) {
      const address = /(?:BOUND|bound) (\S+)/.exec(running.stdout())![1]!
      expect(held(address)).toMatchObject({ mac: await bench.macOf(host), state: 'bound' })
      expect(running.stdout()).toMatch(new RegExp(`(RENEW|renew) ${address}`))
      // A real machine at its address: it is reached there.
      const ping = lab.run(0, 'ping', ['-c1', '-W2', address])
      expect((await ping.ended).code).toBe(0)
    }
    expect(counts['unsent'] ?? 0).toBe(0)
    await stop(isc)
    await stop(busybox)
  })

  it('extends a lease that is asked of everyone (REBIND), and takes back one that is given up (RELEASE)', async () => {
    const helper = await open({ leaseSeconds: 600 })
    await withoutAddress(2)
    // What is sent to us alone gets lost: the client goes on to ask everyone.
    const { address } = lab.host(0)
    const deaf = ['-A', 'INPUT', '-p', 'udp', '--dport', '67', '-d', address, '-j', 'DROP']
    expect((await lab.run(0, 'iptables', deaf).ended).code).toBe(0)
    const busybox = udhcpc(2, ['-R'])
    await until('bound', () => busybox.stdout().includes('bound '), busybox.stderr)
    const mac = await bench.macOf(2)
    const lease = async () => (await helper.look()).leases.find(one => one.mac === mac)
    const first = await lease()
    busybox.process.kill('SIGUSR1')
    await until('rebound', () => busybox.stdout().includes('renew '), busybox.stderr)
    const extended = await lease()
    expect(extended).toMatchObject({ address: first?.address, state: 'bound' })
    expect(busybox.stderr()).toContain('broadcasting renew')
    expect(extended?.untilMs).toBeGreaterThan(first!.untilMs)

    expect((await lab.run(0, 'iptables', ['-F', 'INPUT']).ended).code).toBe(0)
    await stop(busybox)
    expect(await lease()).toMatchObject({ address: first?.address, state: 'released' })
  })

  it('knows its machines again after it was killed, and gives none their address', async () => {
    const leaseFile = path.join(directory, 'leases.json')
    const first = await open({ leaseFile, leaseSeconds: 600 })
    await withoutAddress(1)
    const isc = dhclient(1)
    await until('bound', () => isc.stdout().includes('BOUND'), isc.stderr)
    const address = /BOUND (\S+)/.exec(isc.stdout())![1]!
    await stop(first, 'SIGKILL')
    await stop(isc)
    await withoutAddress(1)

    const second = await open({ leaseFile, leaseSeconds: 600 })
    await withoutAddress(2)
    const other = udhcpc(2, ['-r', address])
    await until('the other bound', () => other.stdout().includes('bound '), other.stderr)
    expect(other.stdout()).not.toContain(`bound ${address}\n`)
    // It asks for the address it had (INIT-REBOOT) and is told yes.
    const again = dhclient(1)
    await until('the same again', () => again.stdout().includes(`REBOOT ${address}`), again.stderr)
    expect((await second.look()).leases.filter(one => one.state === 'bound')).toHaveLength(2)
  })

  it('refuses an address of another bench at once, so that the machine asks anew', async () => {
    await open()
    await withoutAddress(1)
    const lease = `lease {\n  interface "lan0";\n  fixed-address 192.168.99.5;\n  option subnet-mask 255.255.255.0;\n  option dhcp-lease-time 90000;\n  option dhcp-message-type 5;\n  option dhcp-server-identifier 192.168.99.1;\n  renew never;\n  rebind never;\n  expire never;\n}\n`
    fs.writeFileSync(path.join(directory, 'dhclient-1.leases'), lease)
    const isc = dhclient(1)
    await until('bound here', () => isc.stdout().includes(`BOUND ${net}.`), isc.stderr)
    expect(isc.stderr()).toContain('DHCPNAK')
  })

  it('offers 32 machines that ask at once 32 addresses, within the patience of firmware', async () => {
    await open()
    const many = lab.run(1, process.execPath, [CLIENT, 'many', 'lan0', '32'])
    await many.ended
    const offered = many.stdout().trim().split(' ')
    expect(offered).toHaveLength(32)
    expect(new Set(offered).size).toBe(32)
  })

  it('keeps to its card, beside a server that keeps to another', async () => {
    // As libvirt or a shared connection runs one.
    const other = lab.host(0).secondAddress!.split('.').slice(0, 3).join('.')
    const range = `--dhcp-range=${other}.200,${other}.210,255.255.255.0,10m`
    const dnsmasq = await bench.startDnsmasq(0, '--bind-interfaces', '--interface=lan1', range)
    const before = lab.counters(0, 'lan1').txPackets
    const helper = await open()
    expect(lab.counters(0, 'lan1').txPackets).toBe(before)
    const [theirs, ours] = [
      await ask(1, TO_ALL, recorded('07'), 'lan1'),
      await ask(1, TO_ALL, recorded('07')),
    ]
    expect(theirs.map(one => one.from)).toEqual([`${lab.host(0).secondAddress}:67`])
    expect(ours.map(one => one.from)).toEqual([`${lab.host(0).address}:67`])
    expect(helper.said().filter(one => one.event?.kind === 'asked')).toHaveLength(1)
    await stop(dnsmasq)
  })

  it('goes on without a disk for its leases, and says so once', async () => {
    const leaseFile = path.join(directory, 'leases.json')
    const helper = await open({ leaseFile })
    fs.mkdirSync(`${leaseFile}.new`)
    await Promise.all([withoutAddress(1), withoutAddress(2)])
    for (const host of [1, 2]) {
      const busybox = udhcpc(host)
      await until('bound', () => busybox.stdout().includes('bound '), busybox.stderr)
    }
    const troubles = helper.said().filter(one => one.trouble)
    expect(troubles).toMatchObject([
      { trouble: { code: 'boot/leases-unwritable', file: leaseFile } },
    ])
  })
})

describe('beside another DHCP server', () => {
  it('becomes a proxy: the address from one, the boot file from the other', async () => {
    const dnsmasq = await bench.startOther(3)
    const helper = await open()
    expect(helper.said()[0]).toMatchObject({ ready: { mode: 'proxy', warnings: [] } })
    expect(helper.said()[0]?.reason).toContain(lab.host(3).address)

    const offers = await ask(1, TO_ALL, recorded('07'))
    const by = (host: number) => offers.find(one => one.from === `${lab.host(host).address}:67`)
    expect(offers).toHaveLength(2)
    expect(by(0)?.packet).toMatchObject({
      yiaddr: '0.0.0.0',
      file: 'shimx64.efi',
      siaddr: lab.host(0).address,
    })
    expect(by(3)?.packet).toMatchObject({
      yiaddr: expect.stringContaining(`${net}.2`) as string,
      file: '',
    })
    // As OVMF goes on, from the address that it has got.
    const acks = await ask(1, [4011, lab.host(0).address, 4011], recorded('19', 3))
    expect(acks).toMatchObject([
      { from: `${lab.host(0).address}:4011`, packet: { type: 'ack', file: 'shimx64.efi' } },
    ])
    expect(addressOf(acks[0]!.packet.options, OPTION.serverId)).toBe(lab.host(0).address)
    expect(helper.said().flatMap(one => one.event ?? [])).toMatchObject([
      { kind: 'asked', firmware: 'uefi-x64', way: 'pxe', isIpxe: false },
      { kind: 'offered', file: 'shimx64.efi' },
      { kind: 'addressed', address: lab.host(1).address },
      { kind: 'offered', file: 'shimx64.efi' },
    ])

    await withoutAddress(2)
    const busybox = udhcpc(2, ['-V', 'imgclient'])
    await until('an address', () => busybox.stdout().includes('bound '), busybox.stderr)
    expect(busybox.stdout()).toMatch(new RegExp(`bound ${net.replaceAll('.', '\\.')}\\.2(0\\d|10)`))
    expect((await helper.look()).counts['not booting']).toBeGreaterThanOrEqual(1)
    await stop(dnsmasq)
  })

  it('opens no server of its own unless one insists, and refuses nobody’s address then', async () => {
    const dnsmasq = await bench.startOther(3)
    const refused = await open({ mode: 'server' })
    expect(refused.said()).toMatchObject([
      { fault: { code: 'boot/other-dhcp-server', card: 'lan0', servers: [lab.host(3).address] } },
    ])
    await refused.ended
    const insisted = await open({ mode: 'server', insists: true })
    expect(insisted.said()[0]).toMatchObject({
      ready: {
        mode: 'server',
        isAuthoritative: false,
        warnings: [expect.stringMatching(/insisted/)],
      },
    })
    await stop(dnsmasq)
  })

  it('warns of a server that comes later, refuses nobody’s address from then on, and of its going', async () => {
    const helper = await open({ watchMs: 1_500, lookMs: 400 })
    expect(helper.said()[0]).toMatchObject({ ready: { mode: 'server', warnings: [] } })
    const warnings = (): readonly string[] | undefined =>
      helper.said().findLast(one => one.warnings)?.warnings
    const other = await bench.startOther(3)
    await until('it warned', () => warnings()?.length === 1)
    expect(warnings()![0]).toContain(
      `Another DHCP server has begun to answer on this card: ${lab.host(3).address}.`,
    )
    await stop(other)
    await until('it took its warning back', () => warnings()?.length === 0)
    // Its own looks are no machines.
    expect((await helper.look()).counts['own']).toBeGreaterThan(0)
    expect((await helper.look()).leases).toEqual([])
    expect(helper.said().some(one => one.event)).toBe(false)
  })

  it('looks at once when a machine takes an offer of a server it does not know', async () => {
    const helper = await open({ lookMs: 400 })
    await bench.startOther(3)
    const discover = decodeDhcp(recorded('07'))
    if (discover.kind !== 'dhcp') throw new Error(discover.reason)
    const taken = new Map([
      ...discover.options,
      [OPTION.serverId, addressBytes(lab.host(3).address)],
    ])
    const request = encodeDhcp({ ...discover, type: 'request', options: taken })
    await ask(1, TO_ALL, request)
    await until('it warned', () => helper.said().some(one => one.warnings?.length === 1))
  })

  it('as a proxy, warns when the server beside it has gone', async () => {
    const other = await bench.startOther(3)
    const helper = await open({ watchMs: 1_500, lookMs: 700 })
    expect(helper.said()[0]).toMatchObject({ ready: { mode: 'proxy' } })
    await stop(other)
    await until('it warned', () => helper.said().some(one => one.warnings?.length === 1))
    expect(helper.said().findLast(one => one.warnings)?.warnings?.[0]).toMatch(
      /does not answer any more: machines get no address/,
    )
  })

  it('waits before its offers, where it was told to', async () => {
    const prompt = await open({ mode: 'proxy' })
    const [soon] = await ask(1, TO_ALL, recorded('07'))
    await stop(prompt)
    await open({ mode: 'proxy', responseDelayMs: 600 })
    const [late] = await ask(1, TO_ALL, recorded('07'))
    expect(soon?.tookMs).toBeLessThan(550)
    expect(late?.tookMs).toBeGreaterThanOrEqual(600)
  })
})

describe('the right to low ports', () => {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

  it('is one capability, with which an ordinary user’s engine serves', async () => {
    const caps = '-all,+net_bind_service'
    const permitted = [...nobody, `--inh-caps=${caps}`, `--ambient-caps=${caps}`]
    const helper = await open({}, permitted)
    expect(helper.said()[0]).toMatchObject({ ready: { mode: 'server' } })
    expect(await ask(1, TO_ALL, recorded('07'))).toHaveLength(1)
  })

  it('is asked for by the one command that grants it', async () => {
    const helper = await open({}, nobody)
    expect(helper.said()[0]).toMatchObject({ fault: { code: 'boot/not-permitted' } })
    expect(helper.said()[0]?.message).toMatch(/sudo (setcap|sysctl) /)
  })

  it('does not help where a program has the port: that one is named', async () => {
    const dnsmasq = await bench.startDnsmasq(
      0,
      '--dhcp-range=10.250.250.1,10.250.250.9,255.255.255.0',
    )
    const helper = await open()
    const holder = { pid: dnsmasq.pid, name: 'dnsmasq' }
    expect(helper.said()[0]).toMatchObject({
      fault: { code: 'boot/port-taken', port: 67, card: 'lan0', holder },
    })
    await stop(dnsmasq)
  })
})

const FLOOD = process.env['BENCHCAST_TEST_FULL'] === '1' ? 1_000_000 : 100_000

it(
  `outlives ${FLOOD.toLocaleString('en')} hostile datagrams, grows no further, and serves the next machine`,
  { timeout: 600_000 },
  async () => {
    const helper = await open({ quiet: true, mode: 'server', leaseSeconds: 600 })
    const flood = async (count: number, seed: number): Promise<void> => {
      const args = [CLIENT, 'flood', 'lan0', lab.host(0).address, `${count}`, `${seed}`]
      const flooding = lab.run(1, process.execPath, args)
      await flooding.ended
      expect(flooding.stdout() + flooding.stderr()).toBe('sent\n')
    }
    // What the first tenth makes grow is code and buffers; after it nothing may.
    await flood(FLOOD / 10, 1)
    const before = await helper.look()
    await flood(FLOOD - FLOOD / 10, 2)
    const after = await helper.look()
    const heard = Object.values(after.counts).reduce((sum, count) => sum + count, 0)
    expect(heard).toBeGreaterThan(FLOOD / 4)
    expect(after.leases.length).toBeLessThanOrEqual(254)
    expect(after.heapUsed - before.heapUsed).toBeLessThan(8 * 1024 * 1024)
    expect(helper.process.exitCode).toBeNull()
    process.stdout.write(
      `${FLOOD} sent, ${heard} heard, ${after.counts['answered']} answered; heap ${before.heapUsed >> 10} to ${after.heapUsed >> 10} KiB, rss ${before.rss >> 20} to ${after.rss >> 20} MiB\n`,
    )
    // Offers to machines that were made up give way after 5 s.
    await sleep(5_500)
    await withoutAddress(2)
    const busybox = udhcpc(2)
    await until('an address', () => busybox.stdout().includes('bound '), busybox.stderr)
  },
)
