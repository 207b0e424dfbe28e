import { useId, useState } from 'react'
import type { Rules } from '../../../shared/session.ts'
import { Choices } from '../../ui/Choices.tsx'
import { CheckedNumber } from '../../ui/Field.tsx'
import { formatCount } from '../../ui/format.ts'
import { parseMachines } from './describe.ts'

type Who = 'all' | 'approved' | 'listed'

/** Which machines a session takes, and how many. */
export function WhoTakesPart({
  rules,
  onChange,
}: {
  readonly rules: Pick<Rules, 'machines' | 'admitsUnknown' | 'approvesUnknown' | 'maxReceivers'>
  readonly onChange: (part: Partial<Rules>) => void
}) {
  const who: Who = !rules.admitsUnknown ? 'listed' : rules.approvesUnknown ? 'approved' : 'all'
  const list = (
    <MachineList machines={rules.machines} onChange={machines => onChange({ machines })} />
  )
  return (
    <div>
      <Choices
        legend="Who takes part"
        value={who}
        options={[
          { value: 'all', label: 'Every machine that comes', hint: 'On a bench of your own.' },
          {
            value: 'approved',
            label: 'Others than the listed ask first',
            hint: 'They wait for your approval and are not written before.',
            extra: list,
          },
          {
            value: 'listed',
            label: 'Only the listed',
            hint: 'All others are refused.',
            extra: list,
          },
        ]}
        onChange={next =>
          onChange({ admitsUnknown: next !== 'listed', approvesUnknown: next === 'approved' })
        }
      />
      <div className="mt-1 px-2.5">
        <CheckedNumber
          before="At most"
          after="machines"
          value={rules.maxReceivers}
          fallback={32}
          min={1}
          max={1024}
          onChange={maxReceivers => onChange({ maxReceivers })}
        />
      </div>
    </div>
  )
}

export function MachineList({
  machines,
  onChange,
}: {
  readonly machines: readonly string[]
  readonly onChange: (machines: string[]) => void
}) {
  const id = useId()
  const [text, setText] = useState(machines.join('\n'))
  const parsed = parseMachines(text)
  return (
    <div>
      <label htmlFor={id} className="block text-sm font-medium">
        MAC addresses or UUIDs
      </label>
      <textarea
        id={id}
        rows={3}
        value={text}
        spellCheck={false}
        aria-describedby={`${id}-hint`}
        placeholder="3c:52:82:aa:bb:01"
        onChange={event => setText(event.target.value)}
        onBlur={() => {
          if (parsed.machines.join() !== machines.join()) onChange([...parsed.machines])
        }}
        className="mt-1 w-full resize-y rounded-lg border border-edge bg-canvas px-2.5 py-1.5 font-mono text-sm placeholder:text-muted"
      />
      <p id={`${id}-hint`} className="text-sm text-muted">
        {parsed.strange.length > 0
          ? `Neither a MAC address nor a UUID: ${parsed.strange.slice(0, 3).join(', ')}.`
          : `${formatCount(parsed.machines.length, 'machine')} listed. One on each line.`}
      </p>
    </div>
  )
}
