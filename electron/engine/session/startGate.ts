/**
 * Before the first disk of a day is overwritten on a card, somebody says that it may be. Until then a session that is due,
 * or was started by hand, waits. Pure but for what it is given.
 */
import type { StartVerdict } from './startRule.ts'

export interface StartGate {
  /** Whether disks would be overwritten, and nobody has confirmed that. */
  needsConfirmation(): boolean
  /** The rule's verdict, held back until it is confirmed. */
  pass(verdict: StartVerdict): StartVerdict
  /** By hand. Answers whether it may start at once; otherwise it does once confirmed. */
  askToStart(): boolean
}

export function createStartGate(
  isConfirmed: () => boolean,
  /** Disks of the machines that take part. */
  disks: () => number,
): StartGate {
  let isWanted = false
  const needsConfirmation = (): boolean => disks() > 0 && !isConfirmed()
  return {
    needsConfirmation,
    pass(verdict) {
      const isDue = verdict.isDue || isWanted
      if (!needsConfirmation()) return { ...verdict, isDue }
      const count = disks()
      const what = `your confirmation that ${count} ${count === 1 ? 'disk' : 'disks'} may be overwritten`
      return {
        isDue: false,
        waitingFor: isDue ? `Waiting for ${what}` : `${verdict.waitingFor}, and for ${what}`,
      }
    },
    askToStart() {
      isWanted = true
      return !needsConfirmation()
    },
  }
}
