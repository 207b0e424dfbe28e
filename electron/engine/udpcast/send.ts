/**
 * Sends an image to stock udpcast receivers, as found on imaging media: Debian's unmodified `udp-receiver` and others
 * that speak its protocol of 2012.
 *
 * What that protocol cannot do stays undone: nobody joins after the start, nothing is verified (a receiver that
 * acknowledges may still have written wrongly), each address is one receiver, and the whole raw image travels, zeros and
 * all. Machines that run our own receiver have none of these limits.
 */
import { randomInt } from 'node:crypto'
import type { StartRule } from '../../../shared/session.ts'
import { openIgmpQuerier, type QuerierState, type UsableNic } from '../net/net.ts'
import { createPacer, type Pacer } from '../sender/sender.ts'
import type { Step } from './delivery.ts'
import { UdpcastError } from './fault.ts'
import { decode } from './packet.ts'
import type { UdpcastReceiver } from './receivers.ts'
import { createSliceReader } from './slices.ts'
import { openSockets, type UdpcastSockets } from './sockets.ts'
import { createTransfer, maxSliceBytes, type Transfer } from './transfer.ts'

export interface UdpcastOptions {
  /** The raw image in order; `Catalog.content` gives it. */
  readonly content: AsyncIterable<Uint8Array>
  readonly imageBytes: number
  readonly nic: UsableNic
  readonly start: StartRule
  /** Null: as fast as the socket takes it. Nothing here slows down for losses. */
  readonly rateBitsPerSecond: number | null
  /** No answers but at the end; parity mends 1 % of loss, see fec.ts. Who loses more has lost the image. */
  readonly isAsync: boolean
  /** Receivers listen on it, the sender on the next; `--portbase` of the stock programs. */
  readonly portBase: number
  /** Otherwise one of this site's, at random. */
  readonly group?: string
  /** Of the group's datagrams; otherwise 1. */
  readonly ttl?: number
  readonly signal: AbortSignal
  /** Once, when machines may join. */
  onOpened(control: UdpcastControl): void
  /** Ten times a second, and once at the end. */
  onProgress(progress: UdpcastProgress): void
}

/** What can be changed while it is open. */
export interface UdpcastControl {
  startNow(): void
  setStart(rule: StartRule): void
  setRate(bitsPerSecond: number | null): void
  /** Null on the loopback card, where no switch is asked. */
  querier(): QuerierState | null
}

export interface UdpcastProgress {
  readonly state: 'waiting' | 'running' | 'ended'
  /** Held by every machine that still counts; with `isAsync`, sent. */
  readonly doneBytes: number
  readonly totalBytes: number
  /** On average since the start. */
  readonly rateBytesPerSecond: number
  readonly leftMs: number | null
  readonly receivers: readonly UdpcastReceiver[]
  readonly group: string
  readonly sentBytes: number
  readonly resentBlocks: number
  /** Addresses of machines that asked to join after the start. */
  readonly latecomers: readonly string[]
  readonly sendErrors: number
}

export interface UdpcastResult extends UdpcastProgress {
  /** Every machine that joined acknowledged the end. Never that what it wrote is right. */
  readonly isSuccess: boolean
  readonly isStopped: boolean
  readonly durationMs: number
}

/** udpcast's own default. */
export const PORT_BASE = 9000

const TELL_EVERY_MS = 100
/** The farewell may get lost like anything else. */
const FAREWELLS = 3

