import { type ComponentProps, type ReactNode, useId } from 'react'

const BOX =
  'w-full rounded-lg border border-edge bg-canvas px-3 py-2 text-ink placeholder:text-muted disabled:opacity-60'

export function TextField({
  label,
  hint,
  ...rest
}: ComponentProps<'input'> & { readonly label: string; readonly hint?: ReactNode }) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium">
        {label}
      </label>
      <input id={id} aria-describedby={`${id}-hint`} {...rest} className={BOX} />
      <p id={`${id}-hint`} className="mt-1 text-sm text-muted empty:hidden">
        {hint}
      </p>
    </div>
  )
}

export function TextArea({
  label,
  ...rest
}: ComponentProps<'textarea'> & { readonly label: string }) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium">
        {label}
      </label>
      <textarea id={id} rows={3} {...rest} className={`${BOX} resize-none`} />
    </div>
  )
}

/** A switchable rule with a number: "[x] at [ 8 ] machines". */
export function CheckedNumber({
  before,
  after,
  value,
  fallback,
  min,
  max,
  onChange,
}: {
  readonly before: string
  readonly after: string
  /** Null when switched off. */
  readonly value: number | null
  /** Used when it is switched on. */
  readonly fallback: number
  readonly min: number
  readonly max: number
  readonly onChange: (value: number | null) => void
}) {
  const id = useId()
  return (
    <div className="flex items-center gap-2.5 py-1.5">
      <input
        id={id}
        type="checkbox"
        checked={value !== null}
        onChange={event => onChange(event.target.checked ? fallback : null)}
        className="size-4 shrink-0 accent-accent"
      />
      <label htmlFor={id}>{before}</label>
      <input
        type="number"
        aria-label={`${before} … ${after}`}
        min={min}
        max={max}
        value={value ?? fallback}
        disabled={value === null}
        onChange={event => {
          const next = event.target.valueAsNumber
          if (Number.isInteger(next) && next >= min && next <= max) onChange(next)
        }}
        className="w-18 rounded-lg border border-edge bg-canvas px-2 py-1 text-right tabular-nums disabled:opacity-50"
      />
      <span>{after}</span>
    </div>
  )
}
