/** The DHCP server that a network already has: dnsmasq, which gives addresses and knows nothing of booting. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab, Running } from '../netns/harness.ts'

const READY = /DHCP, IP range/
const LIMIT_MS = 10_000

/** On a host of its own; ends with the lab. Throws with its own words when it does not start. */
export async function startPlainDhcp(lab: Lab, host: number): Promise<Running> {
  const network = lab.host(host).address.replace(/\d+$/, '')
  const dnsmasq = lab.run(host, 'dnsmasq', [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--log-facility=-',
    '--user=root',
    '--port=0', // no name server
    '--interface=lan0',
    '--bind-interfaces',
    '--leasefile-ro',
    // It would ping each address for three seconds first.
    '--no-ping',
    `--dhcp-range=${network}100,${network}150,255.255.255.0,1h`,
  ])
  const endMs = Date.now() + LIMIT_MS
  while (!READY.test(dnsmasq.stderr() + dnsmasq.stdout())) {
    if (Date.now() > endMs) throw new Error(`dnsmasq did not start: ${dnsmasq.stderr()}`)
    await sleep(50)
  }
  return dnsmasq
}
