/** What the technician has chosen for the next session, over what the settings say; and the templates kept. */
import type { StateCreator } from 'zustand'
import { BY_HAND, type SessionPlan } from '../../../shared/session.ts'
import { planDefaults, type Settings } from '../../../shared/settings.ts'
import type { Template } from '../../../shared/template.ts'
import type { Batch } from '../../engine.ts'

/** A plan without its image and card, which are chosen beside it. */
export type PlanChoices = Omit<SessionPlan, 'imageId' | 'nic' | 'name'>

export interface PlanSlice {
  /** Only what differs from the settings: those may change meanwhile. */
  readonly chosen: Partial<PlanChoices>
  readonly templates: readonly Template[]
  readonly choosePlan: (part: Partial<PlanChoices>) => void
  readonly forgetPlan: () => void
  readonly templatesChanged: (batch: Batch) => void
}

export const createPlanSlice: StateCreator<PlanSlice> = set => ({
  chosen: {},
  templates: [],
  choosePlan: part => set(state => ({ chosen: { ...state.chosen, ...part } })),
  forgetPlan: () => set({ chosen: {} }),
  templatesChanged: ({ templates }) => {
    if (templates) set({ templates })
  },
})

export function plannedOf(settings: Settings, chosen: Partial<PlanChoices>): PlanChoices {
  return {
    protocol: 'benchcast',
    start: BY_HAND,
    delivery: 'multicast',
    ...planDefaults(settings),
    ...chosen,
  }
}
