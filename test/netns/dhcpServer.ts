/**
 * Run inside a host: DHCP on a card, as the boot helper opens it. Options as JSON in the first argument. Prints a line
 * of JSON for each thing that happens; on a line on standard input, its leases, counts and memory. Ends with its input.
 */
import readline from 'node:readline'
import { BootError, openDhcp, type DhcpOptions } from '../../electron/engine/boot/boot.ts'

const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
const none = {
  bios: null,
  'uefi-ia32': null,
  'uefi-x64': null,
  'uefi-arm32': null,
  'uefi-arm64': null,
}
const { quiet = false, ...given } = JSON.parse(process.argv[2] ?? '{}') as Pick<
  DhcpOptions,
  'card'
> &
  Partial<DhcpOptions> & { quiet?: boolean }
try {
  const dhcp = await openDhcp({
    mode: null,
    lookMs: 700,
    insists: false,
    files: {
      pxe: { ...none, bios: 'undionly.kpxe', 'uefi-x64': 'shimx64.efi' },
      http: { ...none, 'uefi-x64': `http://${given.card.address}:8080/shimx64.efi` },
      ipxe: { ...none, bios: `http://${given.card.address}:8080/boot.ipxe` },
    },
    pool: null,
    leaseSeconds: 600,
    router: null,
    dnsServers: [],
    responseDelayMs: 0,
    leaseFile: null,
    watchMs: 60_000,
    ...given,
    admission: { machines: new Set(), admitsUnknown: true, isImaged: () => false },
    onEvent: event => void (quiet || say({ event })),
    onWarnings: warnings => say({ warnings }),
    onTrouble: error => say({ trouble: error.fault, message: error.message }),
  })
  say({ ready: dhcp.plan, reason: dhcp.proposal.reason })
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line === 'collect') globalThis.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    say({ leases: dhcp.server.leases(), counts: dhcp.server.counts(), rss, heapUsed })
  }
  await dhcp.close()
} catch (error) {
  if (!(error instanceof BootError)) throw error
  say({ fault: error.fault, message: error.message })
}
