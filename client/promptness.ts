/**
 * How often a receiver answers "report now": a few at once, as the sender asks when it has changed its rate and soon
 * after, and PROMPT_REPORT_MS apart in the long run. Forged ones must not make us flood the bench. Pure.
 */

/** With REPORTS_PER_TICK of receive.ts under MAX_REPORTS_PER_SECOND. */
const PROMPT_REPORT_MS = 20
const AT_ONCE = 3

export interface Promptness {
  /** Whether to answer now; if so, it counts. */
  mayAnswer(nowMs: number): boolean
}

export function createPromptness(): Promptness {
  let left = AT_ONCE
  let atMs = 0
  return {
    mayAnswer(nowMs) {
      left = Math.min(AT_ONCE, left + Math.max(0, nowMs - atMs) / PROMPT_REPORT_MS)
      atMs = nowMs
      if (left < 1) return false
      left--
      return true
    },
  }
}
