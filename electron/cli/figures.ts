/** Numbers as people read and write them on a terminal. Pure. */
import { rateSchema } from '../../shared/session.ts'

export {
  formatBits,
  formatBytes,
  formatCount,
  formatPercent,
  formatRate,
  formatShare,
} from '../../shared/figures.ts'

/** Two units at most: "4.2 s", "45 s", "3 min 10 s", "1 h 05 min". */
export function formatDuration(ms: number): string {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
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
