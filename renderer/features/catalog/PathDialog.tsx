import { useState } from 'react'
import { Button } from '../../ui/Button.tsx'
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx'
import { TextField } from '../../ui/Field.tsx'

/** For a browser, which neither knows paths nor has our native dialogs. */
export function PathDialog({
  title,
  description,
  label,
  confirmLabel,
  isOpen,
  onClose,
  onPath,
}: {
  readonly title: string
  readonly description: string
  readonly label: string
  readonly confirmLabel: string
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onPath: (path: string) => void
}) {
  const [path, setPath] = useState('')
  return (
    <Dialog title={title} description={description} isOpen={isOpen} onClose={onClose}>
      <form
        className="mt-4"
        onSubmit={event => {
          event.preventDefault()
          if (path.trim() === '') return
          onPath(path.trim())
          setPath('')
          onClose()
        }}
      >
        <TextField
          label={label}
          value={path}
          placeholder="/home/me/images/windows.img.zst"
          hint="A full path on the computer that runs Benchcast."
          onChange={event => setPath(event.target.value)}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={path.trim() === ''}>
            {confirmLabel}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
