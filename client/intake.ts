/** From datagrams to the assembler: decodes, counts what is not ours by reason, rehearses loss. */
import { decodeData } from '../shared/protocol/dataPacket.ts'
import { PACKET, packetType, type SessionId } from '../shared/protocol/packet.ts'
import { decodeSync } from '../shared/protocol/syncPacket.ts'
import type { Assembler, StoredChunk } from './assembler.ts'

export interface IntakeOptions {
  readonly session: SessionId
  readonly assembler: Assembler
  /** Whether this datagram is lost in a rehearsal. */
  isLost(): boolean
  onChunk(stored: StoredChunk): void
  /** The sender waits for a report: the pass has ended, or it looks for its rate. */
  onReportNow(): void
}

export interface Intake {
  take(datagram: Uint8Array): void
  /** When the session's sender was last heard here. */
  heardAtMs(): number
  /** Datagrams not used, by reason. */
  readonly rejected: ReadonlyMap<string, number>
}

export function createIntake(options: IntakeOptions, now: () => number): Intake {
  const rejected = new Map<string, number>()
  let heardAtMs = now()

  function reject(reason: string): void {
    rejected.set(reason, (rejected.get(reason) ?? 0) + 1)
  }

  return {
    take(datagram) {
      if (options.isLost()) return
      const type = packetType(datagram)
      if (type === PACKET.data) {
        const packet = decodeData(datagram)
        if (packet.kind === 'malformed') return reject(packet.reason)
        if (packet.session !== options.session) return reject('session')
        heardAtMs = now()
        const stored = options.assembler.take(packet)
        if (stored !== null) options.onChunk(stored)
      } else if (type === PACKET.sync) {
        const packet = decodeSync(datagram)
        if (packet.kind === 'malformed') return reject(packet.reason)
        if (packet.session !== options.session) return reject('session')
        heardAtMs = now()
        options.assembler.sync(packet)
        if (packet.isReportNow || packet.isReportWanted) options.onReportNow()
      } else reject(typeof type === 'number' ? 'type' : type.reason)
    },
    heardAtMs: () => heardAtMs,
    rejected,
  }
}
