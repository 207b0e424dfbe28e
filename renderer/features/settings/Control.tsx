import { type FocusEvent, useState } from 'react'
import type { Policy } from '../../../shared/session.ts'
import type { Settings } from '../../../shared/settings.ts'
import { MachineList, parseRate } from '../plan/plan.ts'
import type { SettingText } from './catalogue.ts'
import { CHOICES } from './valueWords.ts'

interface ControlProps {
  readonly settings: Settings
  /** Of the setting's title. */
  readonly labelId: string
  readonly onChange: (part: Partial<Settings>) => void
}

/** What sets one setting. Takes effect when it is left or Enter is pressed; the engine refuses what cannot be. */
export function Control({ text, ...props }: ControlProps & { readonly text: SettingText }) {
  const { settings, onChange } = props
  const name = text.names[0]
  switch (name) {
    case 'groupFirst':
      return (
        <Range
          {...props}
          from={settings.groupFirst}
          to={settings.groupLast}
          onSet={(groupFirst, groupLast) => onChange({ groupFirst, groupLast })}
        />
      )
    case 'portFirst':
      return (
        <Range
          {...props}
          from={String(settings.portFirst)}
          to={String(settings.portLast)}
          onSet={(first, last) =>
            onChange({
              portFirst: whole(first, settings.portFirst),
              portLast: whole(last, settings.portLast),
            })
          }
        />
      )
    case 'ttl':
      return (
        <Text
          {...props}
          value={String(settings.ttl)}
          onSet={value => onChange({ ttl: whole(value, settings.ttl) })}
        />
      )
    case 'bootResponseDelayMs':
      return (
        <Text
          {...props}
          value={String(settings.bootResponseDelayMs)}
          unit="ms"
          onSet={value =>
            onChange({ bootResponseDelayMs: whole(value, settings.bootResponseDelayMs) })
          }
        />
      )
    case 'maxReceivers':
      return (
        <Text
          {...props}
          value={String(settings.maxReceivers ?? '')}
          placeholder="No limit"
          onSet={value =>
            onChange({ maxReceivers: value === '' ? null : whole(value, settings.maxReceivers) })
          }
        />
      )
    case 'rateCapBitsPerSecond': {
      const cap = settings.rateCapBitsPerSecond
      return (
        <Text
          {...props}
          value={cap === null ? '' : String(cap / 1e6)}
          placeholder="None"
          unit="Mbit/s"
          onSet={value =>
            onChange({ rateCapBitsPerSecond: value === '' ? null : (parseRate(value) ?? cap) })
          }
        />
      )
    }
    case 'operator':
      return (
        <Text
          {...props}
          isLong
          value={settings.operator}
          onSet={operator => onChange({ operator })}
        />
      )
    case 'policy':
      return <PolicyControl {...props} />
    case 'target':
      return (
        <Select
          {...props}
          value={settings.target}
          options={CHOICES.target}
          onSet={target => onChange({ target })}
        />
      )
    case 'afterwards':
      return (
        <Select
          {...props}
          value={settings.afterwards}
          options={CHOICES.afterwards}
          onSet={afterwards => onChange({ afterwards })}
        />
      )
    case 'theme':
      return (
        <Select
          {...props}
          value={settings.theme}
          options={CHOICES.theme}
          onSet={theme => onChange({ theme })}
        />
      )
    case 'onClose':
      return (
        <Select
          {...props}
          value={settings.onClose}
          options={CHOICES.onClose}
          onSet={onClose => onChange({ onClose })}
        />
      )
    case 'machines':
      return (
        <div className="w-72 max-w-full">
          <MachineList
            key={settings.machines.join()}
            machines={settings.machines}
            onChange={machines => onChange({ machines })}
          />
        </div>
      )
    case 'admitsUnknown':
    case 'approvesUnknown':
    case 'bootsWithSession':
    case 'notifiesOnDesktop':
    case 'playsSound':
      return (
        <input
          type="checkbox"
          role="switch"
          aria-labelledby={props.labelId}
          checked={settings[name]}
          aria-checked={settings[name]}
          onChange={event => onChange({ [name]: event.target.checked })}
          className="size-5 accent-accent"
        />
      )
    default:
      throw new Error(`There is no control for ${String(name)}.`)
  }
}

