import type { LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'

type Variant = 'primary' | 'secondary' | 'quiet' | 'danger'

const VARIANTS: Readonly<Record<Variant, string>> = {
  primary:
    'bg-accent text-on-accent hover:bg-accent-strong active:bg-accent-strong disabled:bg-sunken disabled:text-muted',
  secondary:
    'bg-surface text-ink border border-edge hover:bg-sunken active:bg-sunken disabled:text-muted disabled:border-line',
  quiet:
    'text-ink hover:bg-sunken active:bg-sunken data-[state=open]:bg-sunken disabled:text-muted',
  danger: 'bg-bad-fill text-white hover:brightness-90 active:brightness-90',
}

export interface ButtonProps extends ComponentProps<'button'> {
  readonly variant?: Variant
  readonly icon?: LucideIcon
}

export function Button({
  variant = 'secondary',
  icon: Icon,
  className,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={`inline-flex min-h-9 shrink-0 items-center justify-center gap-2 rounded-lg px-3 font-medium whitespace-nowrap ${VARIANTS[variant]} ${className ?? ''}`}
    >
      {Icon && <Icon aria-hidden className="size-4 shrink-0" />}
      {children}
    </button>
  )
}

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  readonly icon: LucideIcon
  /** Said by screen readers and shown on hover. */
  readonly label: string
}

export function IconButton({ icon: Icon, label, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={`inline-flex size-8 shrink-0 items-center justify-center rounded-md text-muted hover:bg-sunken hover:text-ink data-[state=open]:bg-sunken ${className ?? ''}`}
    >
      <Icon aria-hidden className="size-4" />
    </button>
  )
}
