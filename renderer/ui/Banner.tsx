import { type LucideIcon, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { IconButton } from './Button.tsx'

/** A statement across the bench: what happened, in words, and the buttons to answer it. */
export function Banner({
  tone,
  icon: Icon,
  title,
  isUrgent = false,
  note = '',
  children,
  buttons,
  onClose,
}: {
  readonly tone: 'idle' | 'active' | 'done' | 'warn' | 'bad'
  readonly icon: LucideIcon
  readonly title: string
  /** Read out at once by screen readers. */
  readonly isUrgent?: boolean
  /** A sentence that goes on after the title, on the same line where there is room. */
  readonly note?: string
  readonly children?: ReactNode
  readonly buttons?: ReactNode
  /** For what is over, or can be done without. */
  readonly onClose?: () => void
}) {
  return (
    <section
      role={isUrgent ? 'alert' : 'status'}
      data-tone={tone}
      className="tinted tone-line shrink-0 rounded-xl border px-4 py-2.5"
    >
      <div className="flex items-start gap-x-3 gap-y-2 max-wide:flex-wrap">
        <Icon aria-hidden className="mt-0.5 size-5 shrink-0 text-tone" />
        <p className="min-w-0 flex-1 self-center max-wide:basis-48">
          <span className="font-semibold">{title}</span>
          {note !== '' && <span className="text-muted"> {note}</span>}
        </p>
        {buttons && (
          <div className="-my-0.5 flex shrink-0 flex-wrap gap-2 max-wide:shrink">{buttons}</div>
        )}
        {onClose && <IconButton icon={X} label="Close this message" onClick={onClose} />}
      </div>
      {children && <div className="pl-8">{children}</div>}
    </section>
  )
}
