import { useState } from 'react'
import type { Image } from '../../../shared/ipc.ts'
import { useAsk } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx'
import { TextArea, TextField } from '../../ui/Field.tsx'

export function EditImage({
  image,
  onClose,
}: {
  readonly image: Image
  readonly onClose: () => void
}) {
  const [name, setName] = useState(image.name)
  const [notes, setNotes] = useState(image.notes)
  const ask = useAsk()
  const save = async (): Promise<void> => {
    if (name.trim() !== image.name) {
      if (!(await ask('catalog:rename', { imageId: image.id, name: name.trim() }))) return
    }
    if (notes !== image.notes && !(await ask('catalog:setNotes', { imageId: image.id, notes })))
      return
    onClose()
  }
  return (
    <Dialog
      isOpen
      title="Name and notes"
      description={`Imported from ${image.sourceName}.`}
      onClose={onClose}
    >
      <form
        className="mt-4 space-y-4"
        onSubmit={event => {
          event.preventDefault()
          if (name.trim() !== '') void save()
        }}
      >
        <TextField
          label="Name"
          value={name}
          maxLength={200}
          onChange={event => setName(event.target.value)}
        />
        <TextArea
          label="Notes"
          value={notes}
          maxLength={4000}
          onChange={event => setNotes(event.target.value)}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={name.trim() === ''}>
            Save
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
