/** When, and for how long. Pure. */
import type { HistoryEntry } from '../../../shared/history.ts'
import { formatDuration } from '../../ui/format.ts'

export function formatDay(atMs: number): string {
  return new Date(atMs).toLocaleString(undefined, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  })
}

export function formatDate(atMs: number): string {
  return new Date(atMs).toLocaleDateString(undefined, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
  })
}

export function formatTime(atMs: number): string {
  return new Date(atMs).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
}

export function lasted({
  startedAtMs,
  endedAtMs,
}: Pick<HistoryEntry, 'startedAtMs' | 'endedAtMs'>): string {
  return startedAtMs === null ? 'Never started' : formatDuration(endedAtMs - startedAtMs)
}
