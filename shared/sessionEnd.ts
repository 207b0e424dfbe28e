/** What a session came to: for the tray, the notification and the sound alike. */
import type { Session } from './session.ts'

/** Every machine that joined is done: read back and matched, or, as stock receivers, told to have taken it all. */
export function isAllWell({ counts, fault, protocol }: Session): boolean {
  if (fault !== null || counts.joined === 0 || counts.failed + counts.lost > 0) return false
  return protocol === 'udpcast' || counts.verified === counts.joined
}
