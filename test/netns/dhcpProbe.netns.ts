/** The look for DHCP servers, with real ones: dnsmasq on the hosts of a lab. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BootFault, FoundDhcpServer } from '../../electron/engine/boot/boot.ts'
import { createLab, type Lab, type Running } from './harness.ts'

const PROBE = path.join(import.meta.dirname, 'dhcpProbe.ts')
const PROBE_MS = 1500

interface Printed {
  readonly servers?: FoundDhcpServer[]
  readonly fault?: BootFault
  readonly message?: string
}

let lab: Lab
const running: Running[] = []

beforeAll(() => {
  lab = createLab({ hosts: 3, secondCard: true })
})
afterAll(() => lab.remove())

async function probe(card: string, address: string, options: string[] = []): Promise<Printed> {
  const command = [...options, process.execPath, PROBE, card, address, String(PROBE_MS)]
  const probing = lab.run(0, command[0]!, command.slice(1))
  await probing.ended
  if (probing.stdout() === '') throw new Error(probing.stderr())
  return JSON.parse(probing.stdout()) as Printed
}

/** dnsmasq on one card of one host, without its DNS. Resolves once it listens. */
async function startDnsmasq(host: number, card: string, options: string[]): Promise<void> {
  const dnsmasq = lab.run(host, 'dnsmasq', [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--port=0',
    '--log-facility=-',
    '--no-ping',
    '--leasefile-ro',
    '--bind-interfaces',
    `--interface=${card}`,
    ...options,
  ])
  running.push(dnsmasq)
  for (let tries = 0; !dnsmasq.stderr().includes('DHCP'); tries++) {
    if (tries > 100 || dnsmasq.process.exitCode !== null) throw new Error(dnsmasq.stderr())
    await sleep(50)
  }
}

async function stopAll(): Promise<void> {
  for (const { process } of running) process.kill()
  await Promise.all(running.map(one => one.ended))
  running.length = 0
}

function subnet(address: string | null): string {
  return (address ?? '').split('.').slice(0, 3).join('.')
}

describe('looking for DHCP servers', () => {
  it('finds none where there is none, and asks on the chosen card alone', async () => {
    const { address, secondAddress } = lab.host(0)
    const other = subnet(secondAddress)
    await startDnsmasq(1, 'lan1', [`--dhcp-range=${other}.100,${other}.110,255.255.255.0,10m`])
    const before = lab.counters(0, 'lan1').txPackets
    expect(await probe('lan0', address)).toEqual({ servers: [] })
    expect(lab.counters(0, 'lan1').txPackets).toBe(before)
    await stopAll()
  })

  it('finds a server, the network it gives addresses of, and that nobody boots from it', async () => {
    const { address } = lab.host(0)
    const net = subnet(address)
    await startDnsmasq(1, 'lan0', [`--dhcp-range=${net}.100,${net}.110,255.255.255.0,10m`])
    const { servers } = await probe('lan0', address)
    expect(servers).toEqual([
      {
        address: lab.host(1).address,
        serverId: lab.host(1).address,
        offersAddress: true,
        offersBoot: false,
        bootFile: '',
        bootServer: lab.host(1).address,
        offeredAddress: expect.stringMatching(/\.1(0\d|10)$/) as string,
        offeredRange: `${net}.0/24`,
        router: lab.host(1).address,
        leaseSeconds: 600,
      },
    ])
    await stopAll()
  })

  it('finds two, and tells the proxy among them that names a boot file', async () => {
    const { address } = lab.host(0)
    const net = subnet(address)
    await startDnsmasq(1, 'lan0', [`--dhcp-range=${net}.100,${net}.110,255.255.255.0,10m`])
    await startDnsmasq(2, 'lan0', [
      `--dhcp-range=${net}.0,proxy,255.255.255.0`,
      '--pxe-service=X86-64_EFI,other,shimx64.efi',
    ])
    const { servers } = await probe('lan0', address)
    expect(servers?.map(one => [one.address, one.offersAddress, one.offersBoot])).toEqual([
      [lab.host(1).address, true, false],
      [lab.host(2).address, false, true],
    ])
    await stopAll()
  })

  it('finds a server from a card that has no address', async () => {
    const { address } = lab.host(0)
    const net = subnet(address)
    await startDnsmasq(1, 'lan0', [
      `--dhcp-range=${net}.100,${net}.110,255.255.255.0,10m`,
      '--dhcp-boot=pxelinux.0',
    ])
    await lab.run(0, 'ip', ['address', 'flush', 'dev', 'lan0']).ended
    const { servers, message } = await probe('lan0', '')
    await lab.run(0, 'ip', ['address', 'add', `${address}/24`, 'dev', 'lan0']).ended
    expect(message).toBeUndefined()
    expect(servers).toMatchObject([{ offersBoot: true, bootFile: 'pxelinux.0' }])
    await stopAll()
  })

  it('says that answers would be dropped, rather than that there is no server', async () => {
    const { address } = lab.host(0)
    const filter = (value: number) =>
      lab.run(0, 'sh', ['-c', `echo ${value} > /proc/sys/net/ipv4/conf/lan0/rp_filter`]).ended
    await filter(1)
    await lab.run(0, 'ip', ['address', 'flush', 'dev', 'lan0']).ended
    const { fault } = await probe('lan0', '')
    await lab.run(0, 'ip', ['address', 'add', `${address}/24`, 'dev', 'lan0']).ended
    await filter(0)
    expect(fault).toEqual({ code: 'boot/card-deaf', card: 'lan0' })
  })

  it('names the command that permits the port, where it is not permitted', async () => {
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const { fault, message } = await probe('lan0', lab.host(0).address, nobody)
    const node = fs.realpathSync(process.execPath)
    expect(fault).toMatchObject({ code: 'boot/not-permitted', port: 68 })
    expect(message).toMatch(/sudo (setcap cap_net_bind_service=\+ep \S+|sysctl \S+)$/)
    if (message?.includes('setcap')) expect(message).toContain(node)
  })

  it('names the program that has the port', async () => {
    const held = `import dgram from 'node:dgram'
      dgram.createSocket('udp4').bind(68, () => console.log('held'))`
    const holder = lab.run(0, process.execPath, ['--input-type=module', '-e', held])
    running.push(holder)
    while (!holder.stdout()) await sleep(20)
    const { fault } = await probe('lan0', lab.host(0).address)
    expect(fault).toEqual({
      code: 'boot/port-taken',
      port: 68,
      card: 'lan0',
      holder: { pid: holder.pid, name: expect.any(String) as string },
    })
    await stopAll()
  })

  it('says that a card is not there', async () => {
    expect((await probe('lan9', lab.host(0).address)).fault).toEqual({
      code: 'boot/no-such-card',
      card: 'lan9',
    })
  })
})
