/** On which card the technician has said, on which day, that disks may be overwritten. In the catalog's database. */
import type { Database } from 'better-sqlite3'

export interface Confirmations {
  /** Today. */
  has(nic: string): boolean
  /** At any time since. */
  hasSince(nic: string, sinceMs: number): boolean
  confirm(nic: string): void
}

export function createConfirmations(
  database: Database,
  now: () => Date = () => new Date(),
): Confirmations {
  const select = database.prepare('SELECT 1 FROM bench_confirmations WHERE nic = ? AND day = ?')
  const selectSince = database.prepare(
    'SELECT 1 FROM bench_confirmations WHERE nic = ? AND confirmed_at_ms >= ?',
  )
  const insert = database.prepare(
    `INSERT INTO bench_confirmations (nic, day, confirmed_at_ms) VALUES (?, ?, ?)
     ON CONFLICT (nic, day) DO UPDATE SET confirmed_at_ms = excluded.confirmed_at_ms`,
  )
  return {
    has: nic => select.get(nic, dayOf(now())) !== undefined,
    hasSince: (nic, sinceMs) => selectSince.get(nic, sinceMs) !== undefined,
    confirm: nic => void insert.run(nic, dayOf(now()), now().getTime()),
  }
}

/** The technician's own day: midnight on the laptop's clock. */
function dayOf(date: Date): string {
  const two = (part: number): string => String(part).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
