import { FilePlus2, FolderPlus, ImageDown } from 'lucide-react'
import { useState } from 'react'
import { useEngine } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { useImport } from './drop.ts'
import { PathDialog } from './PathDialog.tsx'

/** Where images come in: by drop, by dialog, or in a browser by path. */
export function AddImages({
  isOver,
  isSmall,
}: {
  readonly isOver: boolean
  readonly isSmall: boolean
}) {
  const engine = useEngine()
  const importPaths = useImport()
  const [isAsking, setIsAsking] = useState(false)
  const choose = async (kind: 'files' | 'folder'): Promise<void> => {
    if (!engine.isWindow) return setIsAsking(true)
    importPaths(await engine.chooseFiles(kind))
  }
  return (
    <div
      data-over={isOver || undefined}
      className={`flex shrink-0 flex-col items-center gap-2.5 rounded-xl border-2 border-dashed border-edge px-3 text-center data-over:border-accent data-over:bg-[color-mix(in_oklab,var(--accent)_14%,transparent)] ${isSmall ? 'py-3' : 'py-8'}`}
    >
      {!isSmall && <ImageDown aria-hidden className="size-9 text-accent" strokeWidth={1.5} />}
      <p className={isSmall ? 'text-sm' : 'font-medium text-balance'}>
        {isOver ? 'Let go to import' : 'Drop disk images or a folder here'}
      </p>
      {!isSmall && (
        <p className="text-sm text-balance text-muted">
          .img .iso .raw, also as .gz .xz .bz2 .zst .zip
        </p>
      )}
      <div className="flex flex-wrap justify-center gap-2">
        <Button icon={FilePlus2} onClick={() => void choose('files')}>
          {engine.isWindow ? 'Files…' : 'Path on this computer…'}
        </Button>
        {engine.isWindow && (
          <Button icon={FolderPlus} onClick={() => void choose('folder')}>
            Folder…
          </Button>
        )}
      </div>
      <PathDialog
        title="Import by path"
        description="A browser does not tell where a file lies, so type the path of an image or of a folder with images."
        label="Path on the computer that runs Benchcast"
        confirmLabel="Import"
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        onPath={path => importPaths([path])}
      />
    </div>
  )
}