/** Resolves when every machine has ended, or `signal` asked to stop. Faults: net/*, image/damaged. */
export async function sendUdpcast(options: UdpcastOptions): Promise<UdpcastResult> {
  const { nic, portBase, signal, isAsync, imageBytes } = options
  const { broadcast } = nic
  if (broadcast === null) throw new UdpcastError({ code: 'net/no-broadcast', card: nic.name })
  // RFC 2365 §6.1: for this site alone. The stock default may fall among the source-specific groups, 232/8.
  const group = options.group ?? `239.255.${randomInt(1, 255)}.${randomInt(1, 255)}`
  const now = (): number => performance.now()
  const start = byMonotonicClock(options.start)
  const transfer = createTransfer({ group, broadcast, isAsync, start, openedAtMs: now() })
  const bell = createBell()
  let sendErrors = 0
  let sentBytes = 0
  const sockets = await openSockets({
    address: nic.address,
    broadcast,
    portBase,
    ttl: options.ttl ?? 1,
    isLoopedBack: nic.kind === 'loopback',
    onSendError: () => void sendErrors++,
    onDatagram(from, datagram) {
      const packet = decode(datagram)
      if (packet.kind === 'malformed') return
      transfer.heard(from, packet, now())
      bell.ring()
    },
  })
  const send = (step: Step & { kind: 'send' }): void => {
    sentBytes += step.header.length + (step.payload?.length ?? 0)
    sockets.send(step.to, step.header, step.payload)
  }
  const progress = (): UdpcastProgress => ({
    ...measured(transfer, imageBytes, now()),
    group,
    sentBytes,
    sendErrors,
  })
  const slices = createSliceReader(options.content, imageBytes, maxSliceBytes(isAsync))
  const ticking = setInterval(() => options.onProgress(progress()), TELL_EVERY_MS)
  signal.addEventListener('abort', bell.ring)
  const querier = nic.kind === 'loopback' ? null : await openIgmpQuerier(nic)
  const pacer = createPacer(options.rateBitsPerSecond, now(), 'coarse')
  options.onOpened({
    startNow() {
      transfer.startNow()
      bell.ring()
    },
    setStart(rule) {
      transfer.setStart(byMonotonicClock(rule))
      bell.ring()
    },
    setRate: bitsPerSecond => pacer.setRate(bitsPerSecond),
    querier: () => querier?.state() ?? null,
  })
  try {
    while (!signal.aborted) {
      const step = transfer.next(now())
      if (step.kind === 'end') break
      if (step.kind === 'wait') await bell.wait(step.untilMs - now())
      else if (step.kind === 'read') transfer.supply(await slices.next())
      else {
        await turn(step, pacer, sockets, now)
        send(step)
      }
    }
  } finally {
    clearInterval(ticking)
    signal.removeEventListener('abort', bell.ring)
    const farewell = transfer.farewell()
    for (let i = 0; i < FAREWELLS; i++) if (farewell?.kind === 'send') send(farewell)
    await sockets.drained()
    sockets.close()
    querier?.close()
    await slices.close()
  }
  const last = { ...progress(), state: 'ended' } as const
  options.onProgress(last)
  const durationMs = transfer.startedAtMs === null ? 0 : now() - transfer.startedAtMs
  const isStopped = transfer.phase !== 'ended'
  return { ...last, isSuccess: !isStopped && transfer.isSuccess(), isStopped, durationMs }
}

/** What is decided here goes by a clock that nobody sets. */
function byMonotonicClock(rule: StartRule): StartRule {
  return rule.atMs === null ? rule : { ...rule, atMs: rule.atMs - Date.now() + performance.now() }
}

/** Waits until the socket has room, and, for content, until the rate allows it. */
async function turn(
  step: Step & { kind: 'send' },
  pacer: Pacer,
  sockets: UdpcastSockets,
  now: () => number,
): Promise<void> {
  if (sockets.isFull()) await sockets.hasRoom()
  if (step.payload === null) return
  while (!pacer.mayStart(now())) {
    const waitMs = pacer.waitMs(now())
    await new Promise(resolve => setTimeout(resolve, waitMs))
  }
  pacer.spend(step.header.length + step.payload.length)
}

function measured(transfer: Transfer, totalBytes: number, nowMs: number) {
  const { phase, startedAtMs, doneBytes, resentBlocks, latecomers } = transfer
  const spentMs = startedAtMs === null ? 0 : nowMs - startedAtMs
  const bytesPerMs = spentMs > 0 ? doneBytes / spentMs : 0
  return {
    state: phase === 'sending' ? ('running' as const) : phase,
    doneBytes,
    totalBytes,
    rateBytesPerSecond: bytesPerMs * 1000,
    leftMs: bytesPerMs > 0 ? (totalBytes - doneBytes) / bytesPerMs : null,
    receivers: transfer.receivers().map(receiverRow),
    resentBlocks,
    latecomers,
  }
}

function receiverRow({ number, address, state, haveBytes }: UdpcastReceiver): UdpcastReceiver {
  return { number, address, state, haveBytes }
}

/** A sleep that a ring ends early; a ring between two sleeps ends the next at once. */
function createBell(): { ring(): void; wait(ms: number): Promise<void> } {
  let isRung = false
  let wake: (() => void) | null = null
  return {
    ring() {
      isRung = true
      wake?.()
    },
    async wait(ms) {
      if (!isRung) {
        await new Promise<void>(resolve => {
          const timer = setTimeout(resolve, Math.max(0, ms))
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      wake = null
      isRung = false
    },
  }
}
