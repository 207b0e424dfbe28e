import { Button } from './Button.tsx'
import { Dialog, DialogButtons } from './Dialog.tsx'

export interface ConfirmProps {
  readonly title: string
  readonly description: string
  /** The verb itself, never "OK". */
  readonly confirmLabel: string
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onConfirm: () => void
}

/** For what cannot be undone. Escape and the first button keep things as they are. */
export function Confirm({ confirmLabel, onClose, onConfirm, ...rest }: ConfirmProps) {
  return (
    <Dialog {...rest} onClose={onClose}>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          variant="danger"
          onClick={() => {
            onClose()
            onConfirm()
          }}
        >
          {confirmLabel}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
