/** Which page is shown, and in which colours. */
import type { StateCreator } from 'zustand'

/** `images` is a page of its own only where catalog and bench do not fit side by side. */
export type PageName = 'images' | 'bench' | 'history' | 'settings'

export interface PagesSlice {
  readonly page: PageName
  readonly showPage: (page: PageName) => void
}

export const createPagesSlice: StateCreator<PagesSlice> = set => ({
  page: 'bench',
  showPage: page => set({ page }),
})
