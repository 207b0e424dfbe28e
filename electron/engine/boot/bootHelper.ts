/** Network boot on one card: DHCP, TFTP and HTTP over one list of files, and how far each machine has come. */
import type { Admission } from './admission.ts'
import { GRUB_CONFIG, grubConfig, IPXE_SCRIPT, ipxeScript } from './bootConfig.ts'
import type { BootError } from './bootError.ts'
import type { BootEvent, BootPartName } from './bootEvent.ts'
import { type BootParts, PART } from './bootParts.ts'
import { type BootProgress, machineAt, noteBootEvent } from './bootProgress.ts'
import { type BootCard, type BootDhcp, openDhcp, WATCH_MS } from './dhcp.ts'
import type { DhcpMode, DhcpPlan, DhcpProposal } from './dhcpPlan.ts'
import type { FileEvent } from './fileEvent.ts'
import { normalisePath } from './filePath.ts'
import type { BootFiles, FileByFirmware } from './firmware.ts'
import { openBootHttpServer } from './http/http.ts'
import { openTftpServer } from './tftp/tftp.ts'

export interface BootHelperOptions {
  readonly card: BootCard
  readonly parts: BootParts
  /** Null takes what a look at the network proposes; 'off' leaves DHCP to others, which must name our files. */
  readonly mode: DhcpMode | 'off' | null
  /** Opens a DHCP server although there is another. */
  readonly insists: boolean
  readonly lookMs: number
  readonly admission: Admission
  readonly responseDelayMs: number
  readonly leaseFile: string | null
  onProgress(progress: BootProgress): void
  onTrouble(error: BootError): void
  /** All that is to be warned of now, whenever that changes; `dhcp.plan` has what was at first. */
  onWarnings(warnings: readonly string[]): void
}

export interface BootHelper {
  /** Null with DHCP off. */
  readonly dhcp: { readonly plan: DhcpPlan; readonly proposal: DhcpProposal } | null
  readonly httpPort: number
  progress(): BootProgress
  /** What the servers cannot see: the client in the boot environment has joined. */
  note(event: BootEvent): void
  close(): Promise<void>
}

const LEASE_SECONDS = 3_600
const TFTP_PORT = 69

/** Faults: those of openDhcp, and of boot sockets for 69 and HTTP. Nothing stays open then. */
export async function openBootHelper(options: BootHelperOptions): Promise<BootHelper> {
  const { card, parts } = options
  let progress: BootProgress = new Map()
  const closers: (() => void | Promise<void>)[] = []
  /** Written once HTTP has its port. */
  const written = new Map<string, Uint8Array>()

  function note(event: BootEvent): void {
    const next = noteBootEvent(progress, event)
    if (next === progress) return
    progress = next
    options.onProgress(progress)
  }

  const server = {
    card: card.name,
    address: card.address,
    lookup: (name: string) => written.get(name) ?? parts.get(name) ?? null,
    onEvent(event: FileEvent) {
      const boot = bootEventOf(event, Date.now())
      if (boot) note(boot)
    },
  }

  async function close(): Promise<void> {
    for (const step of closers.splice(0).toReversed()) await step()
  }

  try {
    const web = await openBootHttpServer({ ...server, port: 0 })
    closers.push(() => web.close())
    const bench = { address: card.address, httpPort: web.port }
    written.set(GRUB_CONFIG, Buffer.from(grubConfig(bench)))
    written.set(IPXE_SCRIPT, Buffer.from(ipxeScript(bench)))
    const tftp = await openTftpServer({ ...server, port: TFTP_PORT })
    closers.push(() => tftp.close())
    const onDhcp = (event: BootEvent): void => {
      // GRUB uses the same ports in each start: what is left of connections from before would swallow its first SYN.
      const stale = staleAddress(progress, event)
      if (stale !== null) web.forget(stale)
      note(event)
    }
    const dhcp = options.mode === 'off' ? null : await openDhcpFor(options, web.port, onDhcp)
    if (dhcp) closers.push(() => dhcp.close())
    return { dhcp, httpPort: web.port, progress: () => progress, note, close }
  } catch (error) {
    await close()
    throw error
  }
}

function openDhcpFor(
  options: BootHelperOptions,
  httpPort: number,
  onEvent: (event: BootEvent) => void,
): Promise<BootDhcp> {
  const { card, lookMs, insists, admission, responseDelayMs, leaseFile, onTrouble } = options
  return openDhcp({
    card,
    lookMs,
    mode: options.mode === 'off' ? null : options.mode,
    insists,
    files: bootFilesOf(card.address, httpPort),
    admission,
    pool: null,
    leaseSeconds: LEASE_SECONDS,
    // A bench leads nowhere else.
    router: null,
    dnsServers: [],
    responseDelayMs,
    leaseFile,
    onEvent,
    onTrouble,
    onWarnings: options.onWarnings,
    watchMs: WATCH_MS,
  })
}

/** Where a machine starts anew, or another one takes over; never where one only renews its address. */
function staleAddress(progress: BootProgress, event: BootEvent): string | null {
  if (event.kind === 'asked') return progress.get(event.mac)?.address ?? null
  if (event.kind !== 'addressed') return null
  return machineAt(progress, event.address)?.mac === event.mac ? null : event.address
}

/** Signed files to every x64 machine: nothing in DHCP tells whether Secure Boot is on, and they start it either way. */
function bootFilesOf(address: string, httpPort: number): BootFiles {
  const base = `http://${address}:${httpPort}`
  const none: FileByFirmware = {
    bios: null,
    'uefi-ia32': null,
    'uefi-x64': null,
    'uefi-arm32': null,
    'uefi-arm64': null,
  }
  const script = `${base}/${IPXE_SCRIPT}`
  return {
    pxe: { ...none, bios: PART.biosIpxe, 'uefi-x64': PART.shim },
    http: { ...none, 'uefi-x64': `${base}/${PART.shim}` },
    ipxe: { ...none, bios: script, 'uefi-x64': script },
  }
}

const BOOT_PARTS: Readonly<Record<string, BootPartName>> = {
  [PART.shim]: 'bootFile',
  [PART.grub]: 'bootFile',
  [PART.biosIpxe]: 'bootFile',
  [IPXE_SCRIPT]: 'bootFile',
  [PART.kernel]: 'kernel',
  [PART.initramfs]: 'initramfs',
}

/** Null for what says nothing of a machine's way: a file it may not find, a probe for a size. */
function bootEventOf({ client, name, step }: FileEvent, atMs: number): BootEvent | null {
  const file = normalisePath(name) ?? name
  const at = { address: client, file, part: BOOT_PARTS[file] ?? 'other', atMs } as const
  switch (step.kind) {
    case 'started':
    case 'progress':
      return { kind: 'fetching', ...at }
    case 'done':
      return { kind: 'fetched', ...at }
    case 'silent':
      return { kind: 'aborted', ...at }
    case 'aborted':
      return step.sentBytes === 0 ? null : { kind: 'aborted', ...at }
    case 'missing':
    case 'refused':
      return null
  }
}
