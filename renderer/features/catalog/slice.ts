/** The page's mirror of the catalog, its tasks, and which image is chosen for the next session. */
import type { StateCreator } from 'zustand'
import type { CatalogTask, Image } from '../../../shared/ipc.ts'
import type { Batch } from '../../engine.ts'

export interface CatalogSlice {
  readonly images: readonly Image[]
  readonly tasks: readonly CatalogTask[]
  readonly search: string
  readonly chosenImageId: string | null
  readonly setSearch: (search: string) => void
  readonly chooseImage: (id: string | null) => void
  readonly catalogChanged: (batch: Batch) => void
}

export const createCatalogSlice: StateCreator<CatalogSlice> = set => ({
  images: [],
  tasks: [],
  search: '',
  chosenImageId: null,
  setSearch: search => set({ search }),
  chooseImage: id => set({ chosenImageId: id }),
  catalogChanged: batch =>
    set(state => {
      const images = batch.images ?? state.images
      return { images, tasks: batch.tasks ?? state.tasks, chosenImageId: chosen(state, images) }
    }),
})

/** Images whose name, source, notes or system hold every word of the search, newest first. */
export function findImages(images: readonly Image[], search: string): readonly Image[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return images
    .filter(image => {
      const holds = image.content?.words ?? ''
      const text = `${image.name} ${image.sourceName} ${image.notes} ${holds}`.toLowerCase()
      return words.every(word => text.includes(word))
    })
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs || a.name.localeCompare(b.name))
}

/** Running and queued first, then what needs a look, then what is done. */
export function orderTasks(tasks: readonly CatalogTask[]): readonly CatalogTask[] {
  const rank = { running: 0, queued: 1, failed: 2, cancelled: 3, done: 4 } as const
  return tasks.toSorted((a, b) => rank[a.state] - rank[b.state] || a.id - b.id)
}

/** What nobody needs to read any more. What failed stays until it is looked at. */
export function finishedTasks(tasks: readonly CatalogTask[]): readonly CatalogTask[] {
  return tasks.filter(({ state }) => state === 'done' || state === 'cancelled')
}

/** A first image is chosen by itself, so that drop, card, Start is all there is to do; a removed one is let go. */
function chosen(
  state: Pick<CatalogSlice, 'images' | 'chosenImageId'>,
  images: readonly Image[],
): string | null {
  if (images.some(image => image.id === state.chosenImageId)) return state.chosenImageId
  return images.length === 1 ? (images[0]?.id ?? null) : null
}
