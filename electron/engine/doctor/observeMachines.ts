/**
 * How a session's machines are reached: by probes, and while the image travels by what their reports have counted.
 * Probes are short, and each next kind is sent only where the one before did not arrive.
 */
import type { Receiver, Session } from '../../../shared/session.ts'
import {
  DEFAULT_PROBE,
  type ProbeRequest,
  type ProbeResult,
  type Vitals,
} from '../session/session.ts'
import type { MachineFacts, ProbeFacts, ReportFacts } from './facts.ts'

export interface Bench {
  readonly session: Session
  readonly receivers: readonly Receiver[]
  readonly vitals: Vitals
  probe(request: ProbeRequest): Promise<readonly ProbeResult[]>
}

/** Figures of one machine that come and go. */
export interface Probes {
  readonly multicast: ProbeFacts | null
  readonly broadcast: ProbeFacts | null
  readonly unicast: ProbeFacts | null
  readonly burstBitsPerSecond: readonly number[]
}

/** By machine. */
export type ProbedMachines = ReadonlyMap<string, Probes>

const BURSTS = 7
/**
 * As fast as this computer can: at 100 Mbit/s they take 7 ms to come out of a port, at a gigabit under one. A port's
 * buffer holds them.
 */
const BURST: ProbeRequest = {
  delivery: 'multicast',
  count: 60,
  bytes: 1432,
  rateBitsPerSecond: 100_000_000_000,
  burstDatagrams: 60,
}
/** Of fewer that arrived, the time between first and last says little. */
const MIN_BURST_DATAGRAMS = 20
const UNICAST_MACHINES = 4

/** Machines that can be spoken to. Bursts measure links while `hasBursts`: they would disturb data on its way. */
export async function probeMachines(
  bench: Pick<Bench, 'probe'>,
  hasBursts: () => boolean,
): Promise<ProbedMachines> {
  const multicast = await bench.probe(DEFAULT_PROBE)
  const cut = multicast.filter(isCut)
  const broadcast =
    cut.length === 0 ? [] : await bench.probe({ ...DEFAULT_PROBE, delivery: 'broadcast' })
  const cutTwice = broadcast.filter(one => isCut(one) && cut.some(isSame(one)))
  const unicast =
    cutTwice.length === 0 || multicast.length > UNICAST_MACHINES
      ? []
      : await bench.probe({ ...DEFAULT_PROBE, delivery: 'unicast' })
  const bursts: ProbeResult[] = []
  const isHeard = multicast.some(({ received }) => received > 0)
  for (let i = 0; isHeard && i < BURSTS && hasBursts(); i++) {
    bursts.push(...(await bench.probe(BURST)))
  }
  return new Map(
    multicast.map(result => [
      result.receiverId,
      {
        multicast: factsOf(result),
        broadcast: factsOf(broadcast.find(isSame(result))),
        unicast: factsOf(unicast.find(isSame(result))),
        burstBitsPerSecond: bursts
          .filter(isSame(result))
          .filter(({ received }) => received >= MIN_BURST_DATAGRAMS)
          .flatMap(({ bitsPerSecond }) => bitsPerSecond ?? []),
      },
    ]),
  )
}

export function machineFacts(
  { receivers, vitals }: Pick<Bench, 'receivers' | 'vitals'>,
  probed: ProbedMachines,
  reports: ReadonlyMap<string, ReportFacts>,
): MachineFacts[] {
  return receivers
    .filter(({ state }) => ACTIVE.has(state))
    .map(({ id, number, name, address }) => ({
      receiverId: id,
      number,
      name,
      address,
      linkBitsPerSecond:
        vitals.machines.find(one => one.receiverId === id)?.linkBitsPerSecond ?? null,
      ...(probed.get(id) ?? NOT_PROBED),
      reports: reports.get(id) ?? null,
    }))
}

/** What a machine's counters have grown by; null where they say nothing: it did not receive all the while. */
export function growth(
  before: Vitals,
  after: Vitals,
  receiverId: string,
  overMs: number,
): ReportFacts | null {
  const [was, is] = [before, after].map(({ machines }) =>
    machines.find(one => one.receiverId === receiverId),
  )
  if (!was?.isReceiving || !is?.isReceiving) return null
  const facts: ReportFacts = {
    overMs,
    sent: after.sentDatagrams - before.sentDatagrams,
    received: is.receivedDatagrams - was.receivedDatagrams,
    missed: is.missedDatagrams - was.missedDatagrams,
    kernelDrops: is.kernelDrops - was.kernelDrops,
  }
  // It has connected anew, and counts from zero.
  return facts.received < 0 || facts.missed < 0 ? null : facts
}

const ACTIVE: ReadonlySet<Receiver['state']> = new Set(['joining', 'receiving', 'verifying'])

const NOT_PROBED: Probes = {
  multicast: null,
  broadcast: null,
  unicast: null,
  burstBitsPerSecond: [],
}

function isCut({ isSilent, received, sent }: ProbeResult): boolean {
  return !isSilent && received <= 0.02 * sent
}

function isSame(one: ProbeResult): (other: ProbeResult) => boolean {
  return other => other.receiverId === one.receiverId
}

function factsOf(result: ProbeResult | undefined): ProbeFacts | null {
  if (!result) return null
  const { sent, received, isSilent, kernelDrops } = result
  // Nothing left this computer: that says nothing of the network.
  return sent === 0 ? null : { sent, received: isSilent ? null : received, kernelDrops }
}
