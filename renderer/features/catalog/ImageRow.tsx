import {
  BadgeCheck,
  Download,
  MoreHorizontal,
  PencilLine,
  Radio,
  ShieldAlert,
  ShieldCheck,
  Trash2,
} from 'lucide-react'
import { memo, useState } from 'react'
import type { Image } from '../../../shared/ipc.ts'
import { useAsk, useEngine } from '../../app/context.ts'
import { IconButton } from '../../ui/Button.tsx'
import { Confirm } from '../../ui/Confirm.tsx'
import { formatBytes } from '../../ui/format.ts'
import { Menu, MenuItem, MenuLine } from '../../ui/Menu.tsx'
import { SystemMark } from '../../ui/SystemMark.tsx'
import { EditImage } from './EditImage.tsx'
import { PathDialog } from './PathDialog.tsx'

/** One image: click to choose it for the next session; its menu holds the rest. */
export const ImageRow = memo(function ImageRow({
  image,
  isChosen,
  onChoose,
}: {
  readonly image: Image
  readonly isChosen: boolean
  readonly onChoose: (id: string) => void
}) {
  const [open, setOpen] = useState<'edit' | 'remove' | 'export' | null>(null)
  const ask = useAsk()
  const engine = useEngine()
  const close = (): void => setOpen(null)
  const exportTo = (toPath: string): void =>
    void ask('catalog:export', { imageId: image.id, toPath })
  const chooseExport = async (): Promise<void> => {
    if (!engine.isWindow) return setOpen('export')
    const path = await engine.chooseSavePath(`${image.name.replaceAll(/[\\/:*?"<>|]/g, '-')}.img`)
    if (path !== null) exportTo(path)
  }
  return (
    <li
      className={`group relative rounded-xl border ${
        isChosen
          ? 'border-accent bg-[color-mix(in_oklab,var(--accent)_10%,var(--surface))]'
          : 'border-transparent hover:bg-surface'
      }`}
    >
      <button
        type="button"
        aria-pressed={isChosen}
        onClick={() => onChoose(image.id)}
        className="flex w-full items-start gap-3 rounded-xl py-2.5 pr-11 pl-3 text-left"
      >
        <span className="min-w-0 flex-1">
          <span className="line-clamp-3 font-medium break-words" title={image.name}>
            {image.name}
          </span>
          <span className="block text-sm text-muted tabular-nums">
            {formatBytes(image.imageBytes)}, {formatBytes(image.storedBytes)} to send
          </span>
          {image.notes !== '' && (
            <span className="mt-0.5 block truncate text-sm text-muted" title={image.notes}>
              {image.notes}
            </span>
          )}
          <Health image={image} />
          <Flags image={image} />
        </span>
        {/* Seen first, said after the name. */}
        <SystemMark
          content={image.content}
          className={`order-first mt-0.5 size-5 ${isChosen ? 'text-accent' : 'text-muted'}`}
        />
      </button>
      <div className="absolute top-1.5 right-1.5">
        <Menu
          align="end"
          label={`Actions for ${image.name}`}
          trigger={<IconButton icon={MoreHorizontal} label={`Actions for ${image.name}`} />}
        >
          <MenuItem icon={PencilLine} onSelect={() => setOpen('edit')}>
            Name, notes and delivery…
          </MenuItem>
          <MenuItem
            icon={ShieldCheck}
            onSelect={() => void ask('catalog:verify', { imageId: image.id })}
          >
            Verify what is stored
          </MenuItem>
          <MenuItem icon={Download} onSelect={() => void chooseExport()}>
            Export as a raw image…
          </MenuItem>
          <MenuLine />
          <MenuItem icon={Trash2} isDanger onSelect={() => setOpen('remove')}>
            Remove…
          </MenuItem>
        </Menu>
      </div>
      {open === 'edit' && <EditImage image={image} onClose={close} />}
      <PathDialog
        title={`Export ${image.name}`}
        description="The image is written as a raw disk image on the computer that runs Benchcast."
        label="Write to"
        confirmLabel="Export"
        isOpen={open === 'export'}
        onClose={close}
        onPath={exportTo}
      />
      <Confirm
        title={`Remove ${image.name}?`}
        description="It is taken out of the catalog and its space is freed. The file it came from is not touched."
        confirmLabel="Remove the image"
        isOpen={open === 'remove'}
        onClose={close}
        onConfirm={() => void ask('catalog:remove', { imageId: image.id })}
      />
    </li>
  )
})

function Flags({ image }: { readonly image: Image }) {
  if (image.allowsMulticast && !image.onlyMulticast) return null
  return (
    <span className="mt-0.5 flex items-center gap-1.5 text-sm text-muted">
      <Radio aria-hidden className="size-3.5" />
      {image.allowsMulticast ? 'Only by multicast' : 'Not by multicast'}
    </span>
  )
}

function Health({ image }: { readonly image: Image }) {
  if (image.isIntact === null) return null
  const [tone, Icon, words] = image.isIntact
    ? (['done', BadgeCheck, 'Verified intact'] as const)
    : (['bad', ShieldAlert, 'Damaged: import it again'] as const)
  return (
    <span data-tone={tone} className="mt-0.5 flex items-center gap-1.5 text-sm text-tone">
      <Icon aria-hidden className="size-3.5" />
      {words}
    </span>
  )
}
