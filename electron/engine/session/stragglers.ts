/**
 * What the policy makes of slow machines: whose needs are left for later, how fast those are caught up, who is dropped.
 * Pure; one step each half second while the session runs.
 */
import type { Policy } from '../../../shared/session.ts'
import { createMachineWindow, type MachineFigures, type MachineSample } from './machineWindow.ts'
import { FULL_PACE, nextPace, type OwnPace } from './ownPace.ts'
import { isDeferred, isMuchSlower, KEEPING_UP, nextStraggler, type Straggler } from './straggler.ts'

export const STRAGGLER_STEP_MS = 500
/** A machine slower than the policy allows is dropped after so long: longer than a cable is out of its socket. */
export const DROP_AFTER_MS = 30_000

export interface StragglerStep {
  readonly atMs: number
  readonly policy: Policy
  /** Machines that receive now, by slot. */
  readonly machines: ReadonlyMap<number, MachineSample>
  /** Machines that were read back and matched. */
  readonly done: number
  /** What went out since the last step. */
  readonly sentBitsPerSecond: number
  /** What may go out: cap, or what the bench carries. */
  readonly rateBitsPerSecond: number
  /** It is the technician's: nothing else looks what the bench carries. */
  readonly isCapped: boolean
  /** The pass is the stragglers'. */
  readonly isCatchingUp: boolean
}

export interface StragglerVerdict {
  readonly deferred: ReadonlySet<number>
  /** For passes that only stragglers need; null: as fast as any. */
  readonly catchUpBitsPerSecond: number | null
  /**
   * For the whole session; null for none. Together: the slowest machine's own pace. Otherwise that of the fastest whose
   * needs are not deferred: with every memory full, what goes out is only thrown away.
   */
  readonly limitBitsPerSecond: number | null
  /** The machine that the limit is of. */
  readonly limitedBy: number | null
  readonly dropped: readonly { readonly slot: number; readonly bitsPerSecond: number }[]
}

export interface Stragglers {
  step(step: StragglerStep): StragglerVerdict
  /** A new connection: what was known of the machine may no longer hold. */
  forget(slot: number): void
}

interface Known {
  readonly window: ReturnType<typeof createMachineWindow>
  straggler: Straggler
  pace: OwnPace
  slowSinceMs: number | null
}

export function createStragglers(): Stragglers {
  const known = new Map<number, Known>()

  function of(slot: number): Known {
    const before = known.get(slot)
    if (before) return before
    const one = {
      window: createMachineWindow(),
      straggler: KEEPING_UP,
      pace: FULL_PACE,
      slowSinceMs: null,
    }
    known.set(slot, one)
    return one
  }

  function settle(step: StragglerStep, figures: ReadonlyMap<number, MachineFigures>): void {
    for (const [slot, one] of figures) {
      const others = [...figures].flatMap(([other, of]) => (other === slot ? [] : [of]))
      const isSlow = isMuchSlower(one, others)
      const machine = of(slot)
      machine.straggler = nextStraggler(
        machine.straggler,
        isSlow,
        step.sentBitsPerSecond,
        step.atMs,
      )
    }
  }

  function pace(step: StragglerStep, figures: ReadonlyMap<number, MachineFigures>): void {
    for (const [slot, one] of figures) {
      const machine = of(slot)
      const isLate = isDeferred(machine.straggler)
      const { sentBitsPerSecond, rateBitsPerSecond } = step
      // What it takes of the others' passes is where its own begin.
      if (isLate && !step.isCatchingUp) machine.pace = nextPace(FULL_PACE, one, 0, Infinity)
      else {
        // Loss that machines share is the rate control's, unless one of them may slow down all. Under a cap there is no
        // control, and a cap sends all it may into any cable; but not what all of them throw away unread.
        const isOwn = isLate || step.policy.kind === 'together'
        const overflow = step.isCapped ? one.overflow : 0
        const shown = isOwn ? one : { ...one, loss: 0, overflow, isBacklogged: one.isFull }
        machine.pace = nextPace(machine.pace, shown, sentBitsPerSecond, rateBitsPerSecond)
      }
    }
  }

  function dropped(
    step: StragglerStep,
    figures: ReadonlyMap<number, MachineFigures>,
  ): StragglerVerdict['dropped'] {
    if (step.policy.kind !== 'drop') return []
    const least = step.policy.belowBitsPerSecond
    const shown = new Map([...figures].map(([slot, one]) => [slot, shownRate(one)]))
    const slow = new Set<number>()
    for (const [slot, bits] of shown) {
      const machine = of(slot)
      // A session that sends less than that asks it of nobody, but where it is this machine's pace that it sends at.
      const isOwnPace = step.isCatchingUp && (machine.pace.bitsPerSecond ?? Infinity) < least
      const isBacklogged = figures.get(slot)?.isBacklogged === true
      const isSlow = bits < least && (step.sentBitsPerSecond >= least || isBacklogged || isOwnPace)
      if (!isSlow) machine.slowSinceMs = null
      else if (step.atMs - (machine.slowSinceMs ??= step.atMs) >= DROP_AFTER_MS) slow.add(slot)
    }
    // Never all of them: with nobody faster, the bench is slow and not the machine.
    const isSomebodyFaster = step.done > 0 || [...shown.values()].some(bits => bits >= least)
    if (!isSomebodyFaster) return []
    return [...slow].map(slot => ({ slot, bitsPerSecond: shown.get(slot) ?? 0 }))
  }

  return {
    step(step) {
      const figures = new Map<number, MachineFigures>()
      for (const [slot, sample] of step.machines) {
        const one = of(slot).window.step(sample)
        if (one) figures.set(slot, one)
      }
      if (step.policy.kind === 'together')
        for (const one of known.values()) one.straggler = KEEPING_UP
      else settle(step, figures)
      pace(step, figures)
      const deferred = [...step.machines.keys()].filter(slot => isDeferred(of(slot).straggler))
      const prompt = [...step.machines.keys()].filter(slot => !deferred.includes(slot))
      const paceOf = (slot: number): number => of(slot).pace.bitsPerSecond ?? Infinity
      const choose = step.policy.kind === 'together' ? Math.min : Math.max
      const limit = finite(choose(...prompt.map(paceOf)))
      return {
        deferred: new Set(deferred),
        catchUpBitsPerSecond: finite(Math.max(...deferred.map(paceOf))),
        limitBitsPerSecond: limit,
        limitedBy: limit === null ? null : (prompt.find(slot => paceOf(slot) === limit) ?? null),
        dropped: dropped(step, figures),
      }
    },
    forget: slot => void known.delete(slot),
  }
}

function finite(bitsPerSecond: number): number | null {
  return Number.isFinite(bitsPerSecond) ? bitsPerSecond : null
}

/** With a full memory most of what arrives is thrown away. */
function shownRate(figures: MachineFigures): number {
  const { isBacklogged, writtenBitsPerSecond, takenBitsPerSecond } = figures
  return isBacklogged ? writtenBitsPerSecond : Math.max(writtenBitsPerSecond, takenBitsPerSecond)
}
