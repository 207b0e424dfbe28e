/**
 * A short run of test datagrams to the joined machines, and what each says of it: the network as the image's data will
 * find it. On the session's card, to its group or the other kinds of address, at a port beside the session's. Nobody is
 * waited for longer than a second. PROTOCOL.md §6.3.
 */
import type { Delivery, ToReceiver, ToSender } from '../../../shared/protocol/control.ts'
import {
  MAX_PROBE_BYTES,
  MAX_PROBE_DATAGRAMS,
  PROBE_HEADER_BYTES,
} from '../../../shared/protocol/limits.ts'
import type { SessionId } from '../../../shared/protocol/packet.ts'
import { encodeProbe } from '../../../shared/protocol/probePacket.ts'
import { broadcastAddress, type GroupSender, openGroupSender } from '../net/net.ts'

export interface ProbeRequest {
  readonly delivery: Delivery
  /** Datagrams to each machine; fewer are sent where they would exceed the budget. */
  readonly count: number
  /** UDP payload of each: PROBE_HEADER_BYTES to MAX_PROBE_BYTES. */
  readonly bytes: number
  /** All of the run together, headers included. */
  readonly rateBitsPerSecond: number
  /** At a timer's late wake-up no more than this at once. */
  readonly burstDatagrams: number
}

/** 46 ms of a twentieth of a gigabit link, half of a 100 Mbit/s one. */
export const DEFAULT_PROBE: ProbeRequest = {
  delivery: 'multicast',
  count: 200,
  bytes: 1432,
  rateBitsPerSecond: 50_000_000,
  // A small switch buffers as much.
  burstDatagrams: 16,
}

export interface ProbeResult {
  /** The machine's id. */
  readonly receiverId: string
  readonly number: number
  readonly address: string
  /** It did not answer: every figure of its own is 0 then. */
  readonly isSilent: boolean
  /** Datagrams that left for it. */
  readonly sent: number
  readonly received: number
  /** From its first to its last, headers included; null with fewer than two, or all at one moment. */
  readonly bitsPerSecond: number | null
  readonly largestBytes: number
  readonly kernelDrops: number
}

export interface ProbedMachine {
  readonly receiverId: string
  readonly number: number
  readonly address: string
  send(message: ToReceiver): void
}

export interface Prober {
  /** One run at a time; further ones wait. `budgetBytes` bounds the whole run. Never rejects. */
  run(
    machines: () => readonly ProbedMachine[],
    request: ProbeRequest,
    budgetBytes: number,
  ): Promise<readonly ProbeResult[]>
  /** A machine's message, whenever it comes. */
  take(receiverId: string, message: ProbeMessage): void
  close(): void
}

export type ProbeMessage = Extract<ToSender, { type: 'probing' | 'probed' }>

/** While nothing else is sent: 4 MB at 50 Mbit/s would be 0.7 s. */
export const WAITING_BUDGET_BYTES = 4_000_000
/** While the image travels: under 1 ms of a gigabit link. */
export const RUNNING_BUDGET_BYTES = 100_000

/** Opening a socket and joining a group takes a few ms; a switch learns of it as fast. */
const READY_MS = 500
const ANSWER_MS = 1_000
const LONGEST_RUN_MS = 2_000
/** Ethernet, IPv4 and UDP. */
const WIRE_OVERHEAD_BYTES = 42

interface Account {
  readonly machine: ProbedMachine
  isListening: boolean | null
  report: Extract<ProbeMessage, { type: 'probed' }> | null
}

interface Run {
  readonly id: number
  readonly accounts: ReadonlyMap<string, Account>
  wake: () => void
}

/** `port` as the session's data port. */
export function probePort(port: number): number {
  return port + 1
}

