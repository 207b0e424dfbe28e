/** Which machines may start from here, and which are to go on to their own disks. */
import { isListed } from '../../../shared/machineKey.ts'
import type { BootClient } from './firmware.ts'

export interface Admission {
  /** MAC addresses and UUIDs, normalised by `machineKey`. */
  readonly machines: ReadonlySet<string>
  /** Whether machines that are not listed may start too. */
  readonly admitsUnknown: boolean
  /** Imaged, started anew, and not wanted again: it is sent on to its own disk. */
  isImaged(mac: string): boolean
}

export function isAdmitted(client: BootClient, { machines, admitsUnknown }: Admission): boolean {
  return admitsUnknown || isListed(client, machines)
}
