/** The history as a table, RFC 4180: one row for each machine of each session. Pure. */
import type { HistoryDetail } from '../../../shared/history.ts'
import type { Receiver } from '../../../shared/session.ts'

type Cell = string | number | null

const HEADER = [
  'session',
  'name',
  'outcome',
  'image',
  'image_sha256',
  'image_bytes',
  'card',
  'operator',
  'created',
  'started',
  'ended',
  'mean_bits_per_second',
  'sent_bytes',
  'repair_bytes',
  'session_fault',
  'machine',
  'machine_name',
  'mac',
  'address',
  'model',
  'serial',
  'target',
  'result',
  'verified_bytes',
  'lost_datagrams',
  'machine_joined',
  'machine_ended',
  'machine_fault',
] as const

export function toCsv(records: readonly HistoryDetail[]): string {
  const rows = records.flatMap(record => {
    const machines = record.receivers.length === 0 ? [null] : record.receivers
    return machines.map(machine => [...sessionCells(record), ...machineCells(machine)])
  })
  // RFC 4180 §2: CRLF ends each line.
  return [HEADER, ...rows].map(row => `${row.map(encode).join(',')}\r\n`).join('')
}

function sessionCells({ entry }: HistoryDetail): Cell[] {
  return [
    entry.sessionId,
    entry.name,
    entry.outcome,
    entry.imageName,
    entry.imageId,
    entry.imageBytes,
    entry.nic,
    entry.operator,
    iso(entry.createdAtMs),
    iso(entry.startedAtMs),
    iso(entry.endedAtMs),
    entry.meanBitsPerSecond,
    entry.sentBytes,
    entry.repairBytes,
    entry.fault?.message ?? '',
  ]
}

const MACHINE_COLUMNS = HEADER.length - HEADER.indexOf('machine')

function machineCells(machine: Receiver | null): Cell[] {
  if (machine === null) return Array.from({ length: MACHINE_COLUMNS }, () => null)
  return [
    machine.number,
    machine.name,
    machine.mac,
    machine.address,
    machine.model,
    machine.serial,
    machine.target.path,
    machine.state === 'done' ? 'verified' : machine.state,
    machine.verifiedBytes,
    machine.lostDatagrams,
    iso(machine.joinedAtMs),
    iso(machine.endedAtMs),
    machine.fault?.message ?? '',
  ]
}

/** ISO 8601, UTC. */
function iso(atMs: number | null): string {
  return atMs === null ? '' : new Date(atMs).toISOString()
}

function encode(cell: Cell): string {
  if (typeof cell === 'number') return String(cell)
  const text = harmless(cell ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * A machine names itself, and a spreadsheet takes a cell that begins so for a formula: an apostrophe makes it text
 * (OWASP, CSV injection).
 */
function harmless(text: string): string {
  return /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text
}
