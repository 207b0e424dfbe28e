import { Timer } from 'lucide-react'
import { useId } from 'react'
import { BY_HAND, type Session, type StartRule } from '../../../shared/session.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { CheckedNumber } from '../../ui/Field.tsx'
import { Popover } from '../../ui/Popover.tsx'
import { Setting } from '../../ui/Setting.tsx'
import { clockOf, describeStartRule, nextAt } from './describe.ts'
import { usePlanned } from './usePlanned.ts'

/** When sending begins. Changes a waiting session at once; otherwise the next one. */
export function StartRulePicker({ session }: { readonly session: Session | null }) {
  const planned = usePlanned()
  const choosePlan = useApp(state => state.choosePlan)
  const ask = useAsk()
  const rule = session?.start ?? planned.start
  const protocol = session?.protocol ?? planned.protocol
  const set = (start: StartRule): void => {
    if (session) void ask('session:setStartRule', { sessionId: session.id, start })
    else choosePlan({ start })
  }
  return (
    <Popover
      label="When to start"
      isWide
      trigger={<Setting icon={Timer} name="Start" value={describeStartRule(rule)} />}
    >
      <h3 className="font-semibold">When to start</h3>
      <p className="mt-1 mb-3 text-sm text-muted">
        You can always start by hand.{' '}
        {protocol === 'udpcast'
          ? 'Machines that come later get nothing: stock receivers cannot join late.'
          : 'Machines that come later still get everything.'}
      </p>
      <Presets rule={rule} onChange={set} />
      <h4 className="mt-4 mb-1 text-sm font-medium text-muted">Whichever comes first</h4>
      <Rows rule={rule} onChange={part => set({ ...rule, ...part })} />
    </Popover>
  )
}

const SECOND_MS = 1000
const MINUTE_MS = 60_000

const PRESETS: readonly {
  readonly name: string
  readonly hint: string
  readonly rule: StartRule
}[] = [
  { name: 'By hand', hint: 'Nothing starts before you press the button.', rule: BY_HAND },
  {
    name: 'Auto-cast',
    hint: 'Starts with the first machine; others join as they come.',
    rule: { ...BY_HAND, afterReceivers: 1 },
  },
  {
    name: 'Scheduled-cast',
    hint: 'Starts some minutes after the first machine, or when enough have joined.',
    rule: { ...BY_HAND, afterReceivers: 20, afterFirstJoinMs: 15 * MINUTE_MS },
  },
]

function Presets({
  rule,
  onChange,
}: {
  readonly rule: StartRule
  readonly onChange: (rule: StartRule) => void
}) {
  const current = PRESETS.find(preset => preset.name === presetOf(rule))
  return (
    <>
      <fieldset className="grid grid-cols-3 gap-1 rounded-lg bg-sunken p-1">
        <legend className="sr-only">Way to start</legend>
        {PRESETS.map(preset => (
          <button
            key={preset.name}
            type="button"
            aria-pressed={preset === current}
            onClick={() => onChange(preset.rule)}
            className="min-h-9 rounded-md px-1 text-sm hover:bg-surface aria-pressed:bg-surface aria-pressed:font-semibold aria-pressed:shadow-(--lift)"
          >
            {preset.name}
          </button>
        ))}
      </fieldset>
      <p className="mt-1.5 text-sm text-muted">{current?.hint ?? 'A rule of your own.'}</p>
    </>
  )
}

/** The preset's kind, whatever its numbers; null for another combination. */
function presetOf(rule: StartRule): string | null {
  const { afterReceivers, afterMs, sinceLastJoinMs, afterFirstJoinMs, atMs } = rule
  if (afterMs !== null || sinceLastJoinMs !== null || atMs !== null) return null
  if (afterFirstJoinMs !== null) return 'Scheduled-cast'
  if (afterReceivers === null) return 'By hand'
  return afterReceivers === 1 ? 'Auto-cast' : null
}

function Rows({
  rule,
  onChange,
}: {
  readonly rule: StartRule
  readonly onChange: (part: Partial<StartRule>) => void
}) {
  return (
    <>
      <CheckedNumber
        before="When"
        after="machines have joined"
        value={rule.afterReceivers}
        fallback={8}
        min={1}
        max={1024}
        onChange={afterReceivers => onChange({ afterReceivers })}
      />
      <CheckedNumber
        before="After"
        after="minutes since the first machine"
        value={inUnit(rule.afterFirstJoinMs, MINUTE_MS)}
        fallback={15}
        min={1}
        max={1440}
        onChange={minutes => onChange({ afterFirstJoinMs: ofUnit(minutes, MINUTE_MS) })}
      />
      <CheckedNumber
        before="After"
        after="seconds without a join"
        value={inUnit(rule.sinceLastJoinMs, SECOND_MS)}
        fallback={30}
        min={1}
        max={3600}
        onChange={seconds => onChange({ sinceLastJoinMs: ofUnit(seconds, SECOND_MS) })}
      />
      <CheckedNumber
        before="After"
        after="minutes in all"
        value={inUnit(rule.afterMs, MINUTE_MS)}
        fallback={10}
        min={1}
        max={1440}
        onChange={minutes => onChange({ afterMs: ofUnit(minutes, MINUTE_MS) })}
      />
      <ClockTime atMs={rule.atMs} onChange={atMs => onChange({ atMs })} />
    </>
  )
}

const HOUR_MS = 60 * MINUTE_MS

function ClockTime({
  atMs,
  onChange,
}: {
  readonly atMs: number | null
  readonly onChange: (atMs: number | null) => void
}) {
  const id = useId()
  const nextHour = (): number => Math.ceil((Date.now() + MINUTE_MS) / HOUR_MS) * HOUR_MS
  return (
    <div className="flex items-center gap-2.5 py-1.5">
      <input
        id={id}
        type="checkbox"
        checked={atMs !== null}
        onChange={event => onChange(event.target.checked ? nextHour() : null)}
        className="size-4 shrink-0 accent-accent"
      />
      <label htmlFor={id}>At</label>
      <input
        type="time"
        aria-label="At the clock time"
        value={atMs === null ? '' : clockOf(atMs)}
        disabled={atMs === null}
        onChange={event => {
          const next = nextAt(event.target.value, Date.now())
          if (next !== null) onChange(next)
        }}
        className="rounded-lg border border-edge bg-canvas px-2 py-1 tabular-nums disabled:text-muted"
      />
      <span>by this computer’s clock</span>
    </div>
  )
}

function inUnit(ms: number | null, unitMs: number): number | null {
  return ms === null ? null : Math.max(1, Math.round(ms / unitMs))
}

function ofUnit(value: number | null, unitMs: number): number | null {
  return value === null ? null : value * unitMs
}
