/** What becomes of machines slower than the rest. */
import { Snail } from 'lucide-react'
import { useState } from 'react'
import type { Policy, Session } from '../../../shared/session.ts'
import { useAsk } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { type ChoiceOption, Choices } from '../../ui/Choices.tsx'
import { TextField } from '../../ui/Field.tsx'
import { Popover } from '../../ui/Popover.tsx'
import { describeMachines, parseRate } from './describe.ts'

/** To be changed at any time while a session is open. */
export function PolicyPicker({ session }: { readonly session: Session }) {
  const ask = useAsk()
  return (
    <Popover
      label="Slow machines"
      isWide
      trigger={<Button icon={Snail}>{describeMachines('benchcast', session.policy)}</Button>}
    >
      <SlowMachines
        policy={session.policy}
        onChange={policy => void ask('session:setPolicy', { sessionId: session.id, policy })}
      />
    </Popover>
  )
}

export function SlowMachines({
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
