/** A session apart from the figures that move with every tick. */
import { useState } from 'react'
import type { Session } from '../../../shared/session.ts'

/** The same object for as long as nothing but its figures changes, so that what shows none of them is not drawn again. */
export function useSteady(session: Session): Session
export function useSteady(session: Session | null): Session | null
export function useSteady(session: Session | null): Session | null {
  const [kept, setKept] = useState(session)
  if (isSteady(kept, session)) return kept
  setKept(session)
  return session
}

/** Pure. */
export function isSteady(before: Session | null, after: Session | null): boolean {
  return before === after || steadyText(before) === steadyText(after)
}

/** What moves with every tick while a session is at work. */
const FIGURES: ReadonlySet<string> = new Set<keyof Session>([
  'revision',
  'rateBitsPerSecond',
  'pass',
  'fraction',
  'leftMs',
  'sentBytes',
  'repairBytes',
  'filledBytes',
])

function steadyText(session: Session | null): string {
  return JSON.stringify(session, (name, value: unknown) => (FIGURES.has(name) ? undefined : value))
}
