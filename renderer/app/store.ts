/** One store of all slices. It mirrors; the engine decides. */
import { createStore, type StoreApi } from 'zustand'
import { type CatalogSlice, createCatalogSlice } from '../features/catalog/slice.ts'
import { type CardsSlice, createCardsSlice } from '../features/cards/slice.ts'
import { createDoctorSlice, type DoctorSlice } from '../features/doctor/slice.ts'
import { createLaptopSlice, type LaptopSlice } from '../features/laptop/slice.ts'
import { createSessionSlice, type SessionSlice } from '../features/session/slice.ts'
import { type AppSlice, createAppSlice } from './slice.ts'

export type State = AppSlice & CatalogSlice & CardsSlice & DoctorSlice & LaptopSlice & SessionSlice
export type Store = StoreApi<State>

export function createAppStore(): Store {
  return createStore<State>()((...args) => ({
    ...createAppSlice(...args),
    ...createCatalogSlice(...args),
    ...createCardsSlice(...args),
    ...createDoctorSlice(...args),
    ...createLaptopSlice(...args),
    ...createSessionSlice(...args),
  }))
}
