/**
 * Repair symbols that go out with a block before anybody asks: they save a round of reports. Pure. Only as many as
 * somebody will need all the same, so the bytes on the wire stay what they would have been.
 */
import type { NeedReport } from '../../../shared/protocol/needReport.ts'
import type { Slot } from './needSum.ts'

export interface LossMeter {
  update(slot: Slot, report: Pick<NeedReport, 'receivedDatagrams' | 'missedDatagrams'>): void
  /** 0 to 1, over the last few thousand datagrams; 0 before there were enough. */
  loss(slot: Slot): number
  forget(slot: Slot): void
}

/** Older datagrams count half after so many newer ones: a second at 50 Mbit/s. */
const HALF_LIFE_DATAGRAMS = 4_000
/** Fewer say nothing about 1 %. */
const LEAST_DATAGRAMS = 500

/** Below this at nine in ten machines a bench is called lossless: nothing is sent that nobody may need. */
export const LOSSLESS = 0.005
/** All rows are needed by somebody in nine blocks of ten. */
const SURELY_NEEDED = 0.9
/** With what goes out last, all rows suffice this often: a round of reports takes longer than a few symbols do. */
const SURELY_ENOUGH = 0.9
/** A block that loses more has a straggler's cable, not a bench's. */
const MOST_OF_BLOCK = 0.25

interface Counts {
  received: number
  missed: number
  /** Decayed. */
  total: number
  lost: number
}

export function createLossMeter(): LossMeter {
  const counts = new Map<Slot, Counts>()
  return {
    update(slot, { receivedDatagrams: received, missedDatagrams: missed }) {
      const before = counts.get(slot)
      // A new connection counts anew.
      if (!before || received < before.received) {
        counts.set(slot, { received, missed, total: 0, lost: 0 })
        return
      }
      const lost = Math.max(0, missed - before.missed)
      const total = received - before.received + lost
      const kept = 0.5 ** (total / HALF_LIFE_DATAGRAMS)
      before.total = before.total * kept + total
      before.lost = before.lost * kept + lost
      before.received = received
      before.missed = missed
    },
    loss(slot) {
      const one = counts.get(slot)
      return one && one.total >= LEAST_DATAGRAMS ? one.lost / one.total : 0
    },
    forget: slot => void counts.delete(slot),
  }
}

/** Rows to append to a block of k source symbols, for receivers that lose these shares of what is sent. */
export function proactiveRows(k: number, losses: readonly number[]): number {
  return rowsUntil(k, losses, allSuffice => 1 - allSuffice < SURELY_NEEDED)
}

/** The same for the last chunk of a pass, of so many blocks: most likely nobody then asks for more. */
export function lastRows(k: number, losses: readonly number[], blocks: number): number {
  return rowsUntil(k, losses, allSuffice => allSuffice ** blocks >= SURELY_ENOUGH)
}

/** Symbols to add to `count` that so many receivers wait for at the end of a pass, as some of them get lost too. */
export function spareRows(count: number, losses: readonly number[], receivers: number): number {
  const loss = lossesOfMost(losses).at(-1) ?? 0
  if (loss < LOSSLESS || count === 0) return 0
  for (let spare = 0; spare < count; spare++) {
    if (chanceOfAtMost(spare, count + spare, loss) ** receivers >= SURELY_ENOUGH) return spare
  }
  return count
}

/** Those of nine in ten receivers, the greatest last: one bad cable makes nobody else's pass longer. */
function lossesOfMost(losses: readonly number[]): number[] {
  return losses.toSorted((a, b) => a - b).slice(0, Math.ceil(losses.length * 0.9))
}

/** `isEnough` is told the chance that each of nine in ten receivers loses at most so many symbols of the block. */
function rowsUntil(
  k: number,
  losses: readonly number[],
  isEnough: (allSuffice: number) => boolean,
): number {
  const counted = lossesOfMost(losses)
  if ((counted.at(-1) ?? 0) < LOSSLESS) return 0
  const chances = counted.map(loss => ({ odds: loss / (1 - loss), term: (1 - loss) ** k, sum: 0 }))
  const most = Math.floor(k * MOST_OF_BLOCK)
  for (let rows = 0; rows < most; rows++) {
    let allSuffice = 1
    for (const one of chances) {
      one.sum += one.term
      one.term *= ((k - rows) / (rows + 1)) * one.odds
      allSuffice *= one.sum
    }
    if (isEnough(allSuffice)) return rows
  }
  return most
}

/** That at most `lost` of `count` symbols are lost. */
function chanceOfAtMost(lost: number, count: number, loss: number): number {
  let term = (1 - loss) ** count
  let sum = term
  for (let i = 0; i < lost; i++) {
    term *= ((count - i) / (i + 1)) * (loss / (1 - loss))
    sum += term
  }
  return sum
}
