import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

/** A statement across the bench: what happened, in words, and the buttons to answer it. */
export function Banner({
  tone,
  icon: Icon,
  title,
  isUrgent = false,
  children,
  buttons,
}: {
  readonly tone: 'idle' | 'active' | 'done' | 'warn' | 'bad'
  readonly icon: LucideIcon
  readonly title: string
  /** Read out at once by screen readers. */
  readonly isUrgent?: boolean
  readonly children?: ReactNode
  readonly buttons?: ReactNode
}) {
  return (
    <section
      role={isUrgent ? 'alert' : 'status'}
      data-tone={tone}
      className="tinted tone-line flex shrink-0 items-start gap-x-3 gap-y-2 rounded-xl border px-4 py-3 max-wide:flex-wrap"
    >
      <Icon aria-hidden className="mt-0.5 size-5 shrink-0 text-tone" />
      <div className="min-w-0 flex-1 self-center max-wide:basis-48">
        <p className="font-semibold">{title}</p>
        {children}
      </div>
      {buttons && <div className="flex shrink-0 flex-wrap gap-2 max-wide:shrink">{buttons}</div>}
    </section>
  )
}
