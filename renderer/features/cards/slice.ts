/** The page's mirror of the network cards, and which one the technician chose. */
import type { StateCreator } from 'zustand'
import type { Nic } from '../../../shared/ipc.ts'
import type { Batch } from '../../engine.ts'

export interface CardsSlice {
  readonly nics: readonly Nic[]
  /** The technician's own choice; null while he has made none. */
  readonly chosenNicName: string | null
  readonly chooseNic: (name: string) => void
  readonly cardsChanged: (batch: Batch) => void
}

export const createCardsSlice: StateCreator<CardsSlice> = set => ({
  nics: [],
  chosenNicName: null,
  chooseNic: name => set({ chosenNicName: name }),
  cardsChanged: batch => set(state => ({ nics: batch.nics ?? state.nics })),
})

/** The technician's choice while that card exists, else the one real wired card with a link. Never a guess. */
export function chosenNic(state: Pick<CardsSlice, 'nics' | 'chosenNicName'>): Nic | null {
  const chosen = state.nics.find(nic => nic.name === state.chosenNicName)
  return chosen ?? state.nics.find(nic => nic.isPreferred) ?? null
}
