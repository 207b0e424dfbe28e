import { Popover as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

/** A small panel beside its trigger; Escape or a click elsewhere closes it. */
export function Popover({
  trigger,
  label,
  children,
  side = 'bottom',
  isOpen,
  onOpenChange,
}: {
  readonly trigger: ReactNode
  readonly label: string
  readonly children: ReactNode
  readonly side?: 'bottom' | 'right'
  readonly isOpen?: boolean
  readonly onOpenChange?: (isOpen: boolean) => void
}) {
  const controlled =
    isOpen === undefined || onOpenChange === undefined ? {} : { open: isOpen, onOpenChange }
  return (
    <Radix.Root {...controlled}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          side={side}
          align="start"
          sideOffset={8}
          collisionPadding={12}
          className="scroll z-40 max-h-(--radix-popover-content-available-height) w-80 rounded-2xl border border-line bg-surface p-4 shadow-(--shadow) outline-none"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
