/** The page's mirror of what is wrong with the computer that runs the engine. */
import type { StateCreator } from 'zustand'
import type { LaptopNotice } from '../../../shared/laptop.ts'

export interface LaptopSlice {
  readonly laptopNotices: readonly LaptopNotice[]
  /** Warnings that the technician closed, by what they said then: one that says something new comes back. */
  readonly closedLaptopNotices: readonly string[]
  readonly laptopChanged: (batch: { readonly laptop: readonly LaptopNotice[] | null }) => void
  readonly closeLaptopNotice: (notice: LaptopNotice) => void
}

export const createLaptopSlice: StateCreator<LaptopSlice> = set => ({
  laptopNotices: [],
  closedLaptopNotices: [],
  laptopChanged: ({ laptop }) =>
    set(state => {
      if (laptop === null) return state
      const still = new Set(laptop.map(keyOf))
      return {
        laptopNotices: laptop,
        closedLaptopNotices: state.closedLaptopNotices.filter(key => still.has(key)),
      }
    }),
  closeLaptopNotice: notice =>
    set(state => ({ closedLaptopNotices: [...state.closedLaptopNotices, keyOf(notice)] })),
})

/** Faults cannot be closed: they stop machines. */
export function shownNotices(
  state: Pick<LaptopSlice, 'laptopNotices' | 'closedLaptopNotices'>,
): readonly LaptopNotice[] {
  return state.laptopNotices.filter(
    notice => notice.severity === 'fault' || !state.closedLaptopNotices.includes(keyOf(notice)),
  )
}

/** Figures move (19 %, 18 %): what was closed stays closed while the same thing is wrong. */
function keyOf(notice: LaptopNotice): string {
  return `${notice.code} ${notice.sentence.replace(/\d+(\.\d+)?/g, '')}`
}
