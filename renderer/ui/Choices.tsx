import { type ReactNode, useId } from 'react'

export interface ChoiceOption<T extends string> {
  readonly value: T
  readonly label: string
  /** What choosing it means, in a sentence. */
  readonly hint: string
  /** What belongs to this choice alone, shown while it is chosen. */
  readonly extra?: ReactNode
}

/** One of a few, each with its consequence beside it. */
export function Choices<T extends string>({
  legend,
  value,
  options,
  onChange,
}: {
  readonly legend: string
  readonly value: T
  readonly options: readonly ChoiceOption<T>[]
  readonly onChange: (value: T) => void
}) {
  const name = useId()
  return (
    <fieldset>
      <legend className="mb-1.5 font-semibold">{legend}</legend>
      <div className="space-y-1">
        {options.map(option => {
          const id = `${name}-${option.value}`
          const isChosen = option.value === value
          return (
            <div
              key={option.value}
              className={`rounded-lg px-2.5 py-2 ${isChosen ? 'bg-sunken' : ''}`}
            >
              <div className="flex gap-2.5">
                <input
                  id={id}
                  type="radio"
                  name={name}
                  checked={isChosen}
                  aria-describedby={`${id}-hint`}
                  onChange={() => onChange(option.value)}
                  className="mt-1 size-4 shrink-0 accent-accent"
                />
                <span>
                  <label htmlFor={id} className="block font-medium">
                    {option.label}
                  </label>
                  <span id={`${id}-hint`} className="block text-sm text-muted">
                    {option.hint}
                  </span>
                </span>
              </div>
              {isChosen && option.extra !== undefined && (
                <div className="mt-1 pl-6.5">{option.extra}</div>
              )}
            </div>
          )
        })}
      </div>
    </fieldset>
  )
}
