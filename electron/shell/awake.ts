/** Keeps the computer from sleeping while machines depend on it. */

/** Electron's powerSaveBlocker, as far as it is needed. */
export interface SleepBlocker {
  start(kind: 'prevent-app-suspension'): number
  stop(id: number): boolean
}

/** Answers the switch: true holds sleep off, false lets it come. The screen may go dark either way. */
export function createAwake(blocker: SleepBlocker): (isNeeded: boolean) => void {
  let id: number | null = null
  return isNeeded => {
    if (isNeeded && id === null) id = blocker.start('prevent-app-suspension')
    else if (!isNeeded && id !== null) {
      blocker.stop(id)
      id = null
    }
  }
}
