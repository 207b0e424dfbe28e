/** The catalog: images, what is on its way in, and the place to drop more. The whole window takes drops. */
import { Search } from 'lucide-react'
import { useMemo } from 'react'
import { useApp } from '../../app/context.ts'
import { AddImages } from './AddImages.tsx'
import { useWindowDrop } from './drop.ts'
import { ImageRow } from './ImageRow.tsx'
import { findImages } from './slice.ts'
import { TaskList } from './TaskList.tsx'

/** Fewer images than this are found by looking. */
const SEARCH_FROM = 4

export function CatalogScreen({ isPage }: { readonly isPage: boolean }) {
  const isDropOver = useWindowDrop()
  const images = useApp(state => state.images)
  const tasks = useApp(state => state.tasks)
  const search = useApp(state => state.search)
  const setSearch = useApp(state => state.setSearch)
  const chosenImageId = useApp(state => state.chosenImageId)
  const chooseImage = useApp(state => state.chooseImage)
  const found = useMemo(() => findImages(images, search), [images, search])
  const Root = isPage ? 'main' : 'aside'
  return (
    <Root
      aria-label="Catalog"
      className={`${isPage ? 'flex' : 'hidden wide:flex'} flex-col gap-3 border-line bg-sunken p-3 max-wide:scroll max-wide:min-h-0 max-wide:flex-1 wide:w-76 wide:shrink-0 wide:border-r wide:pb-[calc(var(--tabs)+0.75rem)]`}
    >
      <h1 className="flex h-11 items-center gap-2.5 px-1 text-lg font-semibold tracking-tight">
        <img src="/icon.svg" alt="" className="size-7" />
        Benchcast
      </h1>
      <AddImages isOver={isDropOver} isSmall={images.length > 0} />
      <TaskList tasks={tasks} />
      {images.length >= SEARCH_FROM && (
        <div className="relative">
          <Search
            aria-hidden
            className="absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted"
          />
          <input
            type="search"
            aria-label="Search images"
            placeholder="Search images"
            value={search}
            onChange={event => setSearch(event.target.value)}
            className="w-full rounded-lg border border-edge bg-canvas py-2 pr-3 pl-9 placeholder:text-muted"
          />
        </div>
      )}
      <ul aria-label="Images" className="-mx-1 flex-1 space-y-1 px-1 wide:scroll wide:min-h-0">
        {found.map(image => (
          <ImageRow
            key={image.id}
            image={image}
            isChosen={image.id === chosenImageId}
            onChoose={chooseImage}
          />
        ))}
        {found.length === 0 && images.length > 0 && (
          <li className="px-3 py-2 break-words text-muted">No image matches “{search}”.</li>
        )}
      </ul>
    </Root>
  )
}
