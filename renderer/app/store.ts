/** One store of all slices. It mirrors; the engine decides. */
import { createStore, type StoreApi } from 'zustand'
import { type BenchSlice, createBenchSlice } from '../features/bench/slice.ts'
import { type CatalogSlice, createCatalogSlice } from '../features/catalog/slice.ts'
import { type CardsSlice, createCardsSlice } from '../features/cards/slice.ts'
import { createDoctorSlice, type DoctorSlice } from '../features/doctor/slice.ts'
import { createHistorySlice, type HistorySlice } from '../features/history/slice.ts'
import { createPlanSlice, type PlanSlice } from '../features/plan/slice.ts'
import { createLaptopSlice, type LaptopSlice } from '../features/laptop/slice.ts'
import { createSessionSlice, type SessionSlice } from '../features/session/slice.ts'
import { createSettingsSlice, type SettingsSlice } from '../features/settings/slice.ts'
import { createPagesSlice, type PagesSlice } from './pages.ts'
import { type AppSlice, createAppSlice } from './slice.ts'

export type State = AppSlice &
  BenchSlice &
  CatalogSlice &
  CardsSlice &
  DoctorSlice &
  LaptopSlice &
  HistorySlice &
  PagesSlice &
  PlanSlice &
  SessionSlice &
  SettingsSlice
export type Store = StoreApi<State>

export function createAppStore(): Store {
  return createStore<State>()((...args) => ({
    ...createAppSlice(...args),
    ...createBenchSlice(...args),
    ...createCatalogSlice(...args),
    ...createCardsSlice(...args),
    ...createDoctorSlice(...args),
    ...createHistorySlice(...args),
    ...createPagesSlice(...args),
    ...createPlanSlice(...args),
    ...createLaptopSlice(...args),
    ...createSessionSlice(...args),
    ...createSettingsSlice(...args),
  }))
}
