import { Timer } from 'lucide-react'
import type { Session } from '../../../shared/session.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { CheckedNumber } from '../../ui/Field.tsx'
import { Popover } from '../../ui/Popover.tsx'
import { describeStartRule } from './select.ts'
import { Setting } from './Setting.tsx'

/** When sending begins. Changes a waiting session at once; otherwise the next one. */
export function StartRulePicker({ session }: { readonly session: Session | null }) {
  const planned = useApp(state => state.startRule)
  const setPlanned = useApp(state => state.setStartRule)
  const plannedProtocol = useApp(state => state.protocol)
  const ask = useAsk()
  const rule = session?.start ?? planned
  const protocol = session?.protocol ?? plannedProtocol
  const change = (part: Partial<typeof rule>): void => {
    const start = { ...rule, ...part }
    setPlanned(start)
    if (session) void ask('session:setStartRule', { sessionId: session.id, start })
  }
  return (
    <Popover
      label="When to start"
      trigger={<Setting icon={Timer} name="Start" value={describeStartRule(rule)} />}
    >
      <h3 className="font-semibold">Start by itself</h3>
      <p className="mt-1 mb-2 text-sm text-muted">
        Whichever comes first. You can always start by hand.{' '}
        {protocol === 'udpcast'
          ? 'Machines that come later get nothing: stock receivers cannot join late.'
          : 'Late machines still get everything.'}
      </p>
      <CheckedNumber
        before="When"
        after="machines have joined"
        value={rule.afterReceivers}
        fallback={8}
        min={1}
        max={1024}
        onChange={afterReceivers => change({ afterReceivers })}
      />
      <CheckedNumber
        before="After"
        after="minutes in all"
        value={inUnit(rule.afterMs, MINUTE_MS)}
        fallback={10}
        min={1}
        max={1440}
        onChange={minutes => change({ afterMs: ofUnit(minutes, MINUTE_MS) })}
      />
      <CheckedNumber
        before="After"
        after="seconds without a join"
        value={inUnit(rule.sinceLastJoinMs, SECOND_MS)}
        fallback={30}
        min={1}
        max={3600}
        onChange={seconds => change({ sinceLastJoinMs: ofUnit(seconds, SECOND_MS) })}
      />
    </Popover>
  )
}

const SECOND_MS = 1000
const MINUTE_MS = 60_000

function inUnit(ms: number | null, unitMs: number): number | null {
  return ms === null ? null : Math.max(1, Math.round(ms / unitMs))
}

function ofUnit(value: number | null, unitMs: number): number | null {
  return value === null ? null : value * unitMs
}
