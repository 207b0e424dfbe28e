/** Session plans kept under a name: opened again with one click. */
import { BookmarkPlus, ChevronDown, Layers, Play, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Template } from '../../../shared/template.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { Button, IconButton } from '../../ui/Button.tsx'
import { Confirm } from '../../ui/Confirm.tsx'
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx'
import { TextField } from '../../ui/Field.tsx'
import { Popover } from '../../ui/Popover.tsx'
import { chosenNic } from '../cards/slice.ts'
import { describeOptions, describeStartRule } from './describe.ts'
import { usePlanned } from './usePlanned.ts'

export function TemplatesMenu({ onOpened }: { readonly onOpened: (sessionId: string) => void }) {
  const templates = useApp(state => state.templates)
  const [isSaving, setIsSaving] = useState(false)
  const [isOpen, setIsOpen] = useState(false)
  const [removed, setRemoved] = useState<Template | null>(null)
  const ask = useAsk()
  const image = useApp(state => state.images.find(one => one.id === state.chosenImageId) ?? null)
  const nic = useApp(chosenNic)
  const open = async (template: Template): Promise<void> => {
    setIsOpen(false)
    const session = await ask('template:open', { id: template.id })
    if (session) onOpened(session.id)
  }
  return (
    <>
      <Popover
        label="Templates"
        isWide
        isOpen={isOpen}
        onOpenChange={setIsOpen}
        trigger={
          <Button icon={Layers}>
            Templates <ChevronDown aria-hidden className="size-4 text-muted" />
          </Button>
        }
      >
        <h3 className="font-semibold">Templates</h3>
        {templates.length === 0 && (
          <p className="mt-1 text-sm text-muted">
            Keep image, card, start and options under a name, and open them again with one click.
          </p>
        )}
        <ul className="mt-2 space-y-1">
          {templates.map(template => (
            <li
              key={template.id}
              className="flex items-center gap-2 rounded-lg bg-sunken py-2 pr-1.5 pl-3"
            >
              <span className="min-w-0 flex-1">
                <span className="block truncate font-medium">{template.name}</span>
                <span className="block truncate text-sm text-muted">{describe(template)}</span>
              </span>
              <Button
                icon={Play}
                aria-label={`Open ${template.name}`}
                onClick={() => void open(template)}
              >
                Open
              </Button>
              <IconButton
                icon={Trash2}
                label={`Remove template ${template.name}`}
                onClick={() => setRemoved(template)}
              />
            </li>
          ))}
        </ul>
        <Button
          icon={BookmarkPlus}
          className="mt-3 w-full"
          disabled={image === null || nic === null}
          onClick={() => {
            setIsOpen(false)
            setIsSaving(true)
          }}
        >
          {image && nic ? 'Save the present choice…' : 'Choose an image and a card to save one'}
        </Button>
      </Popover>
      {image && nic && isSaving && (
        <SaveTemplate
          imageId={image.id}
          imageName={image.name}
          nic={nic.name}
          onClose={() => setIsSaving(false)}
        />
      )}
      <Confirm
        title={`Remove template ${removed?.name ?? ''}?`}
        description="Sessions that were opened from it are not touched."
        confirmLabel="Remove the template"
        isOpen={removed !== null}
        onClose={() => setRemoved(null)}
        onConfirm={() => {
          if (removed) void ask('template:remove', { id: removed.id })
        }}
      />
    </>
  )
}

function SaveTemplate({
  imageId,
  imageName,
  nic,
  onClose,
}: {
  readonly imageId: string
  readonly imageName: string
  readonly nic: string
  readonly onClose: () => void
}) {
  const planned = usePlanned()
  const tell = useApp(state => state.tell)
  const ask = useAsk()
  const [name, setName] = useState(imageName)
  const save = async (): Promise<void> => {
    const plan = { ...planned, imageId, nic, name: null }
    const saved = await ask('template:save', { name: name.trim(), plan })
    if (!saved) return
    tell('info', `Template “${saved.name}” is kept.`)
    onClose()
  }
  return (
    <Dialog
      isOpen
      title="Save as a template"
      description={`${imageName} by ${nic}. Start: ${describeStartRule(planned.start).toLowerCase()}. Options: ${describeOptions(planned).toLowerCase()}.`}
      onClose={onClose}
    >
      <form
        className="mt-4"
        onSubmit={event => {
          event.preventDefault()
          if (name.trim() !== '') void save()
        }}
      >
        <TextField
          label="Name"
          value={name}
          maxLength={200}
          hint="One of the same name is replaced. Writing to disks is confirmed anew each time."
          onChange={event => setName(event.target.value)}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={name.trim() === ''}>
            Save the template
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}

function describe({ imageName, plan }: Template): string {
  return `${imageName} by ${plan.nic}, ${describeStartRule(plan.start).toLowerCase()}`
}
