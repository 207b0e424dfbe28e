/** Machines named by people or by firmware: MAC addresses and SMBIOS UUIDs, in one spelling each. */

/** A MAC with colons, dashes, dots or nothing, or a UUID, as people write them; null when it is neither. */
export function machineKey(text: string): string | null {
  const hex = text.toLowerCase().replaceAll(/[-:.\s{}]/g, '')
  if (/^[0-9a-f]{12}$/.test(hex)) return hex.replaceAll(/(..)(?!$)/g, '$1:')
  if (!/^[0-9a-f]{32}$/.test(hex)) return null
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Some firmware sends its UUID big-endian, as if SMBIOS before 2.6: both readings count. Keys as `machineKey` spells them. */
export function isListed(
  machine: { readonly mac: string; readonly uuid: string | null },
  keys: ReadonlySet<string>,
): boolean {
  if (keys.has(machine.mac)) return true
  const { uuid } = machine
  return uuid !== null && (keys.has(uuid) || keys.has(otherEndian(uuid)))
}

function otherEndian(uuid: string): string {
  const swap = (hex: string): string => hex.match(/../g)?.toReversed().join('') ?? ''
  const [a = '', b = '', c = '', ...rest] = uuid.split('-')
  return [swap(a), swap(b), swap(c), ...rest].join('-')
}

/** Tells whether a list of MAC addresses and UUIDs, as somebody wrote them, has a machine. The list is read once. */
export function expectationOf(
  listed: readonly string[],
): (machine: { readonly mac: string; readonly uuid: string }) => boolean {
  const keys = new Set(listed.flatMap(text => machineKey(text) ?? []))
  const key = (text: string): string => machineKey(text) ?? ''
  return ({ mac, uuid }) => isListed({ mac: key(mac), uuid: key(uuid) }, keys)
}
