/** Which receivers a session is for, and what becomes of slow ones. */
import { MonitorCog } from 'lucide-react'
import { useState } from 'react'
import type { Policy, ReceiverProtocol, Session } from '../../../shared/session.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { type ChoiceOption, Choices } from '../../ui/Choices.tsx'
import { TextField } from '../../ui/Field.tsx'
import { Popover } from '../../ui/Popover.tsx'
import { describeMachines, parseRate } from './select.ts'
import { Setting } from './Setting.tsx'

/** The receivers are chosen before the bench opens; the policy for slow machines can change at any time. */
export function MachinesPicker({ session }: { readonly session: Session | null }) {
  const plannedProtocol = useApp(state => state.protocol)
  const plannedPolicy = useApp(state => state.policy)
  const setProtocol = useApp(state => state.setProtocol)
  const setPolicy = useApp(state => state.setPolicy)
  const ask = useAsk()
  const protocol = session?.protocol ?? plannedProtocol
  const policy = session?.policy ?? plannedPolicy
  const changePolicy = (next: Policy): void => {
    setPolicy(next)
    if (session) void ask('session:setPolicy', { sessionId: session.id, policy: next })
  }
  return (
    <Popover
      label="Machines"
      isWide
      trigger={
        <Setting icon={MonitorCog} name="Machines" value={describeMachines(protocol, policy)} />
      }
    >
      <div className="space-y-4">
        {session === null ? (
          <Choices
            legend="Receivers on the machines"
            value={protocol}
            options={PROTOCOLS}
            onChange={setProtocol}
          />
        ) : (
          <ChosenReceivers protocol={protocol} />
        )}
        {protocol === 'benchcast' && <SlowMachines policy={policy} onChange={changePolicy} />}
      </div>
    </Popover>
  )
}

/** An open bench keeps the receivers it was opened for. */
function ChosenReceivers({ protocol }: { readonly protocol: ReceiverProtocol }) {
  const chosen = PROTOCOLS.find(one => one.value === protocol)
  return (
    <div>
      <h3 className="font-semibold">{chosen?.label}</h3>
      <p className="mt-1 text-sm text-muted">{chosen?.hint}</p>
    </div>
  )
}

const PROTOCOLS: readonly ChoiceOption<ReceiverProtocol>[] = [
  {
    value: 'benchcast',
    label: 'Benchcast receivers',
    hint: 'Join at any time, go on after a power cut, and read back every disk.',
  },
  {
    value: 'udpcast',
    label: 'Stock udpcast receivers',
    hint: 'For udp-receiver on Clonezilla, FOG or SystemRescue media. Nobody can join after the start, nothing is verified, a machine that stops must start over, all wait for the slowest, and empty parts are sent too.',
  },
]

function SlowMachines({
  policy,
  onChange,
}: {
  readonly policy: Policy
  readonly onChange: (policy: Policy) => void
}) {
  const drop: Policy = policy.kind === 'drop' ? policy : DROP
  const options: readonly ChoiceOption<Policy['kind']>[] = [
    {
      value: 'fair',
      label: 'Leave them behind',
      hint: 'Nobody waits for a slow machine. It gets what it lacks in later passes.',
    },
    {
      value: 'together',
      label: 'Go at their speed',
      hint: 'The slowest machine sets the pace, and all end together.',
    },
    {
      value: 'drop',
      label: 'Drop the slowest',
      hint: 'A machine that stays below this speed is taken out. It can be retried later.',
      extra: <DropBelow key={drop.belowBitsPerSecond} policy={drop} onChange={onChange} />,
    },
  ]
  return (
    <Choices
      legend="Slow machines"
      value={policy.kind}
      options={options}
      onChange={kind => onChange(kind === 'drop' ? drop : { kind })}
    />
  )
}

const DROP = { kind: 'drop', belowBitsPerSecond: 50e6 } as const

function DropBelow({
  policy,
  onChange,
}: {
  readonly policy: Policy & { readonly kind: 'drop' }
  readonly onChange: (policy: Policy) => void
}) {
  const [text, setText] = useState(String(policy.belowBitsPerSecond / 1e6))
  const rate = parseRate(text)
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={event => {
        event.preventDefault()
        if (rate !== null) onChange({ kind: 'drop', belowBitsPerSecond: rate })
      }}
    >
      <div className="flex-1">
        <TextField
          label="Below, in Mbit/s"
          value={text}
          inputMode="decimal"
          onChange={event => setText(event.target.value)}
        />
      </div>
      <Button type="submit" disabled={rate === null || rate === policy.belowBitsPerSecond}>
        Set
      </Button>
    </form>
  )
}
