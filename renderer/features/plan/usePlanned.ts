import { useMemo } from 'react'
import { useApp } from '../../app/context.ts'
import { type PlanChoices, plannedOf } from './slice.ts'

/** What the next session will be, apart from image and card. */
export function usePlanned(): PlanChoices {
  const settings = useApp(state => state.settings)
  const chosen = useApp(state => state.chosen)
  return useMemo(() => plannedOf(settings, chosen), [settings, chosen])
}
