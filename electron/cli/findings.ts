/** What the network doctor found, as lines and as JSON events. */
import type { Examination, Finding } from '../../shared/ipc.ts'
import type { Output } from './output.ts'
import { printable } from './table.ts'

const MARKS = { fault: 'WRONG', warning: 'Warning', info: 'Note' } as const

export function renderFinding({ severity, sentence, advice }: Finding): string[] {
  const first = `${MARKS[severity]}: ${printable(sentence)}`
  return advice === '' ? [first] : [first, `  ${printable(advice)}`]
}

/** Tells each finding of a session once, however often it comes and goes; on a terminal only what is wrong. */
export function createFindingTeller(
  sessionId: string,
  output: Pick<Output, 'event' | 'note'>,
): (all: readonly Examination[]) => void {
  const told = new Set<string>()
  return all => {
    for (const examination of all) {
      if (examination.sessionId !== sessionId) continue
      for (const finding of examination.findings) {
        const key = `${finding.code} ${finding.receiverId}`
        if (told.has(key)) continue
        told.add(key)
        output.event({ event: 'finding', ...finding })
        if (finding.severity !== 'info') {
          for (const line of renderFinding(finding)) output.note(line)
        }
      }
    }
  }
}
