import { useId } from 'react'

/** One setting that is on or off, with its consequence below. */
export function Switch({
  label,
  hint = '',
  isOn,
  onChange,
}: {
  readonly label: string
  readonly hint?: string
  readonly isOn: boolean
  readonly onChange: (isOn: boolean) => void
}) {
  const id = useId()
  return (
    <div className="flex items-start gap-2.5 py-1">
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={isOn}
        aria-checked={isOn}
        aria-describedby={hint === '' ? undefined : `${id}-hint`}
        onChange={event => onChange(event.target.checked)}
        className="mt-1 size-4 shrink-0 accent-accent"
      />
      <span>
        <label htmlFor={id} className="block font-medium">
          {label}
        </label>
        {hint !== '' && (
          <span id={`${id}-hint`} className="block text-sm text-muted">
            {hint}
          </span>
        )}
      </span>
    </div>
  )
}
