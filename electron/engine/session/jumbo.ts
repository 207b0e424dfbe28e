/**
 * Whether a session's datagrams may be large: only while every machine that takes part has heard a padded probe over its
 * present connection. A newcomer makes them small until it has answered, so nobody waits for anyone. PROTOCOL.md §4.6.
 */
import type { Delivery } from '../../../shared/protocol/control.ts'
import { JUMBO_DATAGRAM_BYTES } from '../../../shared/protocol/limits.ts'
import { isActive, type ReceiverState } from './receiver.ts'
import type { ProbedMachine, ProbeRequest, ProbeResult } from './probe.ts'

/** IPv4 and UDP headers. */
const HEADER_BYTES = 28
/** One is proof; at a third lost, all of eight are lost once in 6,000 times. */
const PROBES = 8
const PROBE_BITS_PER_SECOND = 50_000_000
/** A machine that is silent so often is taken for one that large datagrams do not reach. */
const TRIES = 3

export interface Jumbo {
  /** Whether large datagrams may be sent now; starts a probe where an answer is lacking. */
  isAllowed(machines: readonly JumboMachine[], delivery: Delivery): boolean
}

export interface JumboMachine {
  readonly machine: { readonly id: string }
  readonly state: ReceiverState
  /** Its connection. */
  readonly peer: object | null
}

export type ProbeSome = (
  wanted: (machine: ProbedMachine) => boolean,
  request: ProbeRequest,
) => Promise<readonly ProbeResult[]>

interface Verdict {
  takesJumbo: boolean | null
  tries: number
}

/** `mtuBytes` of the sender's card; null where that is unknown: nothing large is sent then. */
export function createJumbo(mtuBytes: number | null, probe: ProbeSome): Jumbo {
  const isPossible = mtuBytes !== null && mtuBytes >= JUMBO_DATAGRAM_BYTES + HEADER_BYTES
  let verdicts = new WeakMap<object, Verdict>()
  let probedBy: Delivery = 'multicast'
  let isProbing = false

  function verdictOf(peer: object): Verdict {
    const known = verdicts.get(peer)
    if (known) return known
    const verdict = { takesJumbo: null, tries: 0 }
    verdicts.set(peer, verdict)
    return verdict
  }

  async function ask(unknown: ReadonlyMap<string, Verdict>, delivery: Delivery): Promise<void> {
    isProbing = true
    const results = await probe(({ receiverId }) => unknown.has(receiverId), {
      delivery,
      count: PROBES,
      bytes: JUMBO_DATAGRAM_BYTES,
      rateBitsPerSecond: PROBE_BITS_PER_SECOND,
      burstDatagrams: 1,
    })
    isProbing = false
    for (const verdict of unknown.values()) verdict.tries++
    for (const { receiverId, isSilent, largestBytes } of results) {
      const verdict = unknown.get(receiverId)
      if (verdict && !isSilent) verdict.takesJumbo = largestBytes >= JUMBO_DATAGRAM_BYTES
    }
    for (const verdict of unknown.values()) {
      if (verdict.tries >= TRIES) verdict.takesJumbo ??= false
    }
  }

  return {
    isAllowed(machines, delivery) {
      if (!isPossible) return false
      if (delivery !== probedBy) {
        probedBy = delivery
        verdicts = new WeakMap()
      }
      const active = machines.filter(({ state }) => isActive(state))
      const unknown = new Map<string, Verdict>()
      let isAllowed = active.length > 0
      for (const { machine, peer } of active) {
        const verdict = peer === null ? null : verdictOf(peer)
        if (verdict?.takesJumbo !== true) isAllowed = false
        if (verdict?.takesJumbo === null) unknown.set(machine.id, verdict)
      }
      if (unknown.size > 0 && !isProbing) void ask(unknown, delivery)
      return isAllowed
    },
  }
}
