/** A block device's size and users, as Linux shows them: sysfs, /proc/self/mountinfo (proc(5)), /proc/swaps. */
import { readdirSync, readFileSync, statSync } from 'node:fs'

const SECTOR_BYTES = 512 // sysfs sizes count these, whatever the disk's own sector is.

/** `major:minor`, sysfs' name for a device number (makedev(3)). */
export function deviceNumber(rdev: number): string {
  const major = Math.floor(rdev / 256) & 0xfff
  const minor = (rdev & 0xff) | (Math.floor(rdev / 0x10_0000) << 8)
  return `${major}:${minor}`
}

/** Null where the system does not tell. */
export function deviceBytes(number: string): number | null {
  const sectors = Number(readText(`/sys/dev/block/${number}/size`))
  return Number.isInteger(sectors) && sectors > 0 ? sectors * SECTOR_BYTES : null
}

/** Who uses the device or a part of it, in words; null when nobody does. */
export function deviceUser(number: string): string | null {
  const numbers = [number, ...partitions(number)]
  for (const each of numbers) {
    const holders = listNames(`/sys/dev/block/${each}/holders`)
    if (holders[0] !== undefined) return `part of ${holders[0]}`
  }
  return mountedAt(new Set(numbers)) ?? swapOn(new Set(numbers))
}

function partitions(number: string): string[] {
  const directory = `/sys/dev/block/${number}`
  return listNames(directory)
    .filter(name => readText(`${directory}/${name}/partition`) !== '')
    .map(name => readText(`${directory}/${name}/dev`))
}

function mountedAt(numbers: ReadonlySet<string>): string | null {
  for (const line of readText('/proc/self/mountinfo').split('\n')) {
    const fields = line.split(' ')
    const source = fields[fields.indexOf('-') + 2] ?? ''
    // Btrfs mounts carry an anonymous number: their source names the device.
    const number = numbers.has(fields[2] ?? '') ? fields[2] : numberOf(unescape(source))
    if (number && numbers.has(number)) return `mounted at ${unescape(fields[4] ?? '')}`
  }
  return null
}

function swapOn(numbers: ReadonlySet<string>): string | null {
  for (const line of readText('/proc/swaps').split('\n').slice(1)) {
    const number = numberOf(unescape(line.split(/\s/)[0] ?? ''))
    if (number !== null && numbers.has(number)) return 'swap'
  }
  return null
}

function numberOf(path: string): string | null {
  if (!path.startsWith('/')) return null
  try {
    const stat = statSync(path)
    return stat.isBlockDevice() ? deviceNumber(stat.rdev) : null
  } catch {
    return null // A source that is no path here.
  }
}

/** proc(5): space, tab, newline and backslash stand as octal. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function listNames(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
