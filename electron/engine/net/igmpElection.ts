/**
 * Who asks on this link: of all queriers the one with the lowest address (RFC 3376 §6.6.2, RFC 2236 §7).
 *
 *   asking ──query from a lower address──▶ silent ──┐ another: waits anew
 *      ▲                                   │   ▲────┘
 *      └──────────── 255 s of silence ─────┘
 *
 * Pure: the caller owns clock and socket.
 */
import type { IgmpQuery } from './igmpPacket.ts'

interface Common {
  /** Ours, IPv4. */
  readonly address: string
  readonly intervalMs: number
  /**
   * Of our queries. RFC 3376 §7.3.1 wants the lowest version that any querier on the link speaks, so it only ever
   * falls; version 1 understands queries of version 2.
   */
  readonly version: 2 | 3
}

export type Election = Common &
  (
    | {
        readonly state: 'asking'
        readonly nextAtMs: number
        /** Queries that still follow quickly, so that a switch learns all members though one gets lost. */
        readonly quickLeft: number
      }
    | { readonly state: 'silent'; readonly other: string; readonly untilMs: number }
  )

/** RFC 3376 §8.5 with its defaults: 2 x 125 s + 10 s / 2. */
export const OTHER_QUERIER_PRESENT_MS = 255_000

/** How many queries begin a session, and how far apart. The RFC's 31 s (§8.6) are long against a session. */
export const STARTUP_QUERIES = 3
export const STARTUP_INTERVAL_MS = 1_000

/** As RFC 3376 §6.6.2 has it, everyone begins by asking. The first query is due at once. */
export function startElection(address: string, intervalMs: number, nowMs: number): Election {
  const quickLeft = STARTUP_QUERIES - 1
  return { address, intervalMs, version: 3, state: 'asking', nextAtMs: nowMs, quickLeft }
}

/** After a query was heard on the link; our own, which loop back, change nothing. */
export function heard(election: Election, query: IgmpQuery, nowMs: number): Election {
  // RFC 4541 §2.1.1: 0.0.0.0 is a switch that asks for itself, and never wins an election.
  if (query.source === '0.0.0.0' || query.source === election.address) return election
  const version = query.version < 3 ? 2 : election.version
  if (numberOf(query.source) > numberOf(election.address)) return { ...election, version }
  const { address, intervalMs } = election
  const untilMs = nowMs + OTHER_QUERIER_PRESENT_MS
  return { address, intervalMs, version, state: 'silent', other: query.source, untilMs }
}

/** As time passes. `isDue`: send one query now. */
export function next(
  election: Election,
  nowMs: number,
): { readonly election: Election; readonly isDue: boolean } {
  switch (election.state) {
    case 'asking': {
      if (nowMs < election.nextAtMs) return { election, isDue: false }
      const isQuick = election.quickLeft > 0
      const nextAtMs =
        nowMs + (isQuick ? Math.min(STARTUP_INTERVAL_MS, election.intervalMs) : election.intervalMs)
      const quickLeft = isQuick ? election.quickLeft - 1 : 0
      return { election: { ...election, nextAtMs, quickLeft }, isDue: true }
    }
    case 'silent': {
      if (nowMs < election.untilMs) return { election, isDue: false }
      const { address, intervalMs, version } = election
      const nextAtMs = nowMs + intervalMs
      return {
        election: { address, intervalMs, version, state: 'asking', nextAtMs, quickLeft: 0 },
        isDue: true,
      }
    }
  }
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}
