import { useState } from 'react'
import type { Image } from '../../../shared/ipc.ts'
import { useAsk } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx'
import { TextArea, TextField } from '../../ui/Field.tsx'
import { Switch } from '../../ui/Switch.tsx'

export function EditImage({
  image,
  onClose,
}: {
  readonly image: Image
  readonly onClose: () => void
}) {
  const [name, setName] = useState(image.name)
  const [notes, setNotes] = useState(image.notes)
  const [allowsMulticast, setAllowsMulticast] = useState(image.allowsMulticast)
  const [onlyMulticast, setOnlyMulticast] = useState(image.onlyMulticast)
  const ask = useAsk()
  const save = async (): Promise<void> => {
    if (name.trim() !== image.name) {
      if (!(await ask('catalog:rename', { imageId: image.id, name: name.trim() }))) return
    }
    if (notes !== image.notes && !(await ask('catalog:setNotes', { imageId: image.id, notes })))
      return
    if (allowsMulticast !== image.allowsMulticast || onlyMulticast !== image.onlyMulticast) {
      const flags = { imageId: image.id, allowsMulticast, onlyMulticast }
      if (!(await ask('catalog:setFlags', flags))) return
    }
    onClose()
  }
  return (
    <Dialog isOpen title="Name, notes and delivery" description={origin(image)} onClose={onClose}>
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
        <fieldset>
          <legend className="mb-1 font-medium">Delivery</legend>
          <Switch
            label="Allow multicast"
            hint="Off: this image goes by broadcast or one by one only."
            isOn={allowsMulticast}
            onChange={isOn => {
              setAllowsMulticast(isOn)
              if (!isOn) setOnlyMulticast(false)
            }}
          />
          <Switch
            label="Only multicast"
            hint="On: never by broadcast or one by one."
            isOn={onlyMulticast}
            onChange={isOn => {
              setOnlyMulticast(isOn)
              if (isOn) setAllowsMulticast(true)
            }}
          />
        </fieldset>
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

function origin({ sourceName, content }: Image): string {
  const from = `Imported from ${sourceName}.`
  return content === null ? from : `${from} Holds: ${content.words}.`
}
