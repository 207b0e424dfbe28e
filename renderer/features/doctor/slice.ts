/** The page's mirror of what the network doctor found: the latest look at each open session, and at a card by hand. */
import type { StateCreator } from 'zustand'
import type { Examination, Finding } from '../../../shared/ipc.ts'
import type { Batch } from '../../engine.ts'

export interface DoctorSlice {
  readonly examinations: readonly Examination[]
  /** Asked for by hand; stays until the next one, or until it is closed. */
  readonly examinedByHand: Examination | null
  readonly showExamination: (examination: Examination | null) => void
  readonly examinationsChanged: (batch: Batch) => void
}

export const createDoctorSlice: StateCreator<DoctorSlice> = set => ({
  examinations: [],
  examinedByHand: null,
  showExamination: examination => set({ examinedByHand: examination }),
  examinationsChanged: batch =>
    set(state => ({ examinations: batch.examinations ?? state.examinations })),
})

/** Of one session: what the engine found by itself, or what was asked for by hand where that is newer. */
export function examinationOf(
  state: Pick<DoctorSlice, 'examinations' | 'examinedByHand'>,
  sessionId: string,
): Examination | null {
  const own = state.examinations.find(one => one.sessionId === sessionId) ?? null
  const byHand = state.examinedByHand
  if (byHand?.sessionId !== sessionId) return own
  return own !== null && own.atMs > byHand.atMs ? own : byHand
}

/** The most serious finding about one machine; null when it is well. */
export function findingFor(examination: Examination | null, receiverId: string): Finding | null {
  const own = examination?.findings.filter(one => one.receiverId === receiverId) ?? []
  return own.find(isTroubling) ?? null
}

export function isTroubling(finding: Finding): boolean {
  return finding.severity !== 'info'
}
