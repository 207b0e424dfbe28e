/** Which part of the history is looked at. The records stay with the engine and are asked for page by page. */
import type { StateCreator } from 'zustand'
import type { Batch } from '../../engine.ts'

export interface HistorySlice {
  readonly historySearch: string
  /** The session whose grid is shown; null shows the list. */
  readonly openRecordId: string | null
  /** Grows with each session that is recorded: what was read before is old then. */
  readonly historyRevision: number
  readonly setHistorySearch: (search: string) => void
  readonly openRecord: (sessionId: string | null) => void
  readonly historyChanged: (batch: Batch) => void
}

export const createHistorySlice: StateCreator<HistorySlice> = set => ({
  historySearch: '',
  openRecordId: null,
  historyRevision: 0,
  setHistorySearch: historySearch => set({ historySearch }),
  openRecord: openRecordId => set({ openRecordId }),
  historyChanged: () => set(state => ({ historyRevision: state.historyRevision + 1 })),
})
