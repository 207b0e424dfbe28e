/**
 * Keeps a link to the bench: looks for a session, joins it, notices when it goes silent, comes back. Driven by `tick`.
 * After the first manifest only the same bench and the same image will do. PROTOCOL.md §7.
 */
import type { Afterwards } from '../shared/bench.ts'
import type { Fault } from '../shared/fault.ts'
import type { Delivery, Machine, SessionPhase, Target } from '../shared/protocol/control.ts'
import type { FillMessage } from '../shared/protocol/fill.ts'
import type { Manifest } from '../shared/protocol/manifest.ts'
import { chooseSession, type Discovery } from './discovery.ts'
import { type Link, openLink } from './link.ts'
import type { ReceiveError } from './receiveError.ts'
import type { KnownSession } from './receiveOptions.ts'

const BACKOFF_FIRST_MS = 500
const BACKOFF_LAST_MS = 5_000

/** All machines hear an announce at the same moment: they come back spread over this. */
const HASTE_MS = 500

/** Nothing at all from the bench: four pings and eighty SYNCs missed. */
const SILENT_MS = 4_000

/** Data still comes, but the control connection says nothing: a bench under load is not a bench gone. */
const CONTROL_SILENT_MS = 15_000

export interface ConnectorOptions {
  readonly nicAddress: string
  readonly machine: Machine
  readonly target: Target
  readonly sessionName: string | null
  readonly known: KnownSession | null
  readonly discovery: Discovery
  readonly random: () => number
  /** When the session's datagrams were last heard, Unix ms; 0 for never. */
  dataHeardAtMs(): number
  onConnecting(known: KnownSession): void
  onAdmitted(number: number): void
  onAsking(number: number, reason: string): void
  onFarewell(afterwards: Afterwards): void
  onManifest(link: Link, known: KnownSession, manifest: Manifest, wireHash: string): void
  onFill(message: FillMessage): void
  onPhase(phase: SessionPhase): void
  onDropped(fault: Fault): void
  onReadmitted(): void
  onDelivery(delivery: Delivery): void
  onLost(reason: string): void
  /** Trying again would end the same way. */
  onFault(error: ReceiveError): void
}

export interface Connector {
  /** Every 100 ms or so. */
  tick(nowMs: number): void
  /** This process stood still: what was not heard meanwhile is nobody's silence. */
  forgive(nowMs: number): void
  link(): Link | null
  /** Waits for what is queued; then no callback comes any more. */
  close(): Promise<void>
}

export function createConnector(options: ConnectorOptions): Connector {
  let link: Link | null = null
  let last: KnownSession | null = options.known
  let joined: { session: KnownSession['session']; key: string; image: string } | null = null
  let backoffMs = BACKOFF_FIRST_MS
  let notBeforeMs = 0
  let lostAtMs = 0
  let hasteMs = 0
  let forgivenAtMs = 0
  let isClosed = false

  function choose(nowMs: number): KnownSession | null {
    const { sessionName, discovery } = options
    // What was announced before the link was lost may be as dead as the link.
    const sessions = discovery.sessions(nowMs).filter(each => each.heardAtMs > lostAtMs)
    const heard = chooseSession(sessions, { sessionName, joined }, nowMs)
    // Without an announce the last address is as good as any: the network may carry no multicast just now.
    return heard ?? (joined !== null || options.known !== null ? last : null)
  }

  function isElsewhere({ announce }: KnownSession): boolean {
    const { address, port } = announce.control
    return last?.announce.control.address !== address || last.announce.control.port !== port
  }

  function connect(known: KnownSession): void {
    last = { session: known.session, announce: known.announce }
    options.onConnecting(known)
    const { nicAddress, machine, target } = options
    const opened = openLink({
      known,
      localAddress: nicAddress,
      machine,
      target,
      onAdmitted: options.onAdmitted,
      onAsking: options.onAsking,
      onFarewell: options.onFarewell,
      onFill: options.onFill,
      onPhase: options.onPhase,
      onDropped: options.onDropped,
      onReadmitted: options.onReadmitted,
      onDelivery: options.onDelivery,
      onManifest(manifest, wireHash) {
        const { key, image } = known.announce
        joined = { session: known.session, key, image }
        backoffMs = BACKOFF_FIRST_MS
        options.onManifest(opened, known, manifest, wireHash)
      },
      onClosed: (reason, fault) => lose(reason, fault),
    })
    link = opened
  }

  function lose(reason: string, fault: ReceiveError | null): void {
    link = null
    if (isClosed) return
    lostAtMs = Date.now()
    notBeforeMs = lostAtMs + backoffMs * (0.75 + options.random() / 2)
    hasteMs = options.random() * HASTE_MS
    backoffMs = Math.min(BACKOFF_LAST_MS, backoffMs * 2)
    options.onLost(reason)
    if (fault === null) return
    // Once joined, an impostor at the bench's address is a reason to go on looking for the bench.
    if (joined === null || fault.fault.code !== 'peer/not-the-bench') options.onFault(fault)
  }

  function isSilent(current: Link, nowMs: number): boolean {
    const control = Math.max(current.heardAtMs(), forgivenAtMs)
    const either = Math.max(control, options.dataHeardAtMs())
    return nowMs - either > SILENT_MS || nowMs - control > CONTROL_SILENT_MS
  }

  return {
    tick(nowMs) {
      if (isClosed) return
      if (link !== null) {
        if (isSilent(link, nowMs)) link.cut('the bench fell silent')
        return
      }
      const known = choose(nowMs)
      if (known === null) return
      // A bench that came back says so by a new address: no reason to sit out a long wait.
      if (isElsewhere(known)) notBeforeMs = Math.min(notBeforeMs, nowMs + hasteMs)
      if (nowMs >= notBeforeMs) connect(known)
    },
    forgive: nowMs => void (forgivenAtMs = nowMs),
    link: () => link,
    async close() {
      isClosed = true
      await link?.close()
      link = null
    },
  }
}
