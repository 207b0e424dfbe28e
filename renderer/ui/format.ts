/** Numbers as people read them at arm's length. */

export {
  formatBits,
  formatBytes,
  formatCount,
  formatPercent,
  formatRate,
  formatShare,
} from '../../shared/figures.ts'

/** Two units at most: "45 s", "3 min 10 s", "1 h 05 min". Past a day it is no estimate any more. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
  if (minutes < 60) return `${minutes} min`
  if (minutes >= 24 * 60) return 'over a day'
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** Last part of a path of either system. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path
}