/** What is no whole number changes nothing. */
function whole<T extends number | null>(text: string, before: T): number | T {
  return /^\d{1,9}$/.test(text) ? Number(text) : before
}

const BOX =
  'rounded-lg border border-edge bg-canvas px-2.5 py-1.5 tabular-nums placeholder:text-muted'

function Text({
  value,
  labelId,
  unit = '',
  placeholder = '',
  isLong = false,
  onSet,
}: ControlProps & {
  readonly value: string
  readonly unit?: string
  readonly placeholder?: string
  readonly isLong?: boolean
  readonly onSet: (value: string) => void
}) {
  const [draft, setDraft] = useState<string | null>(null)
  const set = (): void => {
    if (draft !== null && draft.trim() !== value) onSet(draft.trim())
    setDraft(null)
  }
  return (
    <span className="flex items-center gap-2">
      <input
        type="text"
        aria-labelledby={labelId}
        value={draft ?? value}
        placeholder={placeholder}
        onChange={event => setDraft(event.target.value)}
        onBlur={set}
        onKeyDown={event => {
          if (event.key === 'Enter') set()
          if (event.key === 'Escape') setDraft(null)
        }}
        className={`${BOX} ${isLong ? 'w-56' : 'w-28 text-right'}`}
      />
      {unit !== '' && <span className="text-muted">{unit}</span>}
    </span>
  )
}

function Range({
  from,
  to,
  onSet,
}: ControlProps & {
  readonly from: string
  readonly to: string
  readonly onSet: (from: string, to: string) => void
}) {
  const [draft, setDraft] = useState<readonly [string, string] | null>(null)
  const [first, last] = draft ?? [from, to]
  const set = (): void => {
    if (draft !== null && (first !== from || last !== to)) onSet(first.trim(), last.trim())
    setDraft(null)
  }
  /** Leaving one end for the other is not leaving. */
  const leave = (event: FocusEvent<HTMLElement>): void => {
    if (!event.currentTarget.parentElement?.contains(event.relatedTarget)) set()
  }
  return (
    <span className="flex items-center gap-2">
      <input
        aria-label="from"
        value={first}
        onChange={event => setDraft([event.target.value, last])}
        onBlur={leave}
        onKeyDown={event => event.key === 'Enter' && set()}
        className={`${BOX} w-40 text-right`}
      />
      to
      <input
        aria-label="to"
        value={last}
        onChange={event => setDraft([first, event.target.value])}
        onBlur={leave}
        onKeyDown={event => event.key === 'Enter' && set()}
        className={`${BOX} w-40 text-right`}
      />
    </span>
  )
}

function Select<T extends string>({
  value,
  options,
  labelId,
  onSet,
}: ControlProps & {
  readonly value: T
  readonly options: Readonly<Record<T, string>>
  readonly onSet: (value: T) => void
}) {
  return (
    <select
      aria-labelledby={labelId}
      value={value}
      onChange={event => onSet(event.target.value as T)}
      className={`${BOX} pr-7`}
    >
      {(Object.keys(options) as T[]).map(key => (
        <option key={key} value={key}>
          {options[key]}
        </option>
      ))}
    </select>
  )
}

const DROP: Policy = { kind: 'drop', belowBitsPerSecond: 50e6 }

function PolicyControl(props: ControlProps) {
  const { policy } = props.settings
  const { onChange } = props
  return (
    <span className="flex flex-wrap items-center gap-2">
      <Select
        {...props}
        value={policy.kind}
        options={CHOICES.policy}
        onSet={kind => onChange({ policy: kind === 'drop' ? DROP : { kind } })}
      />
      {policy.kind === 'drop' && (
        <Text
          {...props}
          value={String(policy.belowBitsPerSecond / 1e6)}
          unit="Mbit/s"
          onSet={value =>
            onChange({
              policy: {
                kind: 'drop',
                belowBitsPerSecond: parseRate(value) ?? policy.belowBitsPerSecond,
              },
            })
          }
        />
      )}
    </span>
  )
}
