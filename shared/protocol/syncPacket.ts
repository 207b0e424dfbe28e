/** SYNC: where the sender is, so that loss at the tail shows. PROTOCOL.md §4.2, big-endian. */
import { SYNC_BYTES } from './limits.ts'
import {
  firstByte,
  type Malformed,
  malformed,
  PACKET,
  packetType,
  type SessionId,
} from './packet.ts'

export interface SyncPacket {
  readonly kind: 'sync'
  /** The pass has ended. */
  readonly isReportNow: boolean
  /** Report at once too, but the pass goes on. */
  readonly isReportWanted: boolean
  /** A report that has nothing to tell may wait. */
  readonly mayReportsWait: boolean
  readonly isPaused: boolean
  readonly pass: number
  readonly session: SessionId
  readonly txSeq: number
}

const AT = { first: 0, flags: 1, pass: 2, session: 4, txSeq: 8 } as const
const FLAG_REPORT_NOW = 1
const FLAG_PAUSED = 2
const FLAG_REPORT_WANTED = 4
const FLAG_REPORTS_MAY_WAIT = 8
const FLAGS = FLAG_REPORT_NOW | FLAG_PAUSED | FLAG_REPORT_WANTED | FLAG_REPORTS_MAY_WAIT

export function encodeSync(packet: Omit<SyncPacket, 'kind'>): Uint8Array {
  const bytes = new Uint8Array(SYNC_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint8(AT.first, firstByte(PACKET.sync))
  const flags =
    (packet.isReportNow ? FLAG_REPORT_NOW : 0) |
    (packet.isPaused ? FLAG_PAUSED : 0) |
    (packet.isReportWanted ? FLAG_REPORT_WANTED : 0) |
    (packet.mayReportsWait ? FLAG_REPORTS_MAY_WAIT : 0)
  view.setUint8(AT.flags, flags)
  view.setUint16(AT.pass, Math.min(packet.pass, 0xffff))
  view.setUint32(AT.session, packet.session)
  view.setUint32(AT.txSeq, packet.txSeq)
  return bytes
}

export function decodeSync(datagram: Uint8Array): SyncPacket | Malformed {
  const type = packetType(datagram)
  if (typeof type !== 'number') return type
  if (type !== PACKET.sync) return malformed('type')
  if (datagram.length !== SYNC_BYTES) return malformed('length')
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  const flags = view.getUint8(AT.flags)
  if (flags > FLAGS) return malformed('flags')
  return {
    kind: 'sync',
    isReportNow: (flags & FLAG_REPORT_NOW) !== 0,
    isReportWanted: (flags & FLAG_REPORT_WANTED) !== 0,
    mayReportsWait: (flags & FLAG_REPORTS_MAY_WAIT) !== 0,
    isPaused: (flags & FLAG_PAUSED) !== 0,
    pass: view.getUint16(AT.pass),
    session: view.getUint32(AT.session) as SessionId,
    txSeq: view.getUint32(AT.txSeq),
  }
}
