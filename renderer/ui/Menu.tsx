import type { LucideIcon } from 'lucide-react'
import { DropdownMenu as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

/** A menu under its trigger. Not modal: the bench behind it stays alive and reachable. */
export function Menu({
  trigger,
  label,
  children,
  align = 'start',
}: {
  readonly trigger: ReactNode
  readonly label: string
  readonly children: ReactNode
  readonly align?: 'start' | 'end'
}) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          align={align}
          sideOffset={6}
          collisionPadding={12}
          className="scroll z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-48 rounded-xl border border-line bg-surface p-1.5 shadow-(--shadow)"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

const ITEM =
  'flex items-center gap-2.5 rounded-lg px-2.5 py-2 -outline-offset-2 select-none data-[highlighted]:bg-sunken data-[disabled]:text-muted'

export function MenuItem({
  icon: Icon,
  isDanger = false,
  onSelect,
  children,
}: {
  readonly icon: LucideIcon
  readonly isDanger?: boolean
  readonly onSelect: () => void
  readonly children: ReactNode
}) {
  return (
    <Radix.Item className={`${ITEM} ${isDanger ? 'text-bad' : ''}`} onSelect={onSelect}>
      <Icon aria-hidden className="size-4" />
      {children}
    </Radix.Item>
  )
}

export function MenuLine() {
  return <Radix.Separator className="my-1.5 h-px bg-line" />
}

export function MenuChoices({
  value,
  onChange,
  children,
}: {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly children: ReactNode
}) {
  return (
    <Radix.RadioGroup value={value} onValueChange={onChange}>
      {children}
    </Radix.RadioGroup>
  )
}

export function MenuChoice({
  value,
  children,
}: {
  readonly value: string
  readonly children: ReactNode
}) {
  return (
    <Radix.RadioItem
      value={value}
      className={`${ITEM} data-[state=checked]:bg-[color-mix(in_oklab,var(--accent)_14%,transparent)]`}
    >
      {children}
    </Radix.RadioItem>
  )
}
