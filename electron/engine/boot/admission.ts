/** Which machines may start from here. */
import { isListed } from '../../../shared/machineKey.ts'
import type { BootClient } from './firmware.ts'

export interface Admission {
  /** MAC addresses and UUIDs, normalised by `machineKey`. */
  readonly machines: ReadonlySet<string>
  /** Whether machines that are not listed may start too. */
  readonly admitsUnknown: boolean
}

export function isAdmitted(client: BootClient, { machines, admitsUnknown }: Admission): boolean {
  return admitsUnknown || isListed(client, machines)
}
