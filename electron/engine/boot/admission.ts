/** Which machines may start from here. */
import type { BootClient } from './firmware.ts'

export interface Admission {
  /** MAC addresses and UUIDs, normalised by `machineKey`. */
  readonly machines: ReadonlySet<string>
  /** Whether machines that are not listed may start too. */
  readonly admitsUnknown: boolean
}

/** A MAC with colons, dashes, dots or nothing, or a UUID, as people write them; null when it is neither. */
export function machineKey(text: string): string | null {
  const hex = text.toLowerCase().replaceAll(/[-:.\s{}]/g, '')
  if (/^[0-9a-f]{12}$/.test(hex)) return hex.replaceAll(/(..)(?!$)/g, '$1:')
  if (!/^[0-9a-f]{32}$/.test(hex)) return null
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Some firmware sends its UUID big-endian, as if SMBIOS before 2.6: both readings count. */
export function isAdmitted(client: BootClient, { machines, admitsUnknown }: Admission): boolean {
  if (admitsUnknown || machines.has(client.mac)) return true
  const { uuid } = client
  return uuid !== null && (machines.has(uuid) || machines.has(otherEndian(uuid)))
}

function otherEndian(uuid: string): string {
  const swap = (hex: string): string => hex.match(/../g)?.toReversed().join('') ?? ''
  const [a = '', b = '', c = '', ...rest] = uuid.split('-')
  return [swap(a), swap(b), swap(c), ...rest].join('-')
}
