/** Numbers as people read and write them on a terminal: few digits, a unit, never more certain than they are. Pure. */
import { rateSchema } from '../../shared/ipc.ts'

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

/** Two units at most: "4.2 s", "45 s", "3 min 10 s", "1 h 05 min". */
export function formatDuration(ms: number): string {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** "1 machine", "8 machines". */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

const RATE_STEPS: Readonly<Record<string, number>> = {
  '': 1,
  bit: 1,
  k: 1e3,
  kbit: 1e3,
  m: 1e6,
  mbit: 1e6,
  g: 1e9,
  gbit: 1e9,
}

/** "200mbit", "1.5gbit", "500kbit", "250000000" to bits per second; null when it is none or outside the contract. */
export function parseRate(text: string): number | null {
  const match = /^(\d{1,15}(?:\.\d{1,9})?) ?([a-z]*?)(?:\/s)?$/.exec(plain(text))
  const step = match && RATE_STEPS[match[2] ?? '']
  if (!match || step === undefined || step === null) return null
  const rate = rateSchema.safeParse(Math.round(Number(match[1]) * step))
  return rate.success ? rate.data : null
}

/** "Mbps" is bits by custom; a bare "mb" could be bytes, and is refused. */
function plain(text: string): string {
  return text.trim().toLowerCase().replace(/bps$/, 'bit')
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
