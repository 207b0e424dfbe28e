/** The counters of a running session that tell how its machines are reached: for the doctor, who compares them. */
import type { LiveReceiver } from './liveReceiver.ts'

export interface Vitals {
  /** Of the session, data and SYNC. */
  readonly sentDatagrams: number
  readonly machines: readonly MachineVitals[]
}

/** Counts start anew with each connection. */
export interface MachineVitals {
  readonly receiverId: string
  /** Connected, and fetching. */
  readonly isReceiving: boolean
  /** As its driver says; null when unknown. */
  readonly linkBitsPerSecond: number | null
  readonly receivedDatagrams: number
  readonly missedDatagrams: number
  readonly kernelDrops: number
}

export function vitalsOf(receivers: readonly LiveReceiver[], sentDatagrams: number): Vitals {
  return {
    sentDatagrams,
    machines: receivers.map(receiver => ({
      receiverId: receiver.machine.id,
      isReceiving: receiver.peer !== null && receiver.state.state === 'receiving',
      linkBitsPerSecond: receiver.machine.linkBitsPerSecond,
      receivedDatagrams: receiver.receivedDatagrams,
      missedDatagrams: receiver.missedDatagrams,
      kernelDrops: receiver.kernelDrops,
    })),
  }
}
