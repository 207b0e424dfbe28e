/**
 * Watches one open session: listens to the cards, probes machines that have joined before the start, and once data
 * flows compares what each machine's reports count. What it finds is renewed each second.
 */
import type { Examination } from '../../../shared/ipc.ts'
import { diagnose, recommendDelivery } from './diagnose.ts'
import type { BenchFacts, DhcpServer, QuerierFacts, ReportFacts, TakenPort } from './facts.ts'
import { type CardWatch, provokeQuerier, watchCards } from './observeCards.ts'
import {
  type Bench,
  growth,
  machineFacts,
  type ProbedMachines,
  probeMachines,
} from './observeMachines.ts'

export interface SessionWatch {
  /** Null before the first look, or when the card is gone. */
  examination(): Examination | null
  /** As time passes, once a second. */
  tick(nowMs: number): void
  /** Looks at everything now; resolves after some seconds. */
  examine(extra: CardExtras): Promise<Examination | null>
  close(): void
}

/** What is only looked at when somebody asks for an examination. */
export interface CardExtras {
  readonly dhcp: readonly DhcpServer[] | null
  readonly ports: readonly TakenPort[]
  readonly unexamined: readonly string[]
}

export const NO_EXTRAS: CardExtras = { dhcp: null, ports: [], unexamined: [] }

/** Machines come in a row; a probe for each would be many. */
const SETTLE_MS = 1_500
/** Reports of so long are compared. */
const WINDOW_MS = 5_000
/** What a probe found holds for so long while data flows. */
const PROBE_LIFE_MS = 10_000
/** For a querier to answer what provokes it (RFC 3376 §8.8: a second), and a TCP to repeat itself. */
const ANSWER_MS = 2_500
/** Longer silence than this, and a machine's counters are old. */
const FRESH_MS = 1_000

interface Sample {
  readonly atMs: number
  readonly vitals: Bench['vitals']
}

/** `bench` answers null once the session is over. */
export async function watchSession(
  nic: { readonly name: string; readonly address: string },
  bench: () => Bench | null,
): Promise<SessionWatch> {
  const cards: CardWatch = await watchCards(nic.name)
  let extras = NO_EXTRAS
  let probed: ProbedMachines = new Map()
  let probedAtMs = 0
  let probing: Promise<void> | null = null
  let joined = ''
  let joinedAtMs = 0
  let provokedAtMs: number | null = null
  let samples: Sample[] = []
  let latest: Examination | null = null

  function probe(nowMs: number): Promise<void> {
    const seen = bench()
    if (seen === null) return Promise.resolve()
    const isWaiting = (): boolean => bench()?.session.state === 'waiting'
    const before = probed
    probing ??= probeMachines(seen, isWaiting)
      .then(found => {
        probed = new Map(
          [...found].map(([id, probes]) => {
            // The link stays what it was: bursts are only sent before the start.
            const bursts = before.get(id)?.burstBitsPerSecond ?? []
            const isKept = probes.burstBitsPerSecond.length === 0
            return [id, isKept ? { ...probes, burstBitsPerSecond: bursts } : probes]
          }),
        )
        probedAtMs = Math.max(nowMs, Date.now())
      })
      .finally(() => {
        probing = null
      })
    return probing
  }

  /** What machines' counters have grown by, over up to WINDOW_MS. */
  function reports(seen: Bench, nowMs: number): Map<string, ReportFacts> {
    const isFlowing = seen.session.state === 'running'
    samples = isFlowing
      ? [
          ...samples.filter(({ atMs }) => nowMs - atMs <= WINDOW_MS),
          { atMs: nowMs, vitals: seen.vitals },
        ]
      : []
    const [first] = samples
    if (!first) return new Map()
    return new Map(
      seen.receivers.flatMap(({ id, silentMs }) => {
        const facts = growth(first.vitals, seen.vitals, id, nowMs - first.atMs)
        return facts === null || silentMs > FRESH_MS ? [] : [[id, facts] as const]
      }),
    )
  }

  function querier(seen: Bench): QuerierFacts | null {
    const { querier: own } = seen.session
    if (own === null) return null
    const heard = cards.cards()?.card.heard ?? null
    return {
      offReason: own.state === 'off' ? own.detail : null,
      other: own.state === 'other' ? own.detail : (heard?.querier ?? null),
      isListening: heard !== null,
    }
  }

  function look(seen: Bench, nowMs: number, counted: Map<string, ReportFacts>): void {
    const around = cards.cards()
    if (around === null) {
      latest = null
      return
    }
    const isOld = nowMs - probedAtMs > PROBE_LIFE_MS
    const current: ProbedMachines = new Map(
      [...probed].map(([id, probes]) => {
        // Once data flows, it tells more of the way than a probe of some time ago.
        const isOver = isOld && (counted.get(id)?.received ?? 0) > 0
        return [
          id,
          isOver ? { ...probes, multicast: null, broadcast: null, unicast: null } : probes,
        ]
      }),
    )
    const machines = machineFacts(seen, current, counted)
    const isQuerierKnown = provokedAtMs !== null && nowMs - provokedAtMs >= ANSWER_MS
    const facts: BenchFacts = {
      ...around,
      ports: extras.ports,
      dhcp: extras.dhcp,
      querier: isQuerierKnown ? querier(seen) : null,
      unanswered: cards.unanswered(new Set(seen.receivers.map(({ address }) => address))),
      machines,
      delivery: seen.session.delivery,
    }
    const deaf = cards.deafBecause()
    latest = {
      nic: nic.name,
      sessionId: seen.session.id,
      atMs: nowMs,
      findings: diagnose(facts).slice(0, 1000),
      unexamined: [...extras.unexamined, ...(deaf === null ? [] : [deaf])],
      recommendedDelivery: recommendDelivery(machines),
    }
  }

  function provoke(nowMs: number): void {
    if (provokedAtMs !== null) return
    provokedAtMs = nowMs
    void provokeQuerier(nic.address)
  }

  return {
    examination: () => latest,
    tick(nowMs) {
      const seen = bench()
      if (seen === null) return
      if (seen.session.querier?.state === 'off') provoke(nowMs)
      const counted = reports(seen, nowMs)
      const ready = seen.receivers.filter(({ state }) => state === 'receiving').map(({ id }) => id)
      if (ready.join() !== joined) [joined, joinedAtMs] = [ready.join(), nowMs]
      if (probing !== null) return // What it says is worth waiting for.
      const isNew = ready.some(id => !probed.has(id)) && nowMs - joinedAtMs >= SETTLE_MS
      const isDeaf = [...counted.values()].some(({ received, overMs }) => {
        return received === 0 && overMs >= ANSWER_MS && nowMs - probedAtMs > PROBE_LIFE_MS
      })
      const isDue = seen.session.state === 'waiting' ? isNew : isDeaf
      if (isDue) void probe(nowMs)
      else look(seen, nowMs, counted)
    },
    async examine(found) {
      const beganAtMs = Date.now()
      provoke(beganAtMs)
      await probing
      await probe(beganAtMs)
      const restMs = (provokedAtMs ?? beganAtMs) + ANSWER_MS - Date.now()
      if (restMs > 0) await new Promise(resolve => setTimeout(resolve, restMs))
      extras = found
      const seen = bench()
      const nowMs = Date.now()
      if (seen !== null) look(seen, nowMs, reports(seen, nowMs))
      return latest
    },
    close: () => cards.close(),
  }
}
