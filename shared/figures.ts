/** Numbers as people read them: few digits, a unit, never more certain than they are. Window and terminal alike. */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
const RATE_UNITS = ['B/s', 'kB/s', 'MB/s', 'GB/s'] as const
const BIT_UNITS = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'] as const

/** Binary units, as disks and images are compared: "21.4 GiB". */
export function formatBytes(bytes: number): string {
  return scaled(bytes, 1024, BYTE_UNITS)
}

/** Decimal units: "108 MB/s". */
export function formatRate(bytesPerSecond: number): string {
  return scaled(bytesPerSecond, 1000, RATE_UNITS)
}

/** Decimal units, as cards and switches are sold: "940 Mbit/s". */
export function formatBits(bitsPerSecond: number): string {
  return scaled(bitsPerSecond, 1000, BIT_UNITS)
}

/** Rounded down: 100 % is shown only when nothing is missing. */
export function formatPercent(fraction: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100)} %`
}

/** One digit, for shares that are small: loss, repair. A trace of loss is never shown as none. */
export function formatShare(fraction: number): string {
  if (fraction <= 0) return '0 %'
  const percent = fraction * 100
  if (percent < 0.1) return '< 0.1 %'
  return `${percent.toFixed(percent < 10 ? 1 : 0).replace(/\.0$/, '')} %`
}

/** "1 machine", "8 machines". */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let at = 0
  let rest = Math.max(0, value)
  // 999.5 would round to "1000": go up one unit before that.
  while (rest >= step - 0.5 && at < units.length - 1) {
    rest /= step
    at++
  }
  const digits = at === 0 || rest >= 100 ? 0 : 1
  return `${rest.toFixed(digits).replace(/\.0$/, '')} ${units[at]}`
}
