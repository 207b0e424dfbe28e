/**
 * Cards as Linux describes them: /sys/class/net, Documentation/ABI/testing/sysfs-class-net. Every file may be missing
 * or refuse to be read (a card that is down answers EINVAL to `carrier` and `speed`): then that fact is unknown.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import path from 'node:path'
import type { CardFacts } from './nicsKind.ts'

const IFF_UP = 1

/** Names in `sysfs` (/sys/class/net); none where there is no sysfs. */
export function cardNames(sysfs: string): string[] {
  try {
    // `bonding_masters` is a file among the cards.
    return readdirSync(sysfs).filter(name => existsSync(path.join(sysfs, name, 'type')))
  } catch {
    return []
  }
}

/** Null when `sysfs` does not know the card: a network namespace whose /sys belongs to another one. */
export function readCard(sysfs: string, name: string): CardFacts | null {
  const card = path.join(sysfs, name)
  const hardwareType = numberIn(card, 'type')
  if (hardwareType === null) return null
  const uevent = textIn(card, 'uevent') ?? ''
  const speedMbit = numberIn(card, 'speed')
  return {
    name,
    mac: textIn(card, 'address') ?? '00:00:00:00:00:00',
    hardwareType,
    deviceType: /^DEVTYPE=(.*)$/m.exec(uevent)?.[1] ?? '',
    isSoftware: isSoftware(card),
    isWireless: has(card, 'wireless') || has(card, 'phy80211'),
    isBridge: has(card, 'bridge'),
    hasRealPort: portsOf(card).some(port => !isSoftware(path.join(sysfs, port))),
    tunFlags: numberIn(card, 'tun_flags'),
    isUp: ((numberIn(card, 'flags') ?? 0) & IFF_UP) !== 0,
    hasLink: numberIn(card, 'carrier') === 1,
    // -1: the driver does not know (virtio); 0: no link.
    speedMbit: speedMbit !== null && speedMbit > 0 ? speedMbit : null,
    master: masterOf(card),
  }
}

/** Cards without hardware live under /sys/devices/virtual. */
function isSoftware(card: string): boolean {
  try {
    return realpathSync(card).includes('/devices/virtual/')
  } catch {
    return true
  }
}

function portsOf(bridge: string): string[] {
  try {
    return readdirSync(path.join(bridge, 'brif'))
  } catch {
    return []
  }
}

function masterOf(card: string): string | null {
  try {
    return path.basename(readlinkSync(path.join(card, 'master')))
  } catch {
    return null
  }
}

function has(card: string, entry: string): boolean {
  return existsSync(path.join(card, entry))
}

function textIn(card: string, file: string): string | null {
  try {
    return readFileSync(path.join(card, file), 'utf8').trim()
  } catch {
    return null
  }
}

/** Decimal or 0x-hexadecimal. */
function numberIn(card: string, file: string): number | null {
  const text = textIn(card, file)
  return text === null || text === '' ? null : Number(text)
}
