import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

export interface DialogProps {
  readonly title: string
  /** One or two sentences under the title. */
  readonly description: string
  readonly isOpen: boolean
  readonly onClose: () => void
  /** For more than a question. */
  readonly isWide?: boolean
  readonly children: ReactNode
}

/** Modal: keeps the focus, closes with Escape, gives the focus back. */
export function Dialog({
  title,
  description,
  isOpen,
  onClose,
  isWide = false,
  children,
}: DialogProps) {
  return (
    <Radix.Root open={isOpen} onOpenChange={next => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-[rgb(10_14_12/0.45)]" />
        <Radix.Content
          className={`scroll fixed top-1/2 left-1/2 z-50 max-h-[92dvh] -translate-x-1/2 -translate-y-1/2 rounded-2xl border border-line bg-surface p-5 shadow-(--shadow) wide:p-6 ${
            isWide ? 'w-[min(56rem,calc(100vw-1.5rem))]' : 'w-[min(30rem,calc(100vw-1.5rem))]'
          }`}
        >
          <Radix.Title className="text-lg font-semibold text-balance">{title}</Radix.Title>
          <Radix.Description className="mt-2 text-muted">{description}</Radix.Description>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** Buttons at the foot of a dialog, the confirming one last. */
export function DialogButtons({ children }: { readonly children: ReactNode }) {
  return <div className="mt-6 flex flex-wrap justify-end gap-2">{children}</div>
}
