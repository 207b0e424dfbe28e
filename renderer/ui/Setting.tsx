import type { LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'

/** A two-line button in the top bar: what is set, and to what. Works as a Radix trigger. */
export function Setting({
  icon: Icon,
  name,
  value,
  isWarning = false,
  ...rest
}: ComponentProps<'button'> & {
  readonly icon: LucideIcon
  readonly name: string
  readonly value: string
  readonly isWarning?: boolean
}) {
  return (
    <button
      type="button"
      {...rest}
      data-tone={isWarning ? 'warn' : undefined}
      className="flex min-h-12 min-w-0 items-center gap-2.5 rounded-lg px-2.5 text-left wide:max-[72rem]:px-1.5 hover:bg-sunken data-[state=open]:bg-sunken max-wide:basis-40 max-wide:grow"
    >
      <Icon
        aria-hidden
        className={`size-5 shrink-0 ${isWarning ? 'text-tone' : 'text-muted wide:max-[72rem]:hidden'}`}
      />
      <span className="min-w-0">
        <span className="block truncate text-sm text-muted">{name}</span>
        <span className="block truncate font-medium tabular-nums" title={value}>
          {value}
        </span>
      </span>
    </button>
  )
}
