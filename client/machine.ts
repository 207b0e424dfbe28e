/** Who this computer is on the bench: SMBIOS as Linux shows it (sysfs-class-dmi), the card's MAC, the host name. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { listNics } from '../electron/engine/net/net.ts'
import type { Machine } from '../shared/protocol/control.ts'

const MAX_TEXT = 256

/**
 * Identity stays the same over reboots. `scope` tells several receivers on one computer apart: the target of one that
 * writes to a file; empty for a disk, so that a machine stays itself whichever disk it images.
 */
export function describeMachine(
  nicAddress: string,
  scope: string,
  override: Partial<Machine> = {},
  dmiDirectory = '/sys/class/dmi/id',
): Machine {
  const dmi = (name: string): string => {
    try {
      return readFileSync(`${dmiDirectory}/${name}`, 'utf8').trim().slice(0, MAX_TEXT)
    } catch {
      return '' // Not Linux, a virtual machine without SMBIOS, or readable by root alone.
    }
  }
  const card = listNics().find(nic => nic.address === nicAddress)
  const mac = macOf(nicAddress)
  const identity = createHash('sha256').update(
    `${dmi('product_uuid').toLowerCase()}\n${mac}\n${scope}`,
  )
  return {
    id: identity.digest('hex').slice(0, 32),
    uuid: dmi('product_uuid').toLowerCase(),
    name: hostname().slice(0, MAX_TEXT),
    mac,
    maker: dmi('sys_vendor'),
    model: dmi('product_name'),
    serial: dmi('product_serial'),
    linkBitsPerSecond: card?.linkBitsPerSecond ?? null,
    ...override,
  }
}

function macOf(address: string): string {
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find(entry => entry.address === address)
    if (found) return found.mac
  }
  return ''
}
