/** How scripted rows move: each machine at its own pace, some of them with troubles. Pure. */
import type { Receiver, Session } from '../../../shared/session.ts'
import { START_MS } from './rows.ts'

/** Each machine goes at its own pace; in `mixed` and `failed` the third to sixth have troubles. */
export function move(row: Receiver, scene: string, ticks: number, of: Session): Receiver {
  const next = { ...row, revision: row.revision + 1 }
  if (of.state === 'waiting') return next
  const isTroubled = scene === 'mixed' || scene === 'failed'
  const pace = isTroubled && row.number === 3 ? 0.22 : 1 - (row.number % 7) * 0.012
  const have = Math.min(1, (ticks / 900) * pace)
  const verified = Math.min(1, Math.max(0, (ticks * pace - 900) / 300))
  next.haveBytes = Math.round(have * of.imageBytes)
  next.verifiedBytes = Math.round(verified * of.imageBytes)
  next.state = verified === 1 ? 'done' : have === 1 ? 'verifying' : 'receiving'
  next.rateBytesPerSecond =
    next.state === 'receiving' ? (108 + ((ticks + row.number * 3) % 9)) * 1e6 * pace : 0
  next.leftMs = next.state === 'receiving' ? Math.round(((1 - have) / pace) * 190_000) : null
  next.lostDatagrams = row.number % 4 === 0 ? Math.round(ticks * row.number * 1.7) : 0
  next.lossFraction = row.number % 4 === 0 ? 0.004 : 0
  if (isTroubled && row.number === 3) {
    next.lossFraction = 0.061
    next.slowBecause = LOSSES
  }
  if (isTroubled && row.number === 4) {
    next.state = 'refused'
    next.haveBytes = 0
    next.fault = {
      code: 'disk/too-small',
      message:
        'Its disk /dev/sda holds 32.0 GB but the image needs 64 GiB. Fit a larger disk or choose a smaller image.',
    }
  }
  if (isTroubled && row.number === 5) {
    next.state = 'lost'
    next.silentMs = 3000 + (ticks % 1000) * 100
    next.haveBytes = Math.round(of.imageBytes * 0.41)
  }
  if (isTroubled && row.number === 6 && ticks > 200) {
    next.state = 'failed'
    next.haveBytes = Math.round(of.imageBytes * 0.72)
    next.fault = {
      code: 'disk/unreadable',
      message:
        'Reading back its disk /dev/nvme0n1 failed at 41.2 GiB (input/output error). Replace the disk and retry.',
    }
  }
  return next
}

export function summarise(of: Session, rows: readonly Receiver[], ticks: number): Session {
  const count = (...states: Receiver['state'][]): number =>
    rows.filter(row => states.includes(row.state)).length
  const isOver = rows.length > 0 && count('joining', 'receiving', 'verifying') === 0
  const fraction =
    rows.reduce((sum, row) => sum + row.haveBytes, 0) / Math.max(1, rows.length * of.imageBytes)
  return {
    ...of,
    revision: of.revision + 1,
    state: of.state === 'running' && isOver ? 'ended' : of.state,
    endedAtMs: isOver ? START_MS + 260_000 : null,
    rateBitsPerSecond: of.state === 'running' && !isOver ? (904 + (ticks % 11)) * 1e6 : 0,
    pass: of.state === 'waiting' ? 0 : ticks > 700 ? 2 : 1,
    sentBytes: Math.round(fraction * of.storedBytes * 1.03),
    repairBytes: Math.round(fraction * of.storedBytes * 0.03),
    fraction,
    leftMs: of.state === 'running' ? Math.round((1 - fraction) * 190_000) : null,
    pacedBy: of.state === 'running' ? PACED_BY : null,
    counts: {
      joined: rows.length,
      asking: count('asking'),
      receiving: count('joining', 'receiving', 'verifying'),
      verified: count('done'),
      failed: count('failed', 'refused'),
      lost: count('lost'),
    },
  }
}

const LOSSES: Receiver['slowBecause'] = {
  reason: 'network-loss',
  sentence: '6.1 % of the packets are lost on their way to it: check its cable and switch port.',
}

/** A stock receiver is its address, and never verified. */
export function asStock(row: Receiver): Receiver {
  const state = row.state === 'done' || row.state === 'verifying' ? 'acknowledged' : row.state
  const target = { path: '', kind: 'file', sizeBytes: null, disk: null } as const
  return {
    ...row,
    state,
    name: row.address,
    mac: '',
    model: 'Stock udpcast receiver',
    serial: '',
    target,
  }
}

const PACED_BY: Session['pacedBy'] = {
  kind: 'network',
  receiverNumber: null,
  sentence: 'The link of card enp0s31f6, 1 Gbit/s, paces it',
}
