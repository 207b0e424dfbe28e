import { Popover as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

const PANEL =
  'scroll z-40 max-h-(--radix-popover-content-available-height) rounded-2xl border border-line bg-surface p-4 shadow-(--shadow) outline-none'

/** A small panel under its trigger; Escape or a click elsewhere closes it. */
export function Popover({
  trigger,
  label,
  children,
  isOpen,
  onOpenChange,
  isWide = false,
}: {
  readonly trigger: ReactNode
  readonly label: string
  readonly children: ReactNode
  readonly isOpen?: boolean
  readonly onOpenChange?: (isOpen: boolean) => void
  readonly isWide?: boolean
}) {
  const controlled =
    isOpen === undefined || onOpenChange === undefined ? {} : { open: isOpen, onOpenChange }
  return (
    <Radix.Root {...controlled}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          align="start"
          sideOffset={8}
          collisionPadding={12}
          className={`${PANEL} ${isWide ? 'w-104' : 'w-80'}`}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** An open panel beside any element, which gets the focus back: one for many elements instead of one each. */
export function AnchoredPopover({
  anchor,
  label,
  children,
  onClose,
}: {
  readonly anchor: HTMLElement
  readonly label: string
  readonly children: ReactNode
  readonly onClose: () => void
}) {
  return (
    <Radix.Root open onOpenChange={next => !next && onClose()}>
      <Radix.Anchor virtualRef={{ current: anchor }} />
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          side="right"
          align="start"
          sideOffset={8}
          collisionPadding={12}
          onCloseAutoFocus={event => {
            event.preventDefault()
            anchor.focus()
          }}
          className={`${PANEL} w-80`}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
