/** A finding in the contract's form: of the bench, or of one machine. */
import type { Finding } from '../../../shared/ipc.ts'
import type { MachineFacts } from './facts.ts'

export function finding(
  code: string,
  severity: Finding['severity'],
  sentence: string,
  advice: string,
  figures: Finding['figures'] = {},
): Finding {
  return { code: `doctor/${code}`, severity, receiverId: null, sentence, advice, figures }
}

export function findingOf(
  { receiverId }: MachineFacts,
  ...said: Parameters<typeof finding>
): Finding {
  return { ...finding(...said), receiverId }
}