export function createProber(options: {
  readonly session: SessionId
  readonly cardAddress: string
  readonly group: string
  /** The session's data port. */
  readonly port: number
  readonly ttl: number
  readonly isLoopedBack: boolean
}): Prober {
  const port = probePort(options.port)
  let lastId = 0
  let current: Run | null = null
  let queue: Promise<unknown> = Promise.resolve()
  let isClosed = false

  async function probe(
    machines: readonly ProbedMachine[],
    request: ProbeRequest,
    budgetBytes: number,
  ): Promise<readonly ProbeResult[]> {
    if (isClosed || machines.length === 0) return []
    const copies = request.delivery === 'unicast' ? machines.length : 1
    const { bytes, count } = affordable(request, budgetBytes, copies)
    const id = (lastId = (lastId + 1) >>> 0)
    const accounts = new Map(
      machines.map(machine => [machine.receiverId, { machine, isListening: null, report: null }]),
    ) as ReadonlyMap<string, Account>
    const run: Run = { id, accounts, wake: () => undefined }
    current = run
    const { delivery } = request
    for (const machine of machines) {
      machine.send({ type: 'probe', id, delivery, port, count, bytes })
    }
    await allOf(run, account => account.isListening !== null, READY_MS)
    const sent = await emit(run, { ...request, bytes, count })
    for (const machine of machines) machine.send({ type: 'probeEnd', id })
    const isSettled = ({ isListening, report }: Account): boolean =>
      report !== null || isListening !== true
    await allOf(run, isSettled, ANSWER_MS)
    current = null
    return [...accounts.values()].map(account => result(account, sent(account.machine), bytes))
  }

  /** Until it holds for every machine, or the time is over. */
  async function allOf(run: Run, holds: (account: Account) => boolean, ms: number): Promise<void> {
    const isOver = (): boolean => isClosed || [...run.accounts.values()].every(holds)
    if (isOver()) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms)
      run.wake = () => {
        if (!isOver()) return
        clearTimeout(timer)
        resolve()
      }
    })
    run.wake = () => undefined
  }

  /** Answers how many left for a machine. */
  async function emit(
    run: Run,
    request: ProbeRequest,
  ): Promise<(machine: ProbedMachine) => number> {
    const failed = new Map<string, number>()
    const senders: GroupSender[] = []
    const addresses = destinations([...run.accounts.values()], request.delivery)
    try {
      for (const address of addresses) senders.push(await openTo(address, failed))
      await send(senders, run.id, request)
    } catch {
      // The card went away: nothing left, and the session has its own ways to say so.
      for (const address of addresses) failed.set(address, request.count)
    } finally {
      for (const sender of senders) sender.close()
    }
    return machine => {
      const address = request.delivery === 'unicast' ? machine.address : (addresses[0] ?? '')
      return Math.max(0, request.count - (failed.get(address) ?? 0))
    }
  }

  function destinations(accounts: readonly Account[], delivery: Delivery): string[] {
    switch (delivery) {
      case 'multicast':
        return [options.group]
      case 'broadcast':
        return [broadcastAddress(options.cardAddress) ?? '']
      case 'unicast':
        return [...new Set(accounts.map(({ machine }) => machine.address))]
    }
  }

  function openTo(address: string, failed: Map<string, number>): Promise<GroupSender> {
    return openGroupSender({
      interfaceAddress: options.cardAddress,
      group: address,
      port,
      ttl: options.ttl,
      isBulk: true,
      isLoopedBack: options.isLoopedBack,
      onSendError: () => void failed.set(address, (failed.get(address) ?? 0) + 1),
    })
  }

  async function send(
    senders: readonly GroupSender[],
    id: number,
    request: ProbeRequest,
  ): Promise<void> {
    const { bytes, count, rateBitsPerSecond, burstDatagrams } = request
    const perMs = rateBitsPerSecond / 8000 / (bytes + WIRE_OVERHEAD_BYTES) / senders.length
    const startMs = performance.now()
    const endMs = startMs + 2 * LONGEST_RUN_MS
    for (let index = 0; index < count && !isClosed;) {
      const nowMs = performance.now()
      const due = Math.min(count, 1 + (nowMs - startMs) * perMs, index + burstDatagrams)
      for (; index < due; index++) {
        const datagram = encodeProbe({ session: options.session, id, index, count, bytes })
        for (const sender of senders) {
          sender.send(datagram, null)
          sender.flush() // One by one: together they would cross the card, and be lost, as one.
        }
      }
      if (nowMs > endMs) return
      await new Promise(resolve => setTimeout(resolve, 1))
    }
  }

  return {
    run(machines, request, budgetBytes) {
      const done = queue.then(() => probe(machines(), request, budgetBytes))
      queue = done
      return done
    },
    take(receiverId, message) {
      const account = current?.accounts.get(receiverId)
      if (!current || !account || message.id !== current.id) return
      if (message.type === 'probing') account.isListening = message.isListening
      else account.report ??= message
      current.wake()
    },
    close() {
      isClosed = true
      current?.wake()
    },
  }
}

/** At least one datagram of a size that is allowed. */
function affordable(
  request: ProbeRequest,
  budgetBytes: number,
  copies: number,
): { readonly bytes: number; readonly count: number } {
  const bytes = Math.min(MAX_PROBE_BYTES, Math.max(PROBE_HEADER_BYTES, Math.floor(request.bytes)))
  const wireBytes = (bytes + WIRE_OVERHEAD_BYTES) * copies
  const inTime = ((request.rateBitsPerSecond / 8000) * LONGEST_RUN_MS) / wireBytes
  const most = Math.min(request.count, MAX_PROBE_DATAGRAMS, budgetBytes / wireBytes, inTime)
  return { bytes, count: Math.max(1, Math.floor(most)) }
}

function result({ machine, report }: Account, sent: number, bytes: number): ProbeResult {
  const { receiverId, number, address } = machine
  const received = Math.min(report?.received ?? 0, sent)
  const durationUs = report?.durationUs ?? 0
  const bits = (received - 1) * (bytes + WIRE_OVERHEAD_BYTES) * 8
  return {
    receiverId,
    number,
    address,
    isSilent: report === null,
    sent,
    received,
    bitsPerSecond: received > 1 && durationUs > 0 ? (bits / durationUs) * 1e6 : null,
    largestBytes: received > 0 ? Math.min(report?.largestBytes ?? 0, bytes) : 0,
    kernelDrops: report?.kernelDrops ?? 0,
  }
}
