/** Machines' rows as they were kept, perhaps by an earlier version whose rows had less in them. Pure. */
import { type Receiver, receiverSchema } from '../../../shared/session.ts'

/** What stands for a part of a row that an earlier version did not write. */
const BLANK: Omit<Receiver, 'sessionId' | 'id' | 'number' | 'state'> = {
  revision: 0,
  name: '',
  address: '',
  mac: '',
  model: '',
  serial: '',
  target: { path: '', kind: 'file', sizeBytes: null, disk: null },
  isDeferred: false,
  haveBytes: 0,
  totalBytes: 0,
  verifiedBytes: 0,
  rateBytesPerSecond: 0,
  leftMs: null,
  lostDatagrams: 0,
  lossFraction: 0,
  silentMs: 0,
  slowBecause: null,
  afterwards: null,
  joinedAtMs: 0,
  endedAtMs: null,
  fault: null,
}

/** Rows that a later version wrote otherwise are left out. */
export function storedReceivers(value: unknown): Receiver[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((row: unknown) => {
    if (!isObject(row)) return []
    const target = { ...BLANK.target, ...(isObject(row['target']) ? row['target'] : {}) }
    const receiver = receiverSchema.safeParse({ ...BLANK, ...row, target })
    return receiver.success ? [receiver.data] : []
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
