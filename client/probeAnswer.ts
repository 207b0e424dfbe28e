/** Answers the sender's probes: listens where it is told to, counts, reports. PROTOCOL.md §6.3. */
import { type GroupReceiver, listenAddress, openGroupReceiver } from '../electron/engine/net/net.ts'
import type { ProbeOrder, ToSender } from '../shared/protocol/control.ts'
import type { SessionId } from '../shared/protocol/packet.ts'
import { decodeProbe } from '../shared/protocol/probePacket.ts'

/** After the sender's "all sent", which comes by another way, datagrams may still be on theirs. */
const SETTLE_MS = 100
/** A probe that nobody ends is forgotten. */
const LIFE_MS = 10_000

export interface ProbeAnswerOptions {
  readonly session: SessionId
  readonly group: string
  readonly nicAddress: string
  send(message: ToSender): void
}

export interface ProbeAnswer {
  /** A new probe takes the place of one that is under way. */
  listen(order: ProbeOrder): void
  /** All of it was sent. */
  end(id: number): void
  close(): void
}

interface Run {
  readonly order: ProbeOrder
  readonly seen: Uint8Array
  readonly timer: NodeJS.Timeout
  receiver: GroupReceiver | null
  received: number
  largestBytes: number
  firstAtMs: number
  lastAtMs: number
  isOver: boolean
}

export function createProbeAnswer(options: ProbeAnswerOptions): ProbeAnswer {
  let run: Run | null = null

  async function open(current: Run): Promise<void> {
    const { delivery, port, id } = current.order
    const address = listenAddress(delivery, options.group, options.nicAddress)
    try {
      if (address === null) throw new Error('the card has no broadcast address')
      const receiver = await openGroupReceiver({
        group: address,
        port,
        interfaceAddress: options.nicAddress,
        onDatagram: datagram => take(current, datagram),
      })
      if (current.isOver) return await receiver.close()
      current.receiver = receiver
      options.send({ type: 'probing', id, isListening: true })
    } catch {
      if (!current.isOver) options.send({ type: 'probing', id, isListening: false })
    }
  }

  function take(current: Run, datagram: Uint8Array): void {
    const packet = decodeProbe(datagram)
    if (packet.kind === 'malformed' || current.isOver) return
    const { id, count } = current.order
    if (packet.session !== options.session || packet.id !== id || packet.count !== count) return
    if (current.seen[packet.index] === 1) return
    current.seen[packet.index] = 1
    const nowMs = performance.now()
    if (current.received++ === 0) current.firstAtMs = nowMs
    current.lastAtMs = nowMs
    current.largestBytes = Math.max(current.largestBytes, packet.bytes)
    if (current.received === count) void report(current)
  }

  async function report(current: Run): Promise<void> {
    await stop(current)
    const durationUs = Math.round((current.lastAtMs - current.firstAtMs) * 1000)
    options.send({
      type: 'probed',
      id: current.order.id,
      received: current.received,
      largestBytes: current.largestBytes,
      durationUs,
      // Counted to the end: the socket is closed.
      kernelDrops: current.receiver?.kernelDrops() ?? 0,
    })
  }

  async function stop(current: Run): Promise<void> {
    current.isOver = true
    clearTimeout(current.timer)
    if (run === current) run = null
    await current.receiver?.close()
  }

  return {
    listen(order) {
      if (run !== null) void stop(run)
      const started: Run = {
        order,
        seen: new Uint8Array(order.count),
        timer: setTimeout(() => void stop(started), LIFE_MS),
        receiver: null,
        received: 0,
        largestBytes: 0,
        firstAtMs: 0,
        lastAtMs: 0,
        isOver: false,
      }
      run = started
      void open(started)
    },
    end(id) {
      const current = run
      if (current?.order.id !== id) return
      setTimeout(() => {
        if (!current.isOver) void report(current)
      }, SETTLE_MS)
    },
    close() {
      if (run !== null) void stop(run)
    },
  }
}
