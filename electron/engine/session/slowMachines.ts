/** Carries the policy's verdict on slow machines to the sender's thread, to their rows and, where it drops one, to it. */
import { formatBits } from '../../../shared/figures.ts'
import type { Fault } from '../../../shared/fault.ts'
import type { Policy } from '../../../shared/session.ts'
import type { Sender } from '../sender/sender.ts'
import type { LiveReceiver } from './liveReceiver.ts'
import { createStragglers, DROP_AFTER_MS } from './stragglers.ts'

export interface SlowMachinesOptions {
  readonly command: Sender['command']
  readonly receivers: () => readonly LiveReceiver[]
  drop(receiver: LiveReceiver, fault: Fault): void
}

export interface SenderFigures {
  readonly policy: Policy
  readonly sentBytes: number
  readonly rateBitsPerSecond: number
  readonly isCapped: boolean
  readonly isCatchingUp: boolean
}

export interface SlowMachines {
  /** Each STRAGGLER_STEP_MS while the session runs. */
  step(sender: SenderFigures, nowMs: number): void
  /** The number of the machine whose own pace the session goes at; null for none. */
  limitedBy(): number | null
}

export function createSlowMachines(options: SlowMachinesOptions): SlowMachines {
  const stragglers = createStragglers()
  const joinedAtMs = new Map<number, number>()
  let before = { atMs: 0, sentBytes: 0 }
  let told = ''
  let limitedBy: number | null = null

  return {
    step({ policy, sentBytes, rateBitsPerSecond, isCapped, isCatchingUp }, nowMs) {
      const receivers = options.receivers()
      const receiving = receivers.filter(one => one.state.state === 'receiving')
      for (const { slot, admittedAtMs } of receiving) {
        if (joinedAtMs.get(slot) !== admittedAtMs) stragglers.forget(slot)
        joinedAtMs.set(slot, admittedAtMs)
      }
      const sentBits = (sentBytes - before.sentBytes) * 8
      const sentBitsPerSecond = (sentBits * 1000) / Math.max(1, nowMs - before.atMs)
      before = { atMs: nowMs, sentBytes }
      const verdict = stragglers.step({
        atMs: nowMs,
        policy,
        machines: new Map(receiving.map(one => [one.slot, { ...one, atMs: nowMs }])),
        done: receivers.filter(one => one.state.state === 'done').length,
        sentBitsPerSecond,
        rateBitsPerSecond,
        isCapped,
        isCatchingUp,
      })
      for (const receiver of receivers) {
        const { slot } = receiver
        const isDeferred = verdict.deferred.has(slot)
        if (receiver.isDeferred !== isDeferred) options.command({ kind: 'defer', slot, isDeferred })
        receiver.isDeferred = isDeferred
      }
      const { limitBitsPerSecond, catchUpBitsPerSecond } = verdict
      limitedBy = receivers.find(one => one.slot === verdict.limitedBy)?.number ?? null
      const text = `${limitBitsPerSecond} ${catchUpBitsPerSecond}`
      if (text !== told) {
        options.command({ kind: 'ownPace', limitBitsPerSecond, catchUpBitsPerSecond })
      }
      told = text
      for (const { slot, bitsPerSecond } of verdict.dropped) {
        const receiver = receiving.find(one => one.slot === slot)
        if (receiver) options.drop(receiver, tooSlowFault(policy, bitsPerSecond))
      }
    },
    limitedBy: () => limitedBy,
  }
}

function tooSlowFault(policy: Policy, bitsPerSecond: number): Fault {
  const least = policy.kind === 'drop' ? formatBits(policy.belowBitsPerSecond) : ''
  return {
    code: 'peer/too-slow',
    message: `It took ${formatBits(bitsPerSecond)} for ${DROP_AFTER_MS / 1000} s; this session drops machines below ${least}. Check its cable, port and disk, then retry it, or choose another rule for slow machines.`,
  }
}
